/**
 * Measures that are kept up to date while a window slides. For an event that comes in order there is one window, which is
 * measured as it is; a late event has one for each that is there already, and to measure each of these anew would take the
 * square of their number.
 */
import { type Entry, weightOf } from "./entries.ts";

export interface Running {
  add(entry: Entry): void;
  /** The oldest one leaves. */
  remove(entry: Entry): void;
  /** Of the entries `from` to `to`, which are those that were added. */
  measure: Measured;
}

export type Measured = (entries: readonly Entry[], from: number, to: number) => number;

/** From the second window on it is kept. */
export function fromSecond(measured: Measured, make: () => Running): Running {
  let running: Running | undefined;
  let isFirst = true;
  return {
    add: (entry) => running?.add(entry),
    remove: (entry) => running?.remove(entry),
    measure(entries, from, to) {
      if (isFirst) {
        isFirst = false;
        return measured(entries, from, to);
      }
      if (!running) {
        running = make();
        for (let index = from; index <= to; index++) running.add(entries[index] as Entry);
      }
      return running.measure(entries, from, to);
    },
  };
}

export interface Totals {
  sum: number;
  count: number;
}

/** Of whole numbers alone; others are added up anew, for what enters and leaves would leave its rounding behind. */
export function createTotals(measured: (totals: Totals) => number): Running {
  const kept: Totals = { sum: 0, count: 0 };
  let size = 0; // of the sum without signs: as long as it is exact, so is the sum
  let isExact = true;
  const change = (entry: Entry, by: 1 | -1): void => {
    const { number = 0 } = entry;
    kept.sum += by * number;
    kept.count += by * weightOf(entry);
    size += by * Math.abs(number);
    if (!Number.isSafeInteger(number) || size > Number.MAX_SAFE_INTEGER) isExact = false;
  };
  return {
    add: (entry) => change(entry, 1),
    remove: (entry) => change(entry, -1),
    measure: (entries, from, to) => measured(isExact ? kept : totals(entries, from, to)),
  };
}

/** In the order of the entries. */
export function totals(entries: readonly Entry[], from: number, to: number): Totals {
  let sum = 0;
  let count = 0;
  for (let index = from; index <= to; index++) {
    const entry = entries[index] as Entry;
    sum += entry.number ?? 0;
    count += weightOf(entry);
  }
  return { sum, count };
}
