/**
 * Few entries that answer as all of them would, so that a storm cannot fill the memory.
 *
 * Entries are taken in runs that fit into one window. A window either holds a whole run, or ends inside it and then begins before it, or
 * begins inside it and ends after it: so it sees a run's beginning, its end, or all of it.
 *
 * - EVENTS: the S - 1 oldest and newest of a run, S being the count beyond which all counts are alike. Exact.
 * - VALUES: the oldest and newest entry of S values from either end. Exact; what is kept counts for what is dropped.
 * - ORDER: the entries that make a chain of rules end earlier or begin later. Exact but for a late event that falls inside a
 *   compacted run, which may find one of its neighbours gone.
 * - SUM, AVERAGE: the entries of a 512th of the timespan become one, with their sum. Exact but for the edge of the window, which
 *   is blurred by that much.
 * - PERCENTILE: of a 16th of the timespan at most 32 entries stay, each the mean of neighbours in value. Wrong by at most a 32nd
 *   of the ranks, and a 16th of the timespan at the window's edge.
 */
import { latenessMs, type WindowSpec } from "../windows/windows.ts";
import { saturation } from "./condition.ts";
import { type Entry, timeAt, weightOf } from "./entries.ts";
import { placeOf } from "./order.ts";
import { meanOf } from "./percentile.ts";

const sumSlots = 512;
const percentileSlots = 16;
const percentileClusters = 32;

/** A group above this size is compacted; compaction leaves about half. */
export function roomFor({ measure, condition }: WindowSpec): number {
  switch (measure) {
    case "EACH":
      return 0;
    case "EVENTS":
    case "VALUES":
      return 4 * saturation(condition) + 16;
    case "ORDER":
      return 256;
    case "SUM":
    case "AVERAGE":
      return 2 * sumSlots;
    case "PERCENTILE":
      return 2 * percentileSlots * percentileClusters;
    default:
      return measure satisfies never;
  }
}

/** For groups whose events lie scattered over more time than one window (an import): a last bound, newest arrivals first. */
function mostEntries(window: WindowSpec): number {
  return 2 * roomFor(window) + 4_096;
}

export function compact(entries: readonly Entry[], window: WindowSpec): Entry[] {
  const kept: Entry[] = [];
  for (let from = 0; from < entries.length; ) {
    const start = timeAt(entries, from);
    let to = from;
    while (to < entries.length && timeAt(entries, to) - start < window.timespanMs) to++;
    for (const entry of compactRun(entries.slice(from, to), window)) kept.push(entry);
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

function compactRun(run: readonly Entry[], window: WindowSpec): readonly Entry[] {
  const { measure, timespanMs } = window;
  switch (measure) {
    case "EACH":
      return [];
    case "EVENTS":
      return keep(run, markEnds(run, saturation(window.condition) - 1));
    case "VALUES":
      return keepWeighted(
        run,
        markValues(run, window.expression ? Number.POSITIVE_INFINITY : saturation(window.condition)),
      );
    case "ORDER":
      return keep(run, markChains(run));
    case "SUM":
    case "AVERAGE":
      return bySlot(run, timespanMs / sumSlots).map(join);
    case "PERCENTILE":
      return bySlot(run, timespanMs / percentileSlots).flatMap(cluster);
    default:
      return measure satisfies never;
  }
}

function keep(run: readonly Entry[], marks: ReadonlySet<number>): Entry[] {
  return run.filter((_, index) => marks.has(index));
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

/** What goes is counted by the nearest earlier entry of its value, if there is one. */
function keepWeighted(run: readonly Entry[], marks: ReadonlySet<number>): Entry[] {
  const kept: Entry[] = [];
  const latest = new Map<string | undefined, number>();
  for (const [index, entry] of run.entries()) {
    const before = latest.get(entry.value);
    if (marks.has(index)) latest.set(entry.value, kept.push(entry) - 1);
    else if (before !== undefined) {
      const stays = kept[before] as Entry;
      kept[before] = { ...stays, weight: weightOf(stays) + weightOf(entry) };
    }
  }
  return kept;
}

/**
 * Read backwards, an entry stays if with it a chain from one rule to another is longer than any that begins later;
 * forwards, than any that ends earlier. At most k³/6 entries stay each way, for k rules.
 */
function markChains(run: readonly Entry[]): Set<number> {
  const marks = new Set<number>();
  const mark = (indexes: readonly number[], isNext: (place: number, other: number) => boolean) => {
    const longest: number[][] = []; // [rule that was read last][rule at the other end]
    for (const index of indexes) {
      const place = placeOf(run[index] as Entry);
      const best: number[] = [];
      best[place] = 1;
      for (const [other, ends] of longest.entries())
        if (ends && isNext(place, other))
          for (const [end, length] of ends.entries()) if (length) best[end] = Math.max(best[end] ?? 0, length + 1);
      const known = (longest[place] ??= []);
      for (const [end, length] of best.entries())
        if (length && length > (known[end] ?? 0)) {
          known[end] = length;
          marks.add(index);
        }
    }
  };
  const byPlace = [...run.keys()].sort(
    (a, b) => timeAt(run, a) - timeAt(run, b) || placeOf(run[a] as Entry) - placeOf(run[b] as Entry),
  );
  mark(byPlace, (place, other) => other < place);
  mark(byPlace.toReversed(), (place, other) => other > place);
  return marks;
}

/** Slots of absolute time, so that the order of arrival does not move them. */
function bySlot(run: readonly Entry[], slotMs: number): Entry[][] {
  const slots = new Map<number, Entry[]>();
  for (const entry of run) {
    const slot = Math.floor(entry.time / slotMs);
    const entries = slots.get(slot);
    if (entries) entries.push(entry);
    else slots.set(slot, [entry]);
  }
  return [...slots.values()];
}

/** One entry for all, where and as long as the newest of them is. */
function join(entries: readonly Entry[]): Entry {
  const newest = entries.at(-1) as Entry;
  if (entries.length === 1) return newest;
  let number = 0;
  let weight = 0;
  let receivedAt = 0;
  for (const entry of entries) {
    number += entry.number ?? 0;
    weight += weightOf(entry);
    receivedAt = Math.max(receivedAt, entry.receivedAt);
  }
  const joined = { id: newest.id, time: newest.time, receivedAt, number, weight };
  return entries.some(({ sealed }) => sealed) ? { ...joined, sealed: true } : joined;
}

function cluster(entries: Entry[]): Entry[] {
  if (entries.length <= percentileClusters) return entries;
  const byValue = entries.toSorted((one, other) => meanOf(one) - meanOf(other));
  const weight = entries.reduce((sum, entry) => sum + weightOf(entry), 0);
  const clusters: Entry[][] = [];
  let passed = 0;
  for (const entry of byValue) {
    (clusters[Math.min(percentileClusters - 1, Math.floor((passed / weight) * percentileClusters))] ??= []).push(entry);
    passed += weightOf(entry);
  }
  return clusters
    .filter((one) => one !== undefined)
    .map((one) => join(one.sort((a, b) => a.time - b.time)))
    .sort((one, other) => one.time - other.time);
}

/** For how long an entry can still be in the window of an event that arrives, ms. */
export function entryRetentionMs({ timespanMs }: WindowSpec): number {
  return timespanMs + latenessMs;
}
