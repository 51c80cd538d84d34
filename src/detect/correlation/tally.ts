/** What a window measures, kept up to date while it slides over its entries. */
import type { WindowSpec } from "../windows/windows.ts";
import { holds } from "./condition.ts";
import { type Entry, weightOf } from "./entries.ts";
import { isTrueOf } from "./expression.ts";
import { inOrder, longestOrder } from "./order.ts";
import { percentileOf } from "./percentile.ts";

export interface Tally {
  add(entry: Entry): void;
  /** The oldest one leaves. */
  remove(entry: Entry): void;
  /** The measure of the entries `from` to `to`, which are those that were added, if the rule fires at it. */
  fires(entries: readonly Entry[], from: number, to: number): number | undefined;
}

export function tallyOf(window: WindowSpec): Tally {
  const { measure, condition, expression, percentile = 50 } = window;
  const ifHolds = (measured: number) => (holds(condition, measured) ? measured : undefined);
  switch (measure) {
    case "EACH":
    case "EVENTS":
      return { add() {}, remove() {}, fires: (_, from, to) => ifHolds(to - from + 1) };
    case "VALUES": {
      const counts = new Map<string, number>();
      const change = ({ value = "" }: Entry, by: number) => {
        const count = (counts.get(value) ?? 0) + by;
        if (count === 0) counts.delete(value);
        else counts.set(value, count);
      };
      const fires = () =>
        expression && !isTrueOf(expression, (value) => counts.has(value)) ? undefined : ifHolds(counts.size);
      return { add: (entry) => change(entry, 1), remove: (entry) => change(entry, -1), fires };
    }
    case "ORDER":
      return {
        add() {},
        remove() {},
        fires: (entries, from, to) =>
          expression
            ? inOrder(expression, entries, from, to)
              ? to - from + 1
              : undefined
            : ifHolds(longestOrder(entries, from, to)),
      };
    case "SUM":
      return { add() {}, remove() {}, fires: (entries, from, to) => ifHolds(totals(entries, from, to).sum) };
    case "AVERAGE":
      return {
        add() {},
        remove() {},
        fires: (entries, from, to) => {
          const { sum, count } = totals(entries, from, to);
          return ifHolds(sum / count);
        },
      };
    case "PERCENTILE":
      return {
        add() {},
        remove() {},
        fires: (entries, from, to) => ifHolds(percentileOf(entries.slice(from, to + 1), percentile)),
      };
    default:
      return measure satisfies never;
  }
}

/** Added up anew in the order of the entries: what entered and left before leaves no rounding behind. */
function totals(entries: readonly Entry[], from: number, to: number): { sum: number; count: number } {
  let sum = 0;
  let count = 0;
  for (let index = from; index <= to; index++) {
    const entry = entries[index] as Entry;
    sum += entry.number ?? 0;
    count += weightOf(entry);
  }
  return { sum, count };
}
