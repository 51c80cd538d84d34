/**
 * What somebody does again and again, as keys with a weight that halves in time. A key counts once a day, so a burst is one
 * day. While a habit is new, everything is taken for normal; after that a new key must come on several days before it is:
 * whoever breaks in does not become normal by trying twice, and a person who moved is, after three days.
 */
export interface Habit {
  /** The day it began, days since the epoch. */
  since: number;
  /** The last day something was learned. */
  last: number;
  /** Days on which something was learned; counted up to `mostDays`. */
  days: number;
  seen: Entry[];
}

type Entry = [key: string, weight: number, day: number];

export const dayMs = 86_400_000;
const halfLifeDays = 60;
const mostWeight = 16; // a daily habit is forgotten after five half-lives, 300 days
const learningDays = 14;
const enoughDays = 5;
const mostDays = 365;
const newKeyWeight = 0.2;
const knownWeight = 0.5;

export function emptyHabit(): Habit {
  return { since: 0, last: 0, days: 0, seen: [] };
}

export function dayOf(time: number): number {
  return Math.floor(time / dayMs);
}

/** A weight as it is after some days. */
export function faded(weight: number, days: number): number {
  return days <= 0 ? weight : weight * 2 ** (-days / halfLifeDays);
}

/** The weight of a key on a day; 0: never seen or forgotten. */
export function weightOf(habit: Habit, key: string, time: number): number {
  const entry = habit.seen.find(([seen]) => seen === key);
  return entry ? faded(entry[1], dayOf(time) - entry[2]) : 0;
}

export function isKnown(habit: Habit, key: string, time: number): boolean {
  return weightOf(habit, key, time) >= knownWeight;
}

const toldFor = 7; // days

/**
 * Whether the key is not known and was not just told of: on the first day of its kind, and again when it comes back after
 * a week. In between nobody needs to hear each morning what yesterday's incident said.
 */
export function isNews(habit: Habit, key: string, time: number): boolean {
  const entry = habit.seen.find(([seen]) => seen === key);
  if (!entry) return true;
  const [, weight, last] = entry;
  const away = dayOf(time) - last;
  if (faded(weight, away) >= knownWeight) return false;
  return away > 0 ? away > toldFor : weight <= newKeyWeight;
}

export function knownKeys(habit: Habit): string[] {
  const known = habit.seen.filter(([, weight, day]) => faded(weight, habit.last - day) >= knownWeight);
  return known.sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1)).map(([key]) => key);
}

/** In place: a day on which somebody was active counts, whether or not a key came. */
export function live(habit: Habit, time: number): void {
  const day = dayOf(time);
  habit.since = habit.days === 0 ? day : Math.min(habit.since, day);
  if (day <= habit.last && habit.days > 0) return;
  habit.last = day;
  habit.days = Math.min(habit.days + 1, mostDays);
}

/**
 * In place. At most `most` keys are kept: those of the greatest weight. A day that is over teaches only what is new.
 * `isVouched`: whether something else says that a new key is the user's own; then it is known at once.
 */
export function practise(habit: Habit, key: string, time: number, most: number, isVouched?: () => boolean): void {
  const day = dayOf(time);
  live(habit, time);
  const entry = habit.seen.find(([seen]) => seen === key);
  if (entry && day <= entry[2]) return;
  const before = entry ? faded(entry[1], day - entry[2]) : 0;
  const learning = habit.days < enoughDays || day - habit.since < learningDays;
  const counts = learning || before >= knownWeight || isVouched?.();
  const weight = rounded(Math.min(mostWeight, before + (counts ? 1 : newKeyWeight)));
  if (entry) {
    entry[1] = weight;
    entry[2] = day;
    return;
  }
  if (habit.seen.length >= most && !makeRoom(habit, weight)) return;
  habit.seen.push([key, weight, day]);
}

/** Forgets the lightest key, unless the new one is lighter than all. */
function makeRoom(habit: Habit, weight: number): boolean {
  let lightest = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const [n, [, each, day]] of habit.seen.entries()) {
    const now = faded(each, habit.last - day);
    if (now < least) [lightest, least] = [n, now];
  }
  if (least > weight) return false;
  habit.seen.splice(lightest, 1);
  return true;
}

export function rounded(weight: number): number {
  return Math.round(weight * 100) / 100;
}
