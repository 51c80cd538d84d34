/** Windows in Redis that several processes use in turns: each reads what others changed, and writes what it changed. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDetector, windowsOf } from "../../../src/detect/detector.ts";
import { createMemoryWindows } from "../../../src/detect/windows/memory.ts";
import { createSharedWindows, type SharedWindows } from "../../../src/detect/windows/redis.ts";
import { createRedisLink, type RedisLink } from "../../../src/detect/windows/redis-link.ts";
import { StaleWindows } from "../../../src/detect/windows/shared-turn.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import { quiet } from "../../support/database.ts";
import fc from "../../support/property.ts";
import { type OwnRedis, ownRedis } from "../../support/redis.ts";
import { compiled, correlation, failedLogin, failLogin, idAt, selectionRule } from "../rules.ts";

const named = (name: string, lines: string, rules = "failed_login") =>
  `name: ${name}\n${correlation(lines).replace("[failed_login]", `[${rules}]`)}`.replace("Many", name);

const { ruleSet } = compiled([
  failedLogin,
  selectionRule("s: { event.action: export }\ncondition: s", {}, "Export").replace("title:", "name: export\ntitle:"),
  named("burst", "type: event_count\ngroup-by: [user.name]\ntimespan: 30s\ncondition: { gte: 3 }"),
  named("storm", "type: event_count\ngroup-by: [user.name]\ntimespan: 60s\ncondition: { gte: 3 }"),
  named("spray", "type: value_count\ngroup-by: [source.ip]\ntimespan: 40s\ncondition: { field: user.name, gte: 3 }"),
  named("volume", "type: value_sum\ngroup-by: [source.ip]\ntimespan: 20s\ncondition: { field: bytes, gt: 40 }"),
  named("order", "type: temporal_ordered\ngroup-by: [user.name]\ntimespan: 20s", "export, failed_login"),
  named("then", "type: temporal_ordered\ngroup-by: [user.name]\ntimespan: 40s", "burst, export"),
]);

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

/** Processes that take turns with the windows of one organization. */
async function processes(count: number) {
  const id = randomUUID();
  const all = Array.from({ length: count }, () => createSharedWindows(link, id));
  await (all[0] as SharedWindows).fill("start", 1, windowsOf(ruleSet), createMemoryWindows());
  for (const one of all) await one.look();
  let previous = "start";
  let hasEnded = false;
  return {
    /** As a turn leaves it that found nothing in Redis, and was then lost. */
    fillAgain: (by: number) => (all[by] as SharedWindows).fill(previous, 1, windowsOf(ruleSet), createMemoryWindows()),
    groups: async () => (await redis.client.keys(`{vigil:${id}}:*`)).filter((key) => !/:(state|before)$/.test(key)),
    asides: async () => (await redis.client.keys(`{vigil:${id}}:*:before`)).length,
    async evaluate(by: number, events: readonly SecurityEvent[]) {
      const before = previous;
      const batchId = randomUUID();
      const at = { receivedAt: 0, rulesVersion: 1, profilesVersion: 0 };
      const privacy = { unknownFields: "KEEP", phiFields: "KEEP", allowedAttributes: new Set<string>() } as const;
      const turn = { ...at, batchId, previous: { batchId: before, receivedAt: 0 }, privacy };
      const windows = all[by] as SharedWindows;
      const state = hasEnded ? await windows.look() : undefined;
      hasEnded = false;
      if (state) expect(await windows.takeBack(state.batch, before)).toBe(true);
      const batch = windows.open(turn);
      const { detections } = await createDetector({ ruleSet, windows: batch }).evaluate(events);
      await batch.save();
      previous = batchId;
      return {
        detections,
        async undo() {
          await batch.undo();
          previous = before;
        },
        /** Another process is in its place, which knows nothing. */
        end() {
          all[by] = createSharedWindows(link, id);
          hasEnded = true;
          previous = before;
        },
      };
    },
  };
}

const storm = (user: string, ...at: number[]) => at.map((second) => failLogin(user, { at: second }));
const ofStorm = (told: { detections: { ruleName: string; eventCount: number }[] }) =>
  told.detections.filter(({ ruleName }) => ruleName === "storm").map(({ eventCount }) => eventCount);

const happened = fc.array(
  fc.record({
    user: fc.constantFrom("ann", "bob", "cyn"),
    from: fc.constantFrom("192.0.2.1", "192.0.2.2"),
    gap: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 12 }) }, fc.integer({ min: 600, max: 2_000 })),
    late: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 800 })),
    bytes: fc.integer({ min: 0, max: 30 }),
    action: fc.constantFrom("login", "login", "export"),
  }),
  { minLength: 20, maxLength: 150 },
);
const turns = fc.array(
  fc.record({ by: fc.integer({ min: 0, max: 2 }), size: fc.integer({ min: 1, max: 25 }), isLost: fc.boolean() }),
  { minLength: 3, maxLength: 12 },
);

