/** Redis fails, is frozen, comes back, or is set to evict keys: no event is lost, missed or counted twice. */
import { describe, expect, it } from "vitest";
import { ownRedis } from "../../support/redis.ts";
import { type TestServer, testServer } from "../../support/server.ts";

/** Two servers on a database and a Redis of their own. */
async function opened() {
  const redis = await ownRedis();
  const first = await testServer({ redisUrl: redis.url });
  const second = await testServer({ redisUrl: redis.url, beside: first });
  return {
    redis,
    first,
    second,
    titles: async () =>
      (await first.database.db.query(first.ours, "SELECT title, event_count AS events FROM security_incidents")).rows,
    async [Symbol.asyncDispose](): Promise<void> {
      redis.thaw();
      await second.close();
      await first.close();
      await redis.close();
    },
  };
}

const windows = async (server: TestServer) => (await server.app.health()).parts.find(({ name }) => name === "windows");

describe("two servers of one organization", { timeout: 60_000 }, () => {
  // These wait beside each other; what is bound in time goes alone, below.
  it("see together what neither sees alone", { concurrent: true }, async ({ expect }) => {
    await using two = await opened();
    const { first, second, titles } = two;
    for (const server of [first, second, first, second, first]) await server.failLogins("ann", { times: 2 });
    expect(await titles()).toMatchObject([{ title: expect.stringContaining("ann"), events: 10 }]);
  });

  it("D6: go on in memory while Redis is gone, say so, and share it again when it is back and empty", {
    concurrent: true,
  }, async ({ expect }) => {
    await using two = await opened();
    const { redis, first, second, titles } = two;
    for (const server of [first, second]) await server.failLogins("ann", { times: 2 });
    await redis.kill();
    for (const server of [first, second]) await server.failLogins("ann", { times: 2 });
    await expect.poll(() => windows(first)).toMatchObject({ ok: false, detail: expect.stringContaining("in memory") });
    expect(await first.app.health()).toMatchObject({ ok: false, ready: true });
    await redis.start();
    for (const server of [first, second])
      await expect.poll(() => windows(server), { timeout: 15_000 }).toMatchObject({ ok: true });
    expect(await titles()).toEqual([]);
    await second.failLogins("ann", { times: 1 });
    await first.failLogins("ann", { times: 1 });
    expect(await titles()).toMatchObject([{ title: expect.stringContaining("ann"), events: 10 }]);
    expect((await redis.client.keys("{vigil:*}:windows:*")).length).toBeGreaterThan(1);
  });

  it("F14: refuse to start on a Redis that may evict keys, and leave one that is set so later", {
    concurrent: true,
  }, async ({ expect }) => {
    await using two = await opened();
    const { redis, first, second, titles } = two;
    await redis.client.config("SET", "maxmemory-policy", "allkeys-lru");
    await expect(testServer({ redisUrl: redis.url, beside: first })).rejects.toThrow("noeviction");
    await expect
      .poll(() => windows(first), { timeout: 10_000 })
      .toMatchObject({ ok: false, detail: expect.stringContaining("allkeys-lru") });
    await first.failLogins("ann", { times: 5 });
    await second.failLogins("ann", { times: 5 });
    expect(await titles()).toMatchObject([{ events: 10 }]);
  });

  it("F15: wait for a frozen Redis no longer than its bound", async () => {
    await using two = await opened();
    const { redis, first, second, titles } = two;
    await first.failLogins("ann", { times: 5 });
    redis.freeze();
    const began = performance.now();
    const { accepted } = await second.failLogins("ann", { times: 5 });
    expect(performance.now() - began).toBeLessThan(8_000);
    expect(accepted).toBe(5);
    expect(await titles()).toMatchObject([{ events: 10 }]);
  });

  it("F15: use what Redis holds when it answers again after a moment, and build nothing anew", async () => {
    await using two = await opened();
    const { redis, first, titles } = two;
    const rebuilt = async () => (await windows(first))?.detail?.replace(/.*rebuilt/, "rebuilt");
    await first.failLogins("ann", { times: 4 });
    const before = await rebuilt();
    redis.freeze();
    const sent = first.failLogins("ann", { times: 4 });
    await expect.poll(() => first.app.health().then(({ ok }) => ok), { timeout: 10_000 }).toBe(false);
    redis.thaw();
    expect(await sent).toMatchObject({ accepted: 4 });
    await first.failLogins("ann", { times: 2 });
    await expect.poll(() => windows(first)).toMatchObject({ ok: true });
    expect(await rebuilt()).toBe(before);
    expect(await titles()).toMatchObject([{ events: 10 }]);
  });
});
