/**
 * Whether a log source has gone silent. A source is missed for the hours of the week in which it always sends something:
 * nights and weekends of a clinic are quiet, and so is the clinic as a whole on a holiday.
 */
import { type Cadence, slotOf, steady, weeksOf } from "./facets/cadence.ts";

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
const enoughHours = 6; // fully missed, of a source with few events an hour
const closedHours = 24; // of a source that keeps hours, about three working days: no holiday is as long
const mostHours = 24 * 60;
const alive = 0.3; // of the usual rate

/** Undefined: not silent, or not known for three weeks yet. `open`: whether the organization is at work, as others show. */
export function silenceOf(state: Cadence, now: number, open = false): Silence | undefined {
  if (state.since === 0 || weeksOf(state) < learningWeeks) return undefined;
  // What happened within the lag may still be on its way.
  const until = now - state.lag;
  if (until <= state.last) return undefined;
  const { activeHours, expected } = missed(state, state.last, until);
  const always = isAlways(state);
  const least = always ? leastHours.always : open ? leastHours.byHours : closedHours;
  if (activeHours < least) return undefined;
  if (expected < enoughEvents && activeHours < enoughHours) return undefined;
  return { since: state.last, forMs: now - state.last, activeHours, expected: Math.round(expected) };
}

/** The silent ones of an organization's sources, each with its key. One that keeps hours is missed while another is at work. */
export function silencesOf(
  sources: readonly { key: string; state: Cadence }[],
  now: number,
): { key: string; silence: Silence }[] {
  const working = sources.filter(({ state }) => !isAlways(state) && isAlive(state, now));
  const found: { key: string; silence: Silence }[] = [];
  for (const { key, state } of sources) {
    const open = working.some((each) => each.key !== key);
    const silence = silenceOf(state, now, open);
    if (silence) found.push({ key, silence });
  }
  return found;
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
    if ((state.presence[slot] ?? 0) < steady) continue;
    const part = Math.min(to, (hour + 1) * hourMs) - Math.max(from, hour * hourMs);
    activeHours += part / hourMs;
    expected += ((state.rates[slot] ?? 0) * part) / hourMs;
  }
  return { activeHours, expected };
}

/** Whether it sends about as much as usual just now. */
function isAlive(state: Cadence, now: number): boolean {
  const hour = Math.floor(now / hourMs) + state.ahead;
  if (state.since === 0 || hour - state.hour > 1) return false;
  const slot = slotOf(state.hour);
  if (Math.max(state.presence[slot] ?? 0, state.presence[slotOf(state.hour - 1)] ?? 0) < steady) return false;
  const usual = Math.min(state.rates[slot] ?? 0, state.rates[slotOf(state.hour - 1)] ?? 0);
  return Math.max(state.count, state.before) >= alive * usual;
}
