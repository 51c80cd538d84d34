/** What windows must do, wherever they are kept. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DetectionDraft } from "../../../src/detect/detection.ts";
import { createDetector, type Detector, windowsOf } from "../../../src/detect/detector.ts";
import { createMemoryWindows } from "../../../src/detect/windows/memory.ts";
import { createSharedWindows, type SharedWindows } from "../../../src/detect/windows/redis.ts";
import { createRedisLink, type RedisLink } from "../../../src/detect/windows/redis-link.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import { quiet } from "../../support/database.ts";
import { type OwnRedis, ownRedis } from "../../support/redis.ts";
import { compiled, correlation, failedLogin, failLogin, threeFailures } from "../rules.ts";

const threeUsers = correlation(
  "type: value_count\ngroup-by: [source.ip]\ntimespan: 2m\ncondition: { field: user.name, gte: 3 }",
);
const { ruleSet } = compiled([failedLogin, threeFailures, threeUsers]);

let redis: OwnRedis;
let link: RedisLink;
beforeAll(async () => {
  redis = await ownRedis();
  link = createRedisLink(redis.url, quiet);
  await link.open();
});
afterAll(async () => {
  await link.close();
  await redis.close();
});

interface Kept {
  evaluate(events: readonly SecurityEvent[]): Promise<{ detections: DetectionDraft[]; undo(): Promise<void> }>;
  /** The same state for another process, or after a restart: from a replay and the stored detections. */
  rebuilt(events: readonly SecurityEvent[], stored: readonly DetectionDraft[]): Promise<Kept>;
}

function inMemory(detector: Detector = createDetector({ ruleSet })): Kept {
  return {
    async evaluate(events) {
      const { detections, undo } = await detector.evaluate(events);
      return { detections, undo: async () => undo() };
    },
    async rebuilt(events, stored) {
      const fresh = createDetector({ ruleSet });
      await fresh.replay(events);
      await fresh.restore([...stored]);
      return inMemory(fresh);
    },
  };
}

function inRedis(shared: SharedWindows, at = { batchId: "start", receivedAt: 0 }): Kept {
  let previous = at;
  return {
    async evaluate(events) {
      const before = previous;
      const privacy = { unknownFields: "KEEP", phiFields: "KEEP", allowedAttributes: new Set<string>() } as const;
      const turn = {
        batchId: randomUUID(),
        receivedAt: 0,
        previous: before,
        rulesVersion: 1,
        profilesVersion: 0,
        privacy,
      };
      const batch = shared.open(turn);
      const { detections } = await createDetector({ ruleSet, windows: batch }).evaluate(events);
      await batch.save();
      previous = { batchId: turn.batchId, receivedAt: 0 };
      return {
        detections,
        async undo() {
          await batch.undo();
          if (previous.batchId === turn.batchId) previous = before;
        },
      };
    },
    async rebuilt(events, stored) {
      const windows = createMemoryWindows();
      const fresh = createDetector({ ruleSet, windows });
      await fresh.replay(events);
      await fresh.restore([...stored]);
      await shared.fill("again", 1, windowsOf(ruleSet), windows);
      return inRedis(shared, { batchId: "again", receivedAt: 0 });
    },
  };
}

const implementations = {
  memory: async () => inMemory(),
  Redis: async () => {
    const shared = createSharedWindows(link, randomUUID());
    await shared.fill("start", 1, windowsOf(ruleSet), createMemoryWindows());
    return inRedis(shared);
  },
};

