import { isSuccess } from "../deeds.ts";
import { deviceFamily, deviceId } from "../device-of.ts";
import type { Facet } from "../facet.ts";
import { emptyHabit, type Habit, isNews, knownKeys, practise } from "../habit.ts";
import { listWords } from "../in-words.ts";

export interface Devices {
  /** By the application's own device id, disguised. */
  ids: Habit;
  /** By browser, operating system and kind. */
  families: Habit;
}

const mostIds = 12;
const mostFamilies = 12;

/** With which devices the user works. */
export const devices: Facet<Devices> = {
  name: "devices",
  of: "USER",
  concerns: (event) => isSuccess(event) && (event.device !== undefined || event.enrichment?.agent !== undefined),
  empty: () => ({ ids: emptyHabit(), families: emptyHabit() }),
  learn(state, event, surroundings) {
    const id = deviceId(event, surroundings);
    const family = deviceFamily(event);
    if (id !== undefined) practise(state.ids, id, event.time, mostIds);
    if (family !== undefined) practise(state.families, family, event.time, mostFamilies);
  },
  tell({ ids, families }) {
    const known = knownKeys(ids).length;
    const names = knownKeys(families);
    const counted = known === 0 ? "" : `${known} device${known === 1 ? "" : "s"}`;
    const told = [counted, listWords(names)].filter(Boolean).join(": ");
    return told === "" ? undefined : `with ${told}`;
  },
};

/** Whether the application's ids last: it gives some, and not a new one each time. */
export function stableIds({ ids }: Devices): boolean {
  return ids.seen.length > 0 && ids.seen.length < mostIds;
}

export type Familiarity = "KNOWN" | "NEW" | "UNTOLD";

/**
 * An id decides where the user's devices have had ids that last; where there are as many as are kept, the application makes
 * a new one each time, and the family decides as it does without ids. NEW: and not told of within a week. UNTOLD: the event says nothing of its device, or
 * nothing was ever learned of this kind.
 */
export function familiarity(
  state: Devices,
  id: string | undefined,
  family: string | undefined,
  time: number,
): Familiarity {
  if (id !== undefined && stableIds(state)) return isNews(state.ids, id, time) ? "NEW" : "KNOWN";
  if (family === undefined || state.families.seen.length === 0) return "UNTOLD";
  return isNews(state.families, family, time) ? "NEW" : "KNOWN";
}
