/**
 * Whether a log source has gone silent. A source is missed for the hours of the week in which it always sends something:
 * nights and weekends of a clinic are quiet, and so is the clinic as a whole on a holiday.
 */
import { type Cadence, slotOf, steady, weeksOf } from "./facets/cadence.ts";
import { enoughPeople, type Staffing, shareAtWork } from "./facets/staffing.ts";

export interface Silence {
  /** Event time of its last event, epoch ms. */
  since: number;
  /** How long, ms. */
  forMs: number;
  /** Hours of that in which there are always events. */
  activeHours: number;
  /** How many events there would have been. */
  expected: number;
}

const hourMs = 3_600_000;
const learningWeeks = 3;
const week = 168;
const roundTheClock = 0.9; // of the hours of a week
const leastHours = { always: 1, byHours: 2 };
const enoughEvents = 20;
const burstEvents = 50; // of a source that keeps hours: people come and go, and a few make all of an evening's events
const enoughHours = 6; // fully missed, of a source with few events an hour
/** Of a source that keeps hours, about three working days, or a week of one with few hours a day: no holiday is as long. */
const closed = { hours: 24, forMs: 7 * 24 * hourMs };
const mostHours = 24 * 60;
const mostRun = 24; // hours
const alive = 0.3; // of the usual rate

/** Undefined: not silent, or not known for three weeks yet. `open`: whether the organization is at work, as others show. */
export function silenceOf(state: Cadence, now: number, open = false): Silence | undefined {
  if (state.since === 0 || weeksOf(state) < learningWeeks) return undefined;
  // What happened within the lag may still be on its way.
  const until = now - state.lag;
  if (until <= state.last) return undefined;
  const all = missed(state, state.last, until);
  const since = { since: state.last, forMs: now - state.last };
  if (isAlways(state)) return isEnough(all, leastHours.always) ? { ...since, ...all } : undefined;
  const isLong = since.forMs >= closed.forMs || all.activeHours >= closed.hours;
  if (isLong && isEnough(all, leastHours.byHours)) return { ...since, ...all };
  // The others show that it is missed now, and nothing about the days before: those may have been a holiday.
  if (!open || !wasAlive(state)) return undefined;
  const run = missed(state, Math.max(state.last, beginOfRun(state, until)), until);
  return isEnough(run, leastHours.byHours, burstEvents) ? { ...since, ...all } : undefined;
}

/**
 * The silent ones of an organization's sources, each with its key. One that keeps hours is missed while the others are at
 * work: half of the people who usually have come by then, and most of those that keep hours too and are due now, or are missed themselves. Half of them prove nothing, since
 * patients use their portal on holidays, and log in to it.
 */
export function silencesOf(
  sources: readonly { key: string; state: Cadence }[],
  now: number,
  people?: Staffing,
): { key: string; silence: Silence }[] {
  const others = sources
    .filter(({ state }) => state.since > 0 && weeksOf(state) >= 1 && !isAlways(state))
    .map(({ key, state }) => ({ key, due: isDue(state, now), quiet: isQuiet(state, now), alive: isAlive(state, now) }))
    .filter(({ due, quiet }) => due || quiet);
  const found: { key: string; silence: Silence }[] = [];
  for (const { key, state } of sources) {
    const counted = others.filter((each) => each.key !== key);
    const atWork = counted.filter((each) => each.due && each.alive).length;
    const share = shareAtWork(people, Math.floor(now / hourMs) + state.ahead);
    const silence = silenceOf(state, now, atWork > counted.length / 2 && share >= enoughPeople);
    if (silence) found.push({ key, silence });
  }
  return found;
}

function isEnough(
  { activeHours, expected }: Pick<Silence, "activeHours" | "expected">,
  least: number,
  events = enoughEvents,
): boolean {
  return activeHours >= least && (expected >= events || activeHours >= enoughHours);
}

function isAlways({ presence }: Cadence): boolean {
  return presence.filter((share) => share >= steady).length >= week * roundTheClock;
}

function missed(state: Cadence, from: number, to: number): { activeHours: number; expected: number } {
  let activeHours = 0;
  let expected = 0;
  const first = Math.floor(from / hourMs);
  const last = Math.min(Math.floor(to / hourMs), first + mostHours);
  for (let hour = first; hour <= last; hour++) {
    const slot = slotOf(hour + state.ahead);
    if (!isSteady(state, hour + state.ahead)) continue;
    const part = Math.min(to, (hour + 1) * hourMs) - Math.max(from, hour * hourMs);
    activeHours += part / hourMs;
    expected += ((state.rates[slot] ?? 0) * part) / hourMs;
  }
  return { activeHours, expected: Math.round(expected) };
}

/** Whether it always sends something in such hours. */
function isDue(state: Cadence, now: number): boolean {
  const hour = Math.floor(now / hourMs) + state.ahead;
  return isSteady(state, hour) || isSteady(state, hour - 1);
}

/** Whether it has been silent for hours in which it sends, be it on a holiday. */
function isQuiet(state: Cadence, now: number): boolean {
  return missed(state, state.last, now - state.lag).activeHours >= leastHours.byHours;
}

/** When the hours began that it is in now, in which it always sends, but for one between; epoch ms. */
function beginOfRun(state: Cadence, until: number): number {
  const now = Math.floor(until / hourMs);
  let begin = now + 1;
  for (let hour = now; hour > now - mostRun && begin - hour <= 2; hour--)
    if (isSteady(state, hour + state.ahead)) begin = hour;
  return Math.min(until, begin * hourMs);
}

function isSteady({ presence }: Cadence, hour: number): boolean {
  return (presence[slotOf(hour)] ?? 0) >= steady;
}

/** Whether it sent about as much as usual when it was last heard: who only stood by on a holiday has not gone silent. */
function wasAlive(state: Cadence): boolean {
  return isAlive(state, state.hour * hourMs - state.ahead * hourMs);
}

/** Whether it sends about as much as usual just now. */
function isAlive(state: Cadence, now: number): boolean {
  const hour = Math.floor(now / hourMs) + state.ahead;
  if (hour - state.hour > 1) return false;
  const usual = Math.min(state.rates[slotOf(state.hour)] ?? 0, state.rates[slotOf(state.hour - 1)] ?? 0);
  return Math.max(state.count, state.before) >= alive * usual;
}