for (const [name, open] of Object.entries(implementations)) {
  describe(`windows in ${name}`, () => {
    it("count over batches, and hold one storm in one detection", async () => {
      const kept = await open();
      expect((await kept.evaluate([failLogin("ann", { at: 0 })])).detections).toEqual([]);
      expect((await kept.evaluate([failLogin("ann", { at: 1 }), failLogin("bob", { at: 1 })])).detections).toEqual([]);
      const [first] = (await kept.evaluate([failLogin("ann", { at: 2 })])).detections;
      expect(first).toMatchObject({ ruleId: "rule-1", eventCount: 3, opened: true });
      const [next] = (await kept.evaluate([failLogin("ann", { at: 3 })])).detections;
      expect(next).toMatchObject({ id: first?.id, eventCount: 4, opened: false });
    });

    it("count what comes late, within the bound, and not what happened too long before", async () => {
      const kept = await open();
      await kept.evaluate([failLogin("ann", { at: 50, arrives: 100 }), failLogin("ann", { at: 40, arrives: 101 })]);
      expect((await kept.evaluate([failLogin("ann", { at: 120, arrives: 120 })])).detections).toEqual([]);
      expect((await kept.evaluate([failLogin("ann", { at: 30, arrives: 500 })])).detections).toMatchObject([
        { eventCount: 3 },
      ]);
    });

    it("count no event twice, not even one whose entry was compacted away", async () => {
      const kept = await open();
      const storm = Array.from({ length: 200 }, (_, n) => failLogin("ann", { at: n / 10 }));
      await kept.evaluate(storm);
      expect((await kept.evaluate(storm)).detections).toEqual([]);
      expect((await kept.evaluate([failLogin("ann", { at: 21 })])).detections).toMatchObject([{ eventCount: 201 }]);
    });

    it("are, after an undo, as if the batch had never come", async () => {
      const kept = await open();
      await kept.evaluate([failLogin("ann", { at: 0 }), failLogin("bob", { at: 0 })]);
      const lost = [failLogin("ann", { at: 1 }), failLogin("ann", { at: 2 }), failLogin("cyn", { at: 2 })];
      const first = await kept.evaluate(lost);
      expect(first.detections.length).toBe(2);
      await first.undo();
      await first.undo();
      expect((await kept.evaluate([failLogin("ann", { at: 3 })])).detections).toEqual([]);
      expect((await kept.evaluate([failLogin("ann", { at: 4 })])).detections).toMatchObject([{ eventCount: 3 }]);
    });

    it("go on with a storm after they were built from stored events and detections", async () => {
      const kept = await open();
      const storm = Array.from({ length: 40 }, (_, n) => failLogin("ann", { at: 10 * n }));
      const { detections } = await kept.evaluate(storm);
      const rebuilt = await kept.rebuilt(storm.slice(-20), detections);
      expect((await rebuilt.evaluate([failLogin("ann", { at: 400 })])).detections).toMatchObject([
        { id: detections.find(({ ruleId }) => ruleId === "rule-1")?.id, eventCount: 41, opened: false },
      ]);
    });

    it("forget what is past the timespan and the lateness", async () => {
      const kept = await open();
      await kept.evaluate([failLogin("ann", { at: 0 }), failLogin("ann", { at: 1 })]);
      expect((await kept.evaluate([failLogin("ann", { at: 2, arrives: 3_000 })])).detections).toEqual([]);
    });
  });
}

describe("windows in Redis alone", () => {
  const turn = (from: string, to: string) => ({
    batchId: to,
    receivedAt: 0,
    previous: { batchId: from, receivedAt: 0 },
    rulesVersion: 1,
    profilesVersion: 0,
    privacy: { unknownFields: "KEEP", phiFields: "KEEP", allowedAttributes: new Set<string>() } as const,
  });

  it("hold each group in bounded space, in one slot of a cluster, for a bounded time", async () => {
    const id = randomUUID();
    const shared = createSharedWindows(link, id);
    await shared.fill("start", 1, windowsOf(ruleSet), createMemoryWindows());
    const kept = inRedis(shared);
    for (let n = 0; n < 20; n++)
      await kept.evaluate(Array.from({ length: 200 }, (_, k) => failLogin("ann", { at: n * 2 + k / 100 })));
    const keys = await redis.client.keys(`{vigil:${id}}:*`);
    expect(keys.filter((key) => !key.endsWith(":before"))).toHaveLength(3);
    expect(keys.length).toBeLessThanOrEqual(6); // the list of what the last batch changed, and what it wrote whole
    for (const key of keys) {
      expect(await redis.client.pttl(key)).toBeGreaterThan(0);
      expect(await redis.client.memory("USAGE", key)).toBeLessThan(16_384);
    }
  });

  it("let a batch save only if nobody has moved them since it began", async () => {
    const shared = createSharedWindows(link, randomUUID());
    await shared.fill("start", 1, windowsOf(ruleSet), createMemoryWindows());
    const [one, other] = [shared.open(turn("start", "one")), shared.open(turn("start", "other"))];
    await createDetector({ ruleSet, windows: one }).evaluate([failLogin("ann", { at: 0 })]);
    await createDetector({ ruleSet, windows: other }).evaluate([failLogin("ann", { at: 1 })]);
    await one.save();
    await expect(other.save()).rejects.toThrow("another batch");
    await expect(shared.open(turn("start", "third")).save()).rejects.toThrow("another batch");
    expect((await shared.look())?.batch).toBe("one");
  });

  it("find no group of an earlier life after they were filled anew", async () => {
    const shared = createSharedWindows(link, randomUUID());
    await shared.fill("start", 1, windowsOf(ruleSet), createMemoryWindows());
    await inRedis(shared).evaluate([failLogin("ann", { at: 0 }), failLogin("ann", { at: 1 })]);
    await shared.fill("start", 1, windowsOf(ruleSet), createMemoryWindows());
    expect((await inRedis(shared).evaluate([failLogin("ann", { at: 2 })])).detections).toEqual([]);
  });
});
