import type { SecurityEvent } from "../../../ingest/event.ts";
import { isSuccess } from "../deeds.ts";
import { deviceFamily, deviceId } from "../device-of.ts";
import type { Facet, Seen } from "../facet.ts";
import { emptyHabit, faded, type Habit, isNews, knownKeys, practise, weightOf } from "../habit.ts";
import { listWords } from "../in-words.ts";
import { hidesPlace, networkKey, spotOf } from "../place-of.ts";
import { networks } from "./networks.ts";
import { isHabitual, travel } from "./travel.ts";

export interface Devices {
  /** By the application's own device id, disguised. */
  ids: Habit;
  /** By browser, operating system and kind. */
  families: Habit;
}

const mostIds = 12;
const mostFamilies = 12;
const often = 2; // days, halved in time

/** With which devices the user works. */
export const devices: Facet<Devices> = {
  name: "devices",
  of: "USER",
  concerns: (event) => isSuccess(event) && (event.device !== undefined || event.enrichment?.agent !== undefined),
  empty: () => ({ ids: emptyHabit(), families: emptyHabit() }),
  learn(state, event, seen) {
    const id = deviceId(event, seen);
    const family = deviceFamily(event);
    if (id !== undefined) practise(state.ids, id, event.time, mostIds, () => isAtHome(event, seen));
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

/** Over a network that the user often comes by, from a place where the user often is: so people get new devices. */
function isAtHome(event: SecurityEvent, seen: Seen): boolean {
  const key = networkKey(event);
  const spot = spotOf(event);
  const own = seen.facet(networks);
  const been = seen.facet(travel);
  if (key === undefined || spot === undefined || !own || !been || hidesPlace(event)) return false;
  return weightOf(own, key, event.time) >= often && isHabitual(been, spot, event.time);
}

/** Whether the application's ids last: it gives some, and not a new one each time. Made-up ones undo none that lasts. */
export function stableIds({ ids }: Devices): boolean {
  if (ids.seen.length < mostIds) return ids.seen.length > 0;
  return ids.seen.some(([, weight, day]) => faded(weight, ids.last - day) >= often);
}

export type Familiarity = "KNOWN" | "NEW" | "UNTOLD";

/**
 * An id decides where the user's devices have had ids that last; where there are as many as are kept and none is used
 * often, the application makes a new one each time, and the family decides as it does without ids. NEW: and not told of
 * within a week. UNTOLD: the event says nothing of its device, or nothing was ever learned of this kind.
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
