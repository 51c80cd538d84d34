/** At which hours of the week somebody is active, in the organization's own time. */
import { isDeliberate } from "../deeds.ts";
import type { Facet, ProfileKind } from "../facet.ts";
import { dayOf, faded, rounded } from "../habit.ts";
import { hoursInWords } from "../hours-in-words.ts";
import { enoughNear, near } from "../hours-near.ts";
import { hourOfWeek } from "../local-time.ts";
import { isProgram, isProgramsRole } from "../program.ts";

export interface Hours {
  /** The day it began and the last day it was brought up to, days since the epoch; 0: not begun. */
  since: number;
  day: number;
  /** Active hours learned, up to `enough`. */
  hours: number;
  /** The last hour that taught, hours since the epoch: an hour counts once, however much is done in it. */
  last: number;
  /** Until when somebody was active who began at a usual hour, epoch ms. */
  awake: number;
  /** 168 weights, from Monday 00:00; empty before the first. */
  weights: number[];
}

const hourMs = 3_600_000;
const enough = 10_000;
const learningDays = 14;
const learningHours = 30;
const unusualWeight = 0.2; // an hour that was just found unusual is usual after several of its kind, not after one
/** Whoever goes on without a pause as long as this is still at work, though it gets late. */
export const pauseMs = 2 * hourMs;
const fadeEvery = 7; // days

function hoursOf(name: string, of: ProfileKind): Facet<Hours> {
  // What a program does with somebody's account is the account's habit, and not the others'.
  const isLeftOut = of === "USER" ? isProgramsRole : isProgram;
  return {
    name,
    of,
    concerns: (event) => isDeliberate(event) && !isLeftOut(event),
    empty: () => ({ since: 0, day: 0, hours: 0, last: 0, awake: 0, weights: [] }),
    learn(state, event, { timeZone }) {
      const { time } = event;
      const hour = Math.floor(time / hourMs);
      const goesOn = time - state.awake < pauseMs;
      if (goesOn) state.awake = Math.max(state.awake, time);
      if (hour <= state.last) return;
      begin(state, dayOf(time));
      const slot = hourOfWeek(time, timeZone);
      const settled = state.hours >= learningHours && dayOf(time) - state.since >= learningDays;
      const usual = !settled || near(state.weights, slot) >= enoughNear;
      if (usual) state.awake = Math.max(state.awake, time);
      state.last = hour;
      state.hours = Math.min(enough, state.hours + 1);
      state.weights[slot] = rounded((state.weights[slot] ?? 0) + (usual ? 1 : unusualWeight));
    },
    tell: (state) => hoursInWords(state.weights),
  };
}

function begin(state: Hours, day: number): void {
  if (state.weights.length === 0) {
    state.weights = new Array<number>(168).fill(0);
    state.since = day;
    state.day = day;
  }
  state.since = Math.min(state.since, day);
  if (day - state.day < fadeEvery) return;
  const passed = day - state.day;
  state.weights = state.weights.map((weight) => rounded(faded(weight, passed)));
  state.day = day;
}

export const hours = hoursOf("hours", "USER");
export const roleHours = hoursOf("role_hours", "ROLE");
export const organizationHours = hoursOf("organization_hours", "ORGANIZATION");

/** Whether there is enough of it to say what is unusual. */
export function hoursLearned(state: Hours | undefined, time: number, days: number, activeHours: number): boolean {
  return state !== undefined && state.hours >= activeHours && dayOf(time) - state.since >= days;
}
