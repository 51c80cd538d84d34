import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { busiestSpan } from "../../../src/detect/correlation/busiest.ts";
import { type CountCondition, saturation } from "../../../src/detect/correlation/condition.ts";
import { compact, type Entry, entryOf, positionOf } from "../../../src/detect/correlation/entries.ts";
import type { WindowSpec } from "../../../src/detect/windows/windows.ts";

const spec = (measure: "EVENTS" | "VALUES", condition: CountCondition): WindowSpec => ({
  key: "r@1",
  ruleId: "r",
  measure,
  timespanMs: 10,
  condition,
});

/** By trying every window, from every entry on. */
function trueCount(entries: readonly Entry[], one: Entry, { measure, timespanMs, condition }: WindowSpec): number {
  const counts = entries.map((first) => {
    const inside = entries.filter(({ time }) => time >= first.time && time < first.time + timespanMs);
    if (!inside.includes(one)) return 0;
    return measure === "EVENTS" ? inside.length : new Set(inside.map(({ value }) => value)).size;
  });
  return Math.min(saturation(condition), Math.max(...counts));
}

const history = fc.array(
  fc.record({ time: fc.integer({ min: 0, max: 60 }), value: fc.constantFrom("a", "b", "c", "d", "e") }),
  {
    maxLength: 80,
  },
);
const conditions = fc.oneof(
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
            const entry = entryOf({ id: `${n}`, time, receivedAt: n }, value);
            all.push(entry);
            const at = positionOf(kept, time);
            kept.splice(at, 0, entry);
            const { count } = busiestSpan(kept, at, window);
            expect(Math.min(saturation(condition), count)).toBe(trueCount(all, entry, window));
          }
        }),
        { numRuns: 500 },
      );
    },
  );

  it("stay few, however many events a window holds", () => {
    const storm = Array.from({ length: 10_000 }, (_, n) =>
      entryOf({ id: `${n}`, time: n % 10, receivedAt: n }, `${n % 100}`),
    );
    storm.sort((a, b) => a.time - b.time);
    expect(compact(storm, spec("EVENTS", { min: 5 }))).toHaveLength(8);
    expect(compact(storm, spec("VALUES", { min: 5 })).length).toBeLessThanOrEqual(10);
  });

  it("stay bounded, newest arrivals first, where events lie scattered over years", () => {
    const scattered = Array.from({ length: 20_000 }, (_, n) =>
      entryOf({ id: `${n}`, time: n * 100, receivedAt: 7 }, undefined),
    );
    const kept = compact(scattered, spec("EVENTS", { min: 5 }));
    expect(kept.length).toBeGreaterThan(1_000);
    expect(kept.length).toBeLessThan(4_200);
    expect(kept.at(-1)?.id).toBe("19999");
  });
});
