/** The fullest window around one entry: does the rule fire for it? */
import type { WindowSpec } from "../windows/windows.ts";
import { saturation } from "./condition.ts";
import { type Entry, positionOf } from "./entries.ts";

/** Entries `from` to `to` (inclusive) share a window; `count` is exact below the saturation of the condition. */
export interface Span {
  from: number;
  to: number;
  count: number;
}

/**
 * Of all windows (t - timespan, t] in event time that hold the entry, the one with the most events (or distinct
 * values). Late events find windows after them as well as before, so the order of arrival does not matter.
 */
export function busiestSpan(entries: readonly Entry[], at: number, window: WindowSpec): Span {
  const enough = saturation(window.condition);
  return window.measure === "VALUES"
    ? mostValues(entries, at, window.timespanMs, enough)
    : mostEvents(entries, at, window.timespanMs, enough);
}

function timeAt(entries: readonly Entry[], index: number): number {
  return (entries[index] as Entry).time;
}

function mostEvents(entries: readonly Entry[], at: number, timespanMs: number, enough: number): Span {
  const time = timeAt(entries, at);
  const reach = at - enough + 1;
  if (reach >= 0 && timeAt(entries, reach) > time - timespanMs) return { from: reach, to: at, count: enough };
  let from = positionOf(entries, time - timespanMs);
  let best = { from, to: at, count: at - from + 1 };
  for (let to = at + 1; to < entries.length && timeAt(entries, to) - time < timespanMs; to++) {
    while (timeAt(entries, from) <= timeAt(entries, to) - timespanMs) from++;
    if (to - from + 1 > best.count) best = { from, to, count: to - from + 1 };
    if (best.count >= enough) break;
  }
  return best;
}

function mostValues(entries: readonly Entry[], at: number, timespanMs: number, enough: number): Span {
  if (at === entries.length - 1) return valuesBefore(entries, at, timespanMs, enough);
  const time = timeAt(entries, at);
  const first = positionOf(entries, time - timespanMs);
  const counts = new Map<string | undefined, number>();
  let best: Span = { from: first, to: at, count: 0 };
  for (let from = first, to = first; to < entries.length && timeAt(entries, to) - time < timespanMs; to++) {
    const { value } = entries[to] as Entry;
    counts.set(value, (counts.get(value) ?? 0) + 1);
    for (; timeAt(entries, from) <= timeAt(entries, to) - timespanMs; from++) {
      const leaving = (entries[from] as Entry).value;
      const left = (counts.get(leaving) ?? 1) - 1;
      if (left === 0) counts.delete(leaving);
      else counts.set(leaving, left);
    }
    if (to >= at && counts.size > best.count) best = { from, to, count: counts.size };
    if (best.count >= enough) break;
  }
  return best;
}

/** The common case, nothing is later: look back until there are enough values. */
function valuesBefore(entries: readonly Entry[], at: number, timespanMs: number, enough: number): Span {
  const since = timeAt(entries, at) - timespanMs;
  const many = enough > 64 ? new Set<string | undefined>() : undefined;
  let count = 0;
  let from = at;
  for (let index = at; index >= 0 && count < enough; index--) {
    const entry = entries[index] as Entry;
    if (entry.time <= since) break;
    from = index;
    if (many) count = many.add(entry.value).size;
    else if (!isSeen(entry, count)) seen[count++] = entry;
  }
  return { from, to: at, count };
}

/** One entry of each value so far; kept between calls so that none is made per event. */
const seen: Entry[] = [];

function isSeen(entry: Entry, count: number): boolean {
  for (let index = 0; index < count; index++) {
    const other = seen[index] as Entry;
    if (other.digest === entry.digest && other.value === entry.value) return true;
  }
  return false;
}
