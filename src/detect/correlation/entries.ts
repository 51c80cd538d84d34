/** The entries of one group, sorted by event time; few enough that a storm cannot fill the memory. */
import type { WindowSpec } from "../windows/windows.ts";
import { saturation } from "./condition.ts";

export interface Entry {
  readonly id: string;
  readonly time: number;
  readonly receivedAt: number;
  readonly value: string | undefined;
  /** Of the value: two values that differ in it are told apart without looking at them. */
  readonly digest: number;
}

export function entryOf(event: { id: string; time: number; receivedAt: number }, value: string | undefined): Entry {
  const { id, time, receivedAt } = event;
  return { id, time, receivedAt, value, digest: value === undefined ? 0 : digestOf(value) };
}

/** FNV-1a over the last 32 characters. */
function digestOf(text: string): number {
  let digest = 0x811c9dc5;
  const { length } = text;
  for (let index = length > 32 ? length - 32 : 0; index < length; index++)
    digest = Math.imul(digest ^ text.charCodeAt(index), 0x01000193);
  return digest >> 2; // stays a small integer
}

/** Where an entry belongs: after those of the same time. */
export function positionOf(entries: readonly Entry[], time: number): number {
  let low = 0;
  let high = entries.length;
  if (high === 0 || (entries[high - 1] as Entry).time <= time) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as Entry).time <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function holdsEvent(entries: readonly Entry[], id: string, time: number, position: number): boolean {
  for (let index = position - 1; index >= 0 && entries[index]?.time === time; index--)
    if (entries[index]?.id === id) return true;
  return false;
}

/** A group above this size is compacted; compaction leaves about half. */
export function roomFor(window: WindowSpec): number {
  return 4 * saturation(window.condition) + 16;
}

/** For groups whose events lie scattered over more time than one window (an import): a last bound. */
function mostEntries(window: WindowSpec): number {
  return 8 * saturation(window.condition) + 4_096;
}

/**
 * Drops entries that cannot change any answer. Take a run of entries that fit into one window, and let S be the count
 * beyond which all counts are alike. Keep its S - 1 oldest and S - 1 newest entries (VALUES: the oldest and newest entry
 * of S distinct values from either end). Any window that holds a dropped entry then either holds all kept ones of one
 * side, or lies within the run, and the window over the whole run stands in for it: both reach S, or (VALUES with fewer
 * than S values) see the same values. So a group needs 2 S entries per timespan that its retained events touch.
 */
export function compact(entries: readonly Entry[], window: WindowSpec): Entry[] {
  const enough = saturation(window.condition);
  const kept: Entry[] = [];
  for (let from = 0; from < entries.length; ) {
    const start = (entries[from] as Entry).time;
    let to = from;
    while (to < entries.length && (entries[to] as Entry).time - start < window.timespanMs) to++;
    const run = entries.slice(from, to);
    const marks = window.measure === "VALUES" ? markValues(run, enough) : markEnds(run, enough - 1);
    for (const [index, entry] of run.entries()) if (marks.has(index)) kept.push(entry);
    from = to;
  }
  const most = mostEntries(window);
  if (kept.length <= most) return kept;
  const byArrival = [...kept.keys()].sort(
    (a, b) => (kept[b] as Entry).receivedAt - (kept[a] as Entry).receivedAt || b - a,
  );
  const newest = new Set(byArrival.slice(0, Math.floor(most / 2)));
  return kept.filter((_, index) => newest.has(index));
}

function markEnds(run: readonly Entry[], each: number): Set<number> {
  const marks = new Set<number>();
  for (let index = 0; index < Math.min(each, run.length); index++) {
    marks.add(index);
    marks.add(run.length - 1 - index);
  }
  return marks;
}

function markValues(run: readonly Entry[], values: number): Set<number> {
  const marks = new Set<number>();
  const mark = (indexes: number[]) => {
    const seen = new Set<string | undefined>();
    for (const index of indexes) {
      if (seen.size >= values) return;
      const value = run[index]?.value;
      if (!seen.has(value)) marks.add(index);
      seen.add(value);
    }
  };
  const indexes = [...run.keys()];
  mark(indexes);
  mark(indexes.reverse());
  return marks;
}
