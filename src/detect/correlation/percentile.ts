/** The value below which a share of the numbers lies, with linear interpolation between neighbours (R's type 7). */
import { type Entry, weightOf } from "./entries.ts";
import type { Running } from "./running.ts";

/** An entry that stands for several events counts as so many of their mean. NaN for no entries. */
export function percentileOf(entries: readonly Entry[], percentile: number): number {
  const sorted = entries
    .map((entry) => ({ mean: meanOf(entry), weight: weightOf(entry) }))
    .sort((one, other) => one.mean - other.mean);
  const count = sorted.reduce((sum, { weight }) => sum + weight, 0);
  return among(sorted, count, percentile);
}

interface Ranked {
  mean: number;
  weight: number;
}

/** The same of entries that come and go one by one: they stay in the order of their values. */
export function createRanks(percentile: number): Running {
  const ranked: Ranked[] = [];
  let count = 0;
  /** Of the first that is not below it. */
  function placeOf(mean: number): number {
    let low = 0;
    let high = ranked.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ranked[middle] as Ranked).mean < mean) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  return {
    add(entry) {
      const one = { mean: meanOf(entry), weight: weightOf(entry) };
      ranked.splice(placeOf(one.mean), 0, one);
      count += one.weight;
    },
    remove(entry) {
      const weight = weightOf(entry);
      let place = placeOf(meanOf(entry));
      while (place < ranked.length && ranked[place]?.weight !== weight) place++;
      ranked.splice(place, 1);
      count -= weight;
    },
    measure: () => among(ranked, count, percentile),
  };
}

function among(sorted: readonly Ranked[], count: number, percentile: number): number {
  const rank = (percentile / 100) * (count - 1);
  const below = Math.floor(rank);
  let lower: number | undefined;
  let passed = 0;
  for (const { mean, weight } of sorted) {
    passed += weight;
    if (passed > below) lower ??= mean;
    if (lower !== undefined && passed > Math.ceil(rank)) return lower + (mean - lower) * (rank - below);
  }
  return lower ?? Number.NaN;
}

export function meanOf(entry: Entry): number {
  return (entry.number ?? 0) / weightOf(entry);
}
