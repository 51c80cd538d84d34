/**
 * How many people have come to work by each hour of a day: on a holiday few have, and less happens everywhere. All of the
 * day count, not only those of the hour: who logged in this morning is there, though a log source tells nothing more.
 */
import { isDeliberate, userOf } from "../deeds.ts";
import type { Facet } from "../facet.ts";
import { localTime } from "../local-day.ts";
import { isProgramsRole } from "../program.ts";
import { isPatientsOwn, userKey } from "../record-access.ts";
import { findKey, keyLength } from "../short-key.ts";
import { slotOf } from "./cadence.ts";

export interface Staffing {
  /** Hours since 1970 by the organization's clock; 0: none yet. */
  since: number;
  hour: number;
  /** Disguised, of the running day until now; and how many there were by the end of the hour before. */
  people: string;
  before: number;
  /** By hour of the week, Monday 00:00 first. */
  means: number[];
}

/** Of those who usually have come by an hour: with fewer it is a holiday. */
export const enoughPeople = 0.5;

const mostPeople = 60;
const newest = 0.2; // weight of the latest week
const week = 168;
const longestPause = 21 * 24; // hours

export const staffing: Facet<Staffing> = {
  name: "staffing",
  of: "ORGANIZATION",
  concerns: (event) =>
    isDeliberate(event) && userOf(event) !== undefined && !isProgramsRole(event) && !isPatientsOwn(event),
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
  state.hour++;
  if (slotOf(state.hour) % 24 === 0) state.people = "";
}

/** The share of the usual people who had come by the end of an hour, at most 1; 1 where people are not known to be there. */
export function shareAtWork(state: Staffing | undefined, hour: number): number {
  if (!state) return 1;
  // Others may have told of the hour after, or of none since: people stay until their day ends.
  const nearest = Math.max(state.hour - 1, Math.min(state.hour, hour));
  const mean = state.means[slotOf(Math.max(nearest, hour))] ?? 0;
  if (mean < 1) return 1;
  if (dayOf(nearest) !== dayOf(hour)) return 0;
  return Math.min(1, (nearest === state.hour ? state.people.length / keyLength : state.before) / mean);
}

function dayOf(hour: number): number {
  return Math.floor(hour / 24);
}
