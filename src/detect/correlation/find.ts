/** Of the windows that hold an entry: for which does the rule fire? */
import type { WindowSpec } from "../windows/windows.ts";
import { onlyGrows, saturation } from "./condition.ts";
import { type Entry, positionOf, timeAt } from "./entries.ts";
import { tallyOf } from "./tally.ts";

/** Indexes of entries; every window ends with one. */
export interface Found {
  /** The earliest entry of the earliest window that fires. */
  from: number;
  /** The entry that the latest of them ends with. */
  lastEnd: number;
  /** The event time at which each of them ends, earliest first. */
  ends: number[];
  /** What the latest measured: a count that may be cut off where the answer is clear, or the number. */
  measured: number;
}

/**
 * Each entry e has one window, (e - timespan, e]; entries of one time have the same. A new entry changes its own window and those of later
 * entries within the timespan, so that late events are seen as early ones are. Undefined: none of them fires.
 */
export function findWindows(entries: readonly Entry[], at: number, window: WindowSpec): Found | undefined {
  if (at === entries.length - 1 && !window.expression && onlyGrows(window.condition)) {
    if (window.measure === "EVENTS") return eventsBefore(entries, at, window);
    if (window.measure === "VALUES") return valuesBefore(entries, at, window);
  }
  const { timespanMs } = window;
  const time = timeAt(entries, at);
  const tally = tallyOf(window);
  let from = positionOf(entries, time - timespanMs);
  for (let index = from; index <= at; index++) tally.add(entries[index] as Entry);
  const ends: number[] = [];
  let found: Found | undefined;
  for (let to = at; ; ) {
    const measured =
      to + 1 < entries.length && timeAt(entries, to + 1) === timeAt(entries, to)
        ? undefined
        : tally.fires(entries, from, to);
    if (measured !== undefined) {
      ends.push(timeAt(entries, to));
      found = { from: found?.from ?? from, lastEnd: to, ends, measured };
    }
    to++;
    if (to >= entries.length || timeAt(entries, to) - time >= timespanMs) return found;
    tally.add(entries[to] as Entry);
    while (timeAt(entries, from) <= timeAt(entries, to) - timespanMs) tally.remove(entries[from++] as Entry);
  }
}

/** The common cases, nothing is later: look back no further than is needed. */
function eventsBefore(entries: readonly Entry[], at: number, { condition, timespanMs }: WindowSpec): Found | undefined {
  const enough = saturation(condition);
  const reach = at - enough + 1;
  const since = timeAt(entries, at) - timespanMs;
  if (reach < 0 || timeAt(entries, reach) <= since) return undefined;
  return { from: firstAfter(entries, reach, since), lastEnd: at, ends: [timeAt(entries, at)], measured: enough };
}

function valuesBefore(entries: readonly Entry[], at: number, { condition, timespanMs }: WindowSpec): Found | undefined {
  const enough = saturation(condition);
  const since = timeAt(entries, at) - timespanMs;
  const many = enough > 64 ? new Set<string | undefined>() : undefined;
  let count = 0;
  for (let index = at; index >= 0; index--) {
    const entry = entries[index] as Entry;
    if (entry.time <= since) return undefined;
    if (many) count = many.add(entry.value).size;
    else if (!isSeen(entry, count)) seen[count++] = entry;
    if (count >= enough)
      return { from: firstAfter(entries, index, since), lastEnd: at, ends: [entries[at]?.time ?? 0], measured: count };
  }
  return undefined;
}

function firstAfter(entries: readonly Entry[], index: number, since: number): number {
  return index === 0 || timeAt(entries, index - 1) <= since ? index : positionOf(entries, since);
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
