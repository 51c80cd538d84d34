/** Windows in Redis: what a million groups need there, and how fast groups go through a batch, beside windows in memory. */
import { randomUUID } from "node:crypto";
import { createDetector, windowsOf } from "../src/detect/detector.ts";
import { createMemoryWindows } from "../src/detect/windows/memory.ts";
import { createSharedWindows } from "../src/detect/windows/redis.ts";
import { createRedisLink } from "../src/detect/windows/redis-link.ts";
import { createLog } from "../src/log.ts";
import { compiled, failedLogin, failLogin, threeFailures } from "../test/detect/rules.ts";
import { ownRedis } from "../test/support/redis.ts";
import { compared } from "./compared.ts";
import type { Figure } from "./run.ts";

const groups = 100_000;
const batchSize = 5_000;
const rounds = 6; // entries in each group, in the end; the first round makes the groups, and does not count

export async function redisWindowsBench(): Promise<Figure[]> {
  const redis = await ownRedis();
  const link = createRedisLink(redis.url, createLog("silent"));
  await link.open();
  try {
    const { ruleSet } = compiled([failedLogin, threeFailures.replace("gte: 3", "gte: 10")]);
    const shared = createSharedWindows(link, randomUUID());
    await shared.fill("0", 1, windowsOf(ruleSet), createMemoryWindows());
    const used = async () => Number(/used_memory:(\d+)/.exec(await redis.client.info("memory"))?.[1]);
    const before = await used();
    const inMemory = createDetector({ ruleSet });
    const privacy = { unknownFields: "KEEP", phiFields: "KEEP", allowedAttributes: new Set<string>() } as const;
    let previous = { batchId: "0", receivedAt: 0 };
    const [ours, theirs]: [number[], number[]] = [[], []]; // groups a second, of a round
    for (let round = 0; round < rounds; round++) {
      let [shares, keeps] = [0, 0]; // ms
      for (let from = 0; from < groups; from += batchSize) {
        const events = Array.from({ length: batchSize }, (_, n) => failLogin(`user-${from + n}`, { at: round }));
        const began = performance.now();
        const turn = { batchId: randomUUID(), receivedAt: 0, previous, rulesVersion: 1, profilesVersion: 0, privacy };
        const batch = shared.open(turn);
        await createDetector({ ruleSet, windows: batch }).evaluate(events);
        await batch.save();
        previous = turn;
        const between = performance.now();
        await inMemory.evaluate(events);
        shares += between - began;
        keeps += performance.now() - between;
      }
      if (round === 0) continue;
      ours.push((groups * 1_000) / shares);
      theirs.push((groups * 1_000) / keeps);
    }
    const bytes = ((await used()) - before) / groups;
    const [, some = ""] = await redis.client
      .scan(0, "MATCH", "*@*", "COUNT", 100)
      .then(([next, keys]) => [next, keys[0]]);
    const text = [some, ...(await redis.client.lrange(some, 0, -1))].join("").length;
    const million = {
      subject: `a million groups of ${rounds} entries in Redis`,
      baseline: "their keys and texts alone",
    };
    const mebibytes = (each: number): number[] => [(each * 1e6) / 2 ** 20];
    return [
      compared(
        { bench: "redis-windows", subject: "groups through a batch in Redis", baseline: "in memory", unit: "groups/s" },
        ours,
        theirs,
      ),
      compared({ bench: "redis-windows", ...million, unit: "MiB" }, mebibytes(bytes), mebibytes(text)),
    ];
  } finally {
    await link.close();
    await redis.close();
  }
}
