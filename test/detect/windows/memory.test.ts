import { describe, expect, it } from "vitest";
import { compileRules } from "../../../src/detect/compile.ts";
import type { DetectionDraft } from "../../../src/detect/detection.ts";
import { createDetector, type Detector } from "../../../src/detect/detector.ts";
import { createMemoryWindows } from "../../../src/detect/windows/memory.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import fc from "../../support/property.ts";
import {
  compiled,
  correlation,
  detectorFor,
  failedLogin,
  failLogin,
  idAt,
  selectionRule,
  threeFailures,
} from "../rules.ts";

const threeUsers = correlation(
  "type: value_count\ngroup-by: [source.ip]\ntimespan: 2m\ncondition: { field: user.name, gte: 3 }",
);
const twoToFour = correlation("type: event_count\ngroup-by: [source.ip]\ntimespan: 1m\ncondition: { gte: 2, lte: 4 }");
const plain = selectionRule("s: { event.action: export }\ncondition: s");
const rules = [failedLogin, threeFailures, threeUsers, twoToFour, plain];

/** Log-ins of few users from few addresses, late and early, and some exports. */
const world = fc
  .array(
    fc.record({
      user: fc.constantFrom("ann", "bob", "cyn", "dan"),
      from: fc.constantFrom("192.0.2.1", "192.0.2.2"),
      at: fc.integer({ min: 0, max: 300 }),
      wait: fc.integer({ min: 0, max: 400 }),
      action: fc.constantFrom("login", "export"),
    }),
    { maxLength: 60 },
  )
  .map((wishes) => {
    let arrives = 300;
    return wishes.map(({ user, wait, ...wish }) => failLogin(user, { ...wish, arrives: (arrives += wait) }));
  });

function cut(events: SecurityEvent[], sizes: number[]): SecurityEvent[][] {
  const batches: SecurityEvent[][] = [];
  for (let from = 0, n = 0; from < events.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    batches.push(events.slice(from, from + size));
    from += size;
  }
  return batches;
}

async function run(detector: Detector, batches: SecurityEvent[][]): Promise<DetectionDraft[]> {
  const drafts: DetectionDraft[] = [];
  for (const batch of batches) drafts.push(...(await detector.evaluate(batch)).detections);
  return drafts;
}

/** Each episode as it was told last, and whether it was ever said to open. */
function finalEpisodes(drafts: DetectionDraft[]) {
  const last = new Map(drafts.map((draft) => [draft.id, { ...draft, opened: true }]));
  expect(new Set(drafts.filter(({ opened }) => opened).map(({ id }) => id)).size).toBe(last.size);
  return [...last.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });

describe("windows in memory", () => {
  it("come to the same episodes however the events are cut into batches", async () => {
    await fc.assert(
      fc.asyncProperty(world, sizes, async (events, by) => {
        const one = finalEpisodes(await run(detectorFor(...rules), [events]));
        expect(finalEpisodes(await run(detectorFor(...rules), cut(events, by)))).toEqual(one);
      }),
      { numRuns: 150 },
    );
  });

  it("are, after an undo, exactly as if the batch had never come", async () => {
    await fc.assert(
      fc.asyncProperty(world, world, world, async (before, lost, after) => {
        const never = detectorFor(...rules);
        const undone = detectorFor(...rules);
        await never.evaluate(before);
        await undone.evaluate(before);
        const first = await undone.evaluate(lost);
        first.undo();
        first.undo();
        const again = await undone.evaluate(lost);
        expect(again.detections).toEqual(first.detections);
        again.undo();
        expect((await undone.evaluate(after)).detections).toEqual((await never.evaluate(after)).detections);
        expect((await undone.evaluate(lost)).detections).toEqual((await never.evaluate(lost)).detections);
      }),
      { numRuns: 150 },
    );
  });

  it("forget after an undo whom a storm had reached in the batch", async () => {
    const detector = detectorFor(failedLogin, threeUsers);
    await detector.evaluate(["ann", "bob", "cyn"].map((user, at) => failLogin(user, { at })));
    (await detector.evaluate(["dan", "eve"].map((user, at) => failLogin(user, { at: 3 + at })))).undo();
    const [next] = (await detector.evaluate([failLogin("ann", { at: 6 })])).detections;
    expect(next).toMatchObject({ eventCount: 4, explanation: expect.stringContaining("with 3 different user.name") });
  });

  it("lose only the undone events when a later batch has built on them", async () => {
    const detector = detectorFor(failedLogin, threeFailures);
    const lost = await detector.evaluate([failLogin("ann", { at: 0 })]);
    await detector.evaluate([failLogin("ann", { at: 1 })]);
    lost.undo();
    expect((await detector.evaluate([failLogin("ann", { at: 2 })])).detections).toEqual([]);
    expect((await detector.evaluate([failLogin("ann", { at: 3 })])).detections).toMatchObject([{ eventCount: 3 }]);
  });

  it("count no event twice, neither at once nor in the middle of a storm nor after its entry was compacted", async () => {
    const detector = detectorFor(...rules);
    const [one, two] = [failLogin("ann", { at: 0 }), failLogin("ann", { at: 1 })];
    expect((await detector.evaluate([one, one, two, one])).detections.map(({ ruleId }) => ruleId)).toEqual(["rule-3"]);
    const storm = Array.from({ length: 300 }, (_, n) => failLogin("ann", { at: 2 + n / 10, action: "export" }));
    const told = (await detector.evaluate(storm)).detections;
    expect((await detector.evaluate([...storm].reverse())).detections).toEqual([]);
    const [next] = (await detector.evaluate([failLogin("ann", { at: 33 })])).detections;
    expect(next?.eventCount).toBe((told.find(({ id }) => id === next?.id)?.eventCount ?? 0) + 1);
  });

  it("hold a storm in little memory", async () => {
    const detector = detectorFor(failedLogin, threeFailures);
    await detector.evaluate(Array.from({ length: 20_000 }, (_, n) => failLogin("ann", { at: n / 100 })));
    expect(detector.windows.size().entries).toBeLessThan(60);
  });

  it("forget idle groups as time goes on", async () => {
    const detector = detectorFor(failedLogin, threeFailures);
    for (let n = 0; n < 50; n++)
      await detector.evaluate(Array.from({ length: 20 }, (_, user) => failLogin(`user${n}-${user}`, { at: 60 * n })));
    expect(detector.windows.size().groups).toBeLessThanOrEqual(20 * 18);
  });

  it("make room for new groups by forgetting quiet ones, and an undo brings those back", async () => {
    const { ruleSet } = compiled([failedLogin, threeFailures]);
    const windows = createMemoryWindows({ maxGroups: 50 });
    const detector = createDetector({ ruleSet, windows });
    await detector.evaluate([failLogin("ann", { at: 0 }), failLogin("ann", { at: 1 })]);
    const crowd = await detector.evaluate(Array.from({ length: 500 }, (_, n) => failLogin(`user${n}`, { at: 2 })));
    await detector.evaluate([failLogin("bob", { at: 3 })]);
    expect(windows.size().groups).toBeLessThanOrEqual(501);
    crowd.undo();
    expect((await detector.evaluate([failLogin("ann", { at: 4 })])).detections).toHaveLength(1);
  });
});

