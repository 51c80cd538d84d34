/** The value below which a share of the numbers lies, with linear interpolation between neighbours (R's type 7). */
import { type Entry, weightOf } from "./entries.ts";

/** An entry that stands for several events counts as so many of their mean. NaN for no entries. */
export function percentileOf(entries: readonly Entry[], percentile: number): number {
  const sorted = entries
    .map((entry) => ({ mean: meanOf(entry), weight: weightOf(entry) }))
    .sort((one, other) => one.mean - other.mean);
  const count = sorted.reduce((sum, { weight }) => sum + weight, 0);
  const rank = (percentile / 100) * (count - 1);
  const at = (wanted: number): number => {
    let passed = 0;
    for (const { mean, weight } of sorted) if ((passed += weight) > wanted) return mean;
    return sorted.at(-1)?.mean ?? Number.NaN;
  };
  const lower = at(Math.floor(rank));
  const upper = at(Math.ceil(rank));
  return lower === upper ? lower : lower + (upper - lower) * (rank - Math.floor(rank));
}

export function meanOf(entry: Entry): number {
  return (entry.number ?? 0) / weightOf(entry);
}
