import { describe, expect, it } from "vitest";
import { compact, roomFor } from "../../../src/detect/correlation/compact.ts";
import { type Bounds, holds, saturation } from "../../../src/detect/correlation/condition.ts";
import { type Entry, entryOf, positionOf } from "../../../src/detect/correlation/entries.ts";
import { findWindows } from "../../../src/detect/correlation/find.ts";
import { longestOrder } from "../../../src/detect/correlation/order.ts";
import { percentileOf } from "../../../src/detect/correlation/percentile.ts";
import type { Measure, WindowSpec } from "../../../src/detect/windows/windows.ts";
import { allocatedBy } from "../../support/allocations.ts";
import fc from "../../support/property.ts";

const spec = (measure: Measure, condition: Bounds, more: Partial<WindowSpec> = {}): WindowSpec => ({
  key: "r@1",
  ruleId: "r",
  measure,
  timespanMs: 10,
  gapMs: 10,
  condition,
  depth: 0,
  feeds: false,
  horizonMs: 10,
  ...more,
});

const entry = (n: number, time: number, more: { value?: string; number?: number } = {}): Entry =>
  entryOf({ event: { id: `${n}`.padStart(6, "0"), time, receivedAt: n }, ...more });

/** Adds as a group does; answers where. */
function add(entries: Entry[], one: Entry): number {
  const at = positionOf(entries, one.time);
  entries.splice(at, 0, one);
  return at;
}

/** By looking at every window that ends with an entry and holds the given one. */
function trueEnds(all: readonly Entry[], one: Entry, { measure, timespanMs, condition }: WindowSpec): Entry[] {
  const measured = (inside: Entry[]) => {
    if (measure === "EVENTS") return inside.length;
    if (measure === "ORDER") return longestOrder(inside, 0, inside.length - 1);
    return new Set(inside.map(({ value }) => value)).size;
  };
  return all.filter((end) => {
    const inside = all.filter(({ time }) => time <= end.time && time > end.time - timespanMs);
    return inside.includes(one) && holds(condition, measured(inside));
  });
}

const history = fc.array(
  fc.record({ time: fc.integer({ min: 0, max: 60 }), value: fc.constantFrom("0", "1", "2", "3", "4") }),
  {
    maxLength: 80,
  },
);
const conditions: fc.Arbitrary<Bounds> = fc.oneof(
  fc.record({ min: fc.integer({ min: 1, max: 4 }) }),
  fc.constant({ min: 2, max: 3 }),
  fc.constant({ min: 1, not: 2 }),
);

