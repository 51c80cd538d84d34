/**
 * Whether a count is unusual for its day: against the days before by their median and spread, against the same weekday
 * where enough of those are known, and against the most there ever was. Each has to agree, since a count that only one
 * of them finds high is a busy day.
 */
import { isMonthTurn, weekdayOf } from "./local-day.ts";

export type DayCount = readonly [day: number, count: number];

/** Days before `day` on which somebody was there and did nothing of it; of none where the number is negative. */
export const idleDays = (day: number, count: number): DayCount[] =>
  Array.from({ length: Math.max(0, count) }, (_, n): DayCount => [day - n - 1, 0]);

export interface Usual {
  median: number;
  /** Of one standard deviation, by the median absolute deviation. */
  spread: number;
  /** The highest; of ten days or more the second highest, so that one bad day is no licence. */
  most: number;
}

export interface Limits {
  /** Below this nothing is unusual. */
  least: number;
  /** So many times the most of similar days. */
  times: number;
  /** So many spreads above their median (robust z-score). */
  spreads: number;
}

const enoughWeekdays = 3;
const enoughOfKind = 5;
const overAll = 1.3; // times the most of all days: whoever takes over another day's shift is not unusual
const firstTurn = 2; // times as much at a month's turn while none is known
const manyDays = 10;
const spreadOfDeviation = 1.4826; // makes the median absolute deviation of a normal distribution its standard deviation

export function usualOf(counts: readonly number[], dropHighest = counts.length >= manyDays): Usual {
  const sorted = [...counts].sort((one, other) => one - other);
  const median = middle(sorted);
  const deviations = sorted.map((count) => Math.abs(count - median)).sort((one, other) => one - other);
  // Counts are never steadier than chance (Poisson), nor a person's work than a tenth.
  const spread = Math.max(spreadOfDeviation * middle(deviations), Math.sqrt(median), median / 10, 1);
  return { median, spread, most: sorted.at(dropHighest ? -2 : -1) ?? 0 };
}

function middle(sorted: readonly number[]): number {
  if (sorted.length === 0) return 0;
  const half = sorted.length >> 1;
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/** What similar days had, where the count is unusual for the day. */
export function unusualFor(count: number, days: readonly DayCount[], day: number, limits: Limits): Usual | undefined {
  if (count < limits.least) return undefined;
  const past = days.filter(([each]) => each !== day);
  const turn = isMonthTurn(day);
  const lenient = turn && !past.some(([each]) => isMonthTurn(each)) ? firstTurn : 1;
  const all = usualOf(countsOf(past), !turn && past.length >= manyDays);
  const similar = usualOf(countsOf(similarTo(day, past)));
  // One bad Monday is no licence for Mondays.
  const most = Math.min(similar.most, all.most);
  const limit = Math.max(limits.times * most, overAll * all.most) * lenient;
  if (count <= limit || count < limits.least * lenient) return undefined;
  return count >= similar.median + limits.spreads * similar.spread ? { ...similar, most: all.most } : undefined;
}

function similarTo(day: number, past: readonly DayCount[]): readonly DayCount[] {
  const weekday = weekdayOf(day);
  const same = past.filter(([each]) => weekdayOf(each) === weekday);
  if (same.length >= enoughWeekdays) return same;
  const kind = past.filter(([each]) => weekdayOf(each) >= 5 === weekday >= 5);
  return kind.length >= enoughOfKind ? kind : past;
}

function countsOf(days: readonly DayCount[]): number[] {
  return days.map(([, count]) => count);
}
