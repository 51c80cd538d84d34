import { isSuccess } from "../deeds.ts";
import { deviceFamily, deviceId, isDeviceId } from "../device-of.ts";
import type { Facet } from "../facet.ts";
import { emptyHabit, type Habit, isKnown, knownKeys, practise } from "../habit.ts";
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

export type Familiarity = "KNOWN" | "NEW" | "UNTOLD";

/**
 * An id decides where the user's devices have had ids that last; where there are as many as are kept, the application makes
 * a new one each time, and the family decides as it does without ids. UNTOLD: the event says nothing of its device, or
 * nothing was ever learned of this kind.
 */
export function familiarity(
  state: Devices,
  id: string | undefined,
  family: string | undefined,
  time: number,
): Familiarity {
  const lasting = state.ids.seen.length > 0 && state.ids.seen.length < mostIds;
  if (id !== undefined && isDeviceId(id) && lasting) return isKnown(state.ids, id, time) ? "KNOWN" : "NEW";
  if (family === undefined || state.families.seen.length === 0) return "UNTOLD";
  return isKnown(state.families, family, time) ? "KNOWN" : "NEW";
}
