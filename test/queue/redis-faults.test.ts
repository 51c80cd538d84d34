/** D7: what befalls a Redis in its life, and that those who work the queue work on without being started anew. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/queue/store.ts";
import { quiet } from "../support/database.ts";
import { type OwnRedis, ownRedis } from "../support/redis.ts";

/** Breaks the Redis, and mends it; `add` adds a job, which may be refused meanwhile. */
const faults: Record<string, (redis: OwnRedis, add: () => Promise<unknown>) => Promise<void>> = {
  "is demoted to a replica and takes no writes (READONLY)": async ({ client }, add) => {
    await client.call("REPLICAOF", "127.0.0.1", "1");
    await expect(add()).rejects.toThrow(/READONLY|timed out|Connection/);
    await client.call("REPLICAOF", "NO", "ONE");
  },
  "reads its data in again (LOADING)": async (redis, add) => {
    for (let n = 0; n < 40; n++) await redis.client.set(`key-${n}`, "value");
    await redis.client.call("SAVE");
    await redis.kill();
    const loaded = redis.start("--key-load-delay", "50000"); // 50 ms a key: two seconds
    await expect(add()).rejects.toThrow();
    await loaded;
  },
  "unblocks who waits for work (UNBLOCKED)": async ({ client }) => {
    const waiting = async (): Promise<string | undefined> => {
      const clients = String(await client.call("CLIENT", "LIST")).split("\n");
      return /^id=(\d+) /.exec(clients.find((line) => /flags=\S*b/.test(line)) ?? "")?.[1];
    };
    await expect.poll(waiting, { timeout: 10_000 }).toBeDefined();
    expect(await client.call("CLIENT", "UNBLOCK", (await waiting()) as string, "ERROR")).toBe(1);
  },
  "is frozen with its socket open (SIGSTOP)": async (redis, add) => {
    redis.freeze();
    await expect(add()).rejects.toThrow(); // within its bound, for nobody may wait for it for ever
    redis.thaw();
  },
  "dies and comes back empty": async (redis, add) => {
    await redis.kill();
    await expect(add()).rejects.toThrow();
    await redis.start();
  },
};

describe.each(Object.entries(faults))("a Redis that %s", (_, fault) => {
  it("has its jobs run again once it is well", async () => {
    const redis = await ownRedis();
    const store = openStore({ redisUrl: redis.url }, quiet);
    const queue = store.queue("faults");
    const done: string[] = [];
    const worker = store.worker("faults", async (job) => void done.push(job.name));
    queue.on("error", () => undefined); // that it is away is what is tried here
    worker.on("error", () => undefined);
    const add = (name: string, jobId: string) => queue.add(name, {}, { jobId });
    await add("before", randomUUID());
    await expect.poll(() => done, { timeout: 10_000 }).toEqual(["before"]);
    await fault(redis, () => add("meanwhile", randomUUID()));
    await expect.poll(() => add("after", "after").then(Boolean, String), { timeout: 30_000 }).toBe(true);
    await expect.poll(() => done, { timeout: 30_000 }).toContain("after");
    await worker.close();
    await queue.close();
    await store.close();
    await redis.close();
  }, 90_000);
});