describe("the entries of a group", () => {
  it.each(["EVENTS", "VALUES"] as const)(
    "after compaction answer for every later event as if all were kept (%s)",
    (measure) => {
      fc.assert(
        fc.property(history, conditions, fc.integer({ min: 1, max: 9 }), (events, condition, often) => {
          const window = spec(measure, condition);
          const all: Entry[] = [];
          let kept: Entry[] = [];
          for (const [n, { time, value }] of events.entries()) {
            if (n % often === 0) kept = compact(kept, window);
            const one = entry(n, time, { value });
            add(all, one);
            const found = findWindows(kept, add(kept, one), window);
            const ends = trueEnds(all, one, window);
            // An end that was dropped has others of its time or before it that answer alike.
            expect(found !== undefined).toBe(ends.some((end) => kept.some(({ time }) => time === end.time)));
            if (found && window.condition.max === undefined && window.condition.not === undefined)
              expect(found.ends[0]).toBe(ends.find((end) => kept.some(({ time }) => time === end.time))?.time);
          }
        }),
        { numRuns: 500 },
      );
    },
  );

  it("keep every order of rules in the events that come after a compaction", () => {
    fc.assert(
      fc.property(history, history, (before, after) => {
        const window = spec("ORDER", { min: 4 });
        const all: Entry[] = [];
        for (const [n, { time, value }] of before.entries()) add(all, entry(n, time, { value }));
        const kept = compact(all, window);
        for (const [n, { time, value }] of after.sort((a, b) => a.time - b.time).entries()) {
          const one = entry(1_000 + n, 60 + time / 6, { value });
          add(all, one);
          const fires = findWindows(kept, add(kept, one), window) !== undefined;
          expect(fires).toBe(trueEnds(all, one, window).length > 0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each(["ORDER", "SUM", "AVERAGE", "PERCENTILE"] as const)(
    "tell of every window that a late event changes what that window alone measures (%s)",
    (measure) => {
      const numbers = fc.oneof(fc.integer({ min: -9, max: 30 }), fc.constantFrom(0.1, 0.2, 0.7, 2 ** 53, -(2 ** 53)));
      const happened = fc.array(fc.record({ time: fc.integer({ min: 0, max: 30 }), number: numbers }), {
        maxLength: 40,
      });
      fc.assert(
        fc.property(happened, fc.integer({ min: 1, max: 5 }), fc.boolean(), (events, min, isCapped) => {
          const window = spec(measure, isCapped ? { min, max: 3 * min } : { min }, { percentile: 70 });
          const entries: Entry[] = [];
          for (const [n, { time, number }] of events.entries()) {
            const one = entry(n, time, measure === "ORDER" ? { value: `${n % 5}` } : { number });
            const at = add(entries, one);
            const found = findWindows(entries, at, window);
            // What comes last is measured by itself.
            const alone = new Map<number, number>();
            for (const { time: end } of entries.filter(({ time }) => time >= one.time && time < one.time + 10)) {
              const inside = entries.filter(({ time }) => time > end - 10 && time <= end);
              const last = findWindows(inside, inside.length - 1, window);
              if (last) alone.set(end, last.measured);
            }
            expect(found?.ends ?? []).toEqual([...alone.keys()]);
            expect(found?.measured).toBe([...alone.values()].at(-1));
          }
        }),
        { numRuns: 300 },
      );
    },
  );

  it.each(["ORDER", "SUM", "AVERAGE", "PERCENTILE"] as const)(
    "are looked at a few times for a late event, not once for every later one (%s)",
    (measure) => {
      let looks = 0;
      const looked = (n: number): Entry => {
        const { number, value, ...rest } = entry(n, n, { number: n % 7, value: `${n % 3}` });
        return {
          ...rest,
          get value() {
            looks++;
            return `${n % 3}`;
          },
          get number() {
            looks++;
            return n % 7;
          },
        };
      };
      const many = Array.from({ length: 1_000 }, (_, n) => looked(n));
      const found = findWindows(many, 0, spec(measure, { min: 1 }, { timespanMs: 10_000 }));
      expect(found?.ends.length).toBeGreaterThan(900);
      expect(looks).toBeLessThan(10 * many.length);
    },
  );

  it("cost a late event what it has to tell, not the square of that", async () => {
    const many = Array.from({ length: 4_000 }, (_, n) => entry(n, n));
    const bytes = await allocatedBy(() =>
      findWindows(many, 0, spec("EVENTS", { min: 1, max: 5_000 }, { timespanMs: 10_000 })),
    );
    expect(bytes).toBeLessThan(5_000_000);
  });

  it("stay few, however many events a window holds", () => {
    const storm = Array.from({ length: 10_000 }, (_, n) => entry(n, n % 10, { value: `${n % 100}` }));
    storm.sort((a, b) => a.time - b.time);
    expect(compact(storm, spec("EVENTS", { min: 5 }))).toHaveLength(8);
    expect(compact(storm, spec("VALUES", { min: 5 })).length).toBeLessThanOrEqual(10);
  });

  it("stay bounded, newest arrivals first, where events lie scattered over years", () => {
    const scattered = Array.from({ length: 20_000 }, (_, n) =>
      entryOf({ event: { id: `${n}`, time: n * 100, receivedAt: 7 } }),
    );
    const kept = compact(scattered, spec("EVENTS", { min: 5 }));
    expect(kept.length).toBeGreaterThan(1_000);
    expect(kept.length).toBeLessThan(4_200);
    expect(kept.at(-1)?.id).toBe("19999");
  });

  it("add up to the same sum, and to nearly the same percentile, when many become few", () => {
    const storm = Array.from({ length: 5_000 }, (_, n) =>
      entry(n, 1_000_000 + n * 10, { number: (n * 7_919) % 1_000 }),
    );
    const sums = spec("SUM", { above: 1 }, { timespanMs: 100_000 });
    const few = compact(storm, sums);
    expect(few.length).toBeLessThanOrEqual(roomFor(sums) / 2 + 2);
    const total = (entries: readonly Entry[]) => entries.reduce((sum, { number = 0 }) => sum + number, 0);
    expect(total(few)).toBe(total(storm));
    const ranks = compact(storm, spec("PERCENTILE", {}, { timespanMs: 100_000 }));
    expect(ranks.length).toBeLessThanOrEqual(16 * 32);
    for (const percentile of [0, 5, 50, 95, 99])
      expect(percentileOf(ranks, percentile)).toBeCloseTo(percentile * 10, -2);
  });

  it("know a percentile by interpolation between neighbours", () => {
    const five = [15, 20, 35, 40, 50].map((number, n) => entry(n, n, { number }));
    expect(percentileOf(five, 50)).toBe(35);
    expect(percentileOf(five, 40)).toBeCloseTo(29);
    expect(percentileOf(five, 100)).toBe(50);
    expect(percentileOf(five.slice(0, 1), 99)).toBe(15);
  });

  it("keep what a saturated count needs", () => {
    expect(saturation({ min: 3 })).toBe(3);
    expect(saturation({ min: 2, max: 4 })).toBe(5);
    expect(saturation({ min: 1, not: 7 })).toBe(8);
  });
});
