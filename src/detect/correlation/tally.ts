/** What a window measures, kept up to date while it slides over its entries. */
import type { WindowSpec } from "../windows/windows.ts";
import { holds } from "./condition.ts";
import type { Entry } from "./entries.ts";
import { isTrueOf } from "./expression.ts";
import { createChains, inOrder, longestOrder } from "./order.ts";
import { createRanks, percentileOf } from "./percentile.ts";
import { createTotals, fromSecond, type Measured, type Running, type Totals, totals } from "./running.ts";

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
  const sliding = (measured: Measured, make: () => Running): Tally => {
    const { add, remove, measure: ask } = fromSecond(measured, make);
    return { add, remove, fires: (entries, from, to) => ifHolds(ask(entries, from, to)) };
  };
  const totalling = (measured: (all: Totals) => number): Tally =>
    sliding(
      (entries, from, to) => measured(totals(entries, from, to)),
      () => createTotals(measured),
    );
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
      if (!expression) return sliding(longestOrder, createChains);
      return {
        add() {},
        remove() {},
        fires: (entries, from, to) => (inOrder(expression, entries, from, to) ? to - from + 1 : undefined),
      };
    case "SUM":
      return totalling(({ sum }) => sum);
    case "AVERAGE":
      return totalling(({ sum, count }) => sum / count);
    case "PERCENTILE":
      return sliding(
        (entries, from, to) => percentileOf(entries.slice(from, to + 1), percentile),
        () => createRanks(percentile),
      );
    default:
      return measure satisfies never;
  }
}