describe("windows in Redis that processes share", () => {
  it("come to what windows in memory come to, whoever has the turn and whichever turns are lost", async () => {
    await fc.assert(
      fc.asyncProperty(happened, turns, async (wishes, order) => {
        const shared = await processes(3);
        const inMemory = createDetector({ ruleSet });
        let now = 0;
        const events = wishes.map(({ user, gap, late, bytes, ...wish }) => {
          now += gap;
          const made = failLogin(user, { ...wish, at: now - late, arrives: now, attributes: { bytes } });
          return { ...made, id: idAt(made.receivedAt) };
        });
        for (let from = 0, n = 0; from < events.length; n++) {
          const { by, size, isLost } = order[n % order.length] as { by: number; size: number; isLost: boolean };
          const some = events.slice(from, from + size);
          const ours = await shared.evaluate(by, some);
          const theirs = await inMemory.evaluate(some);
          expect(ours.detections).toEqual(theirs.detections);
          if (isLost && n % 3 === 0) {
            if (size % 2 === 0) await ours.undo();
            else ours.end();
            theirs.undo();
            if (n % 2 === 0) continue; // and it comes again
          }
          from += size;
          if (n > 200) break;
        }
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it("are read by nobody who had the turn before, and written as far as they grew", async () => {
    const shared = await processes(2);
    await shared.evaluate(0, storm("ann", 1, 2, 3, 4, 5, 6, 7, 8, 9));
    const sizeOf = async () => {
      const lists = await Promise.all((await shared.groups()).map((key) => redis.client.lrange(key, 0, -1)));
      return lists.map((list) => list.map(({ length }) => length));
    };
    const whole = (await sizeOf()).flat();
    await redis.client.config("RESETSTAT");
    expect(ofStorm(await shared.evaluate(0, storm("ann", 10)))).toEqual([10]);
    const used = await redis.client.info("commandstats");
    expect(used).not.toMatch(/cmdstat_(hget|get|mget)\b/);
    expect(used).toMatch(/cmdstat_eval:calls=1,/);
    const grown = (await sizeOf()).flat();
    expect(grown.length).toBeGreaterThan(whole.length);
    const [before, after] = [whole, grown].map((sizes) => sizes.reduce((sum, size) => sum + size, 0)) as [
      number,
      number,
    ];
    expect(after - before).toBeLessThan(before);
    // The other one reads what it does not know: all of it, and later what came since.
    expect(ofStorm(await shared.evaluate(1, storm("ann", 11)))).toEqual([11]);
    expect(ofStorm(await shared.evaluate(0, storm("ann", 12)))).toEqual([12]);
    expect(ofStorm(await shared.evaluate(1, storm("ann", 13)))).toEqual([13]);
  });

  it("are not taken back to before a batch that was not the last, nor twice, nor over new rules", async () => {
    const id = randomUUID();
    const windows = createSharedWindows(link, id);
    await windows.fill("one", 1, windowsOf(ruleSet), createMemoryWindows());
    const shared = await processes(1);
    await shared.evaluate(0, storm("ann", 1));
    expect(await windows.takeBack("one", "none")).toBe(false);
    for (let second = 2; second < 40; second++) await shared.evaluate(0, storm("ann", second));
    expect(await shared.asides()).toBeLessThanOrEqual(9); // those of the last batch, and the list that names them
  });

  it("are saved, and taken back, whole, however many groups a batch touched", async () => {
    const shared = await processes(1);
    const many = Array.from({ length: 10_000 }, (_, n) => storm(`user ${n}`, 1)).flat();
    (await shared.evaluate(0, many)).end();
    expect((await shared.groups()).length).toBeGreaterThan(30_000); // more than a function takes arguments
    await shared.evaluate(0, storm("ann", 2));
    expect((await shared.groups()).length).toBeLessThan(10);
  });

  it("are written whole where Redis has lost one of them", async () => {
    const shared = await processes(2);
    await shared.evaluate(0, storm("ann", 1, 2));
    for (const key of await shared.groups()) await redis.client.del(key);
    await shared.evaluate(0, storm("ann", 3));
    expect(ofStorm(await shared.evaluate(1, storm("ann", 4)))).toEqual([4]);
  });

  it("are built anew where what Redis holds of a group cannot be read", async () => {
    const shared = await processes(2);
    await shared.evaluate(0, storm("ann", 1, 2));
    for (const key of await shared.groups()) await redis.client.rpush(key, '{"out":[[90,1]],"in":[],"at":[7]}');
    await expect(shared.evaluate(1, storm("ann", 3))).rejects.toThrow(StaleWindows);
  });

  it("hold no group that Redis holds no more, whoever knew it", async () => {
    const shared = await processes(2);
    await shared.evaluate(0, storm("ann", 1, 2));
    for (const key of await shared.groups()) await redis.client.del(key);
    await shared.evaluate(1, storm("bob", 3));
    expect(ofStorm(await shared.evaluate(0, storm("ann", 4)))).toEqual([]);
    expect(ofStorm(await shared.evaluate(0, storm("ann", 5, 6)))).toEqual([3]);
  });

  it("are not written by whoever does not know that another has filled them anew", async () => {
    const shared = await processes(2);
    await shared.evaluate(0, storm("ann", 1, 2));
    await shared.fillAgain(1);
    await expect(shared.evaluate(0, storm("ann", 3))).rejects.toThrow(StaleWindows);
  });
});
