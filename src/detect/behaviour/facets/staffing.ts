/** How many people are at work in each hour of the week: on a holiday few are, and less happens everywhere. */
import { isDeliberate, userOf } from "../deeds.ts";
import type { Facet } from "../facet.ts";
import { localTime } from "../local-day.ts";
import { hasRole, programRoles } from "../program.ts";
import { isPatientsOwn, userKey } from "../record-access.ts";
import { findKey, keyLength } from "../short-key.ts";
import { slotOf } from "./cadence.ts";

export interface Staffing {
  /** Hours since 1970 by the organization's clock; 0: none yet. */
  since: number;
  hour: number;
  /** Disguised, of the running hour; and how many there were in the hour before. */
  people: string;
  before: number;
  /** By hour of the week, Monday 00:00 first. */
  means: number[];
}

const mostPeople = 60;
const newest = 0.2; // weight of the latest week
const week = 168;
const longestPause = 21 * 24; // hours

export const staffing: Facet<Staffing> = {
  name: "staffing",
  of: "ORGANIZATION",
  concerns: (event) =>
    isDeliberate(event) && userOf(event) !== undefined && !hasRole(event, programRoles) && !isPatientsOwn(event),
  empty: () => ({ since: 0, hour: 0, people: "", before: 0, means: [] }),
  learn(state, event, seen) {
    const { hour } = localTime(event.time, seen.timeZone);
    if (state.since === 0 || hour - state.hour > longestPause) {
      Object.assign(state, { since: hour, hour, people: "", before: 0, means: new Array<number>(week).fill(0) });
    }
    if (hour < state.hour) return;
    while (state.hour < hour) closeHour(state);
    const who = userKey(event, seen);
    if (state.people.length < mostPeople * keyLength && findKey(state.people, who, keyLength) < 0) state.people += who;
  },
};

function closeHour(state: Staffing): void {
  const slot = slotOf(state.hour);
  const weight = Math.max(newest, 1 / (Math.floor((state.hour - state.since) / week) + 1));
  const mean = state.means[slot] ?? 0;
  state.before = state.people.length / keyLength;
  state.means[slot] = Number((mean + weight * (state.before - mean)).toFixed(1));
  state.people = "";
  state.hour++;
}

/** The share of the usual people who were there in an hour, at most 1; 1 where people are not known to be there. */
export function shareAtWork(state: Staffing | undefined, hour: number): number {
  const mean = state?.means[slotOf(hour)] ?? 0;
  if (!state || mean < 1) return 1;
  const there = hour === state.hour ? state.people.length / keyLength : hour === state.hour - 1 ? state.before : 0;
  return Math.min(1, there / mean);
}