describe("after a restart", () => {
  const horizon = compiled(rules).ruleSet.horizonMs / 1_000;
  const before = (events: SecurityEvent[], seconds: number) =>
    events.filter(({ receivedAt }) => receivedAt >= (events.at(-1)?.receivedAt ?? 0) - seconds * 1_000);

  it("a replay of the last timespan and lateness, and the stored detections, bring the state back", async () => {
    await fc.assert(
      fc.asyncProperty(world, world, sizes, async (past, future, by) => {
        const shift = (past.at(-1)?.receivedAt ?? 0) - (future[0]?.receivedAt ?? 0);
        const later = future.map((event) => {
          const receivedAt = event.receivedAt + shift;
          return { ...event, receivedAt, id: idAt(receivedAt) };
        });
        const whole = detectorFor(...rules);
        const stored = new Map((await run(whole, cut(past, by))).map((draft) => [draft.id, draft]));
        const restarted = detectorFor(...rules);
        await restarted.replay(before(past, horizon));
        await restarted.restore([...stored.values()]);
        const strip = ({ explanation: _, ...draft }: DetectionDraft) => draft;
        expect((await restarted.evaluate(later)).detections.map(strip)).toEqual(
          (await whole.evaluate(later)).detections.map(strip),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("a storm that began before the replay stays one detection", async () => {
    const storm = Array.from({ length: 200 }, (_, n) => failLogin("ann", { at: 20 * n }));
    const whole = detectorFor(failedLogin, threeFailures);
    const drafts = await run(whole, cut(storm, [7]));
    const restarted = detectorFor(failedLogin, threeFailures);
    await restarted.replay(before(storm, 16 * 60));
    const [last] = finalEpisodes(drafts);
    await restarted.restore(last ? [last] : []);
    const [next] = (await restarted.evaluate([failLogin("ann", { at: 4_000 })])).detections;
    expect(next).toMatchObject({ id: last?.id, opened: false, eventCount: 201, firstEventAt: storm[0]?.time });
  });
});

describe("new rules", () => {
  it("take over the windows of rules that did not change, and those that did start afresh", async () => {
    const ruleSet = (revision: number) => {
      const stored = (yaml: string, n: number) => ({
        id: `r${n}`,
        revision: n === 2 ? revision : 1,
        mode: "ACTIVE" as const,
        yaml,
      });
      return compileRules([failedLogin, threeFailures, threeFailures.replace("Many", "Other")].map(stored)).ruleSet;
    };
    const detector = createDetector({ ruleSet: ruleSet(1) });
    await detector.evaluate([failLogin("ann", { at: 0 }), failLogin("ann", { at: 1 })]);
    detector.replaceRules(ruleSet(2));
    const { detections } = await detector.evaluate([failLogin("ann", { at: 2 })]);
    expect(detections.map(({ ruleId }) => ruleId)).toEqual(["r1"]);
  });

  it("can be filled by a replay, which counts nothing twice for the rules that saw the events", async () => {
    const first = compiled([failedLogin, threeFailures]).ruleSet;
    const both = compiled([failedLogin, threeFailures, threeUsers]).ruleSet;
    const detector = createDetector({ ruleSet: first });
    const events = ["ann", "bob"].map((user, at) => failLogin(user, { at }));
    await detector.evaluate(events);
    detector.replaceRules(both);
    await detector.replay(events);
    const { detections } = await detector.evaluate([failLogin("cyn", { at: 2 }), failLogin("ann", { at: 3 })]);
    expect(detections.map(({ ruleId }) => ruleId)).toEqual(["rule-2"]);
  });
});
