import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createApiKey } from "../src/access/api-keys.ts";
import { createClient } from "../src/client/index.ts";
import { answerFromRedis, type Doorbell, ringWorkers } from "../src/queue/doorbell.ts";
import { jobNames } from "../src/queue/jobs.ts";
import { type RunningJobs, workJobs } from "../src/queue/queue.ts";
import { incidentEvents } from "./client/operations.ts";
import { quiet } from "./support/database.ts";
import { type OwnRedis, ownRedis } from "./support/redis.ts";
import { type TestServer, testServer } from "./support/server.ts";

let redis: OwnRedis;
let first: TestServer;
let second: TestServer;
let workers: Awaited<ReturnType<typeof workJobs>>[];
let worker: RunningJobs;
let bell: Doorbell;
const ran: string[] = [];
const answered: string[] = [];
beforeAll(async () => {
  redis = await ownRedis();
  first = await testServer({ redisUrl: redis.url });
  second = await testServer({ redisUrl: redis.url, beside: first });
  const watched = ({ app }: TestServer) =>
    Object.fromEntries(
      jobNames.map((name) => [name, () => app.sweep[name]().then(() => void ran.push(name))]),
    ) as TestServer["app"]["sweep"];
  workers = await Promise.all(
    [first, second].map((server) => workJobs({ redisUrl: redis.url }, watched(server), quiet, 500)),
  );
  worker = answerFromRedis(redis.url, async (id) => void answered.push(id), quiet, "test-bells");
  bell = ringWorkers(redis.url, quiet, "test-bells");
});
afterAll(async () => {
  for (const one of [bell, worker, ...workers]) await one.close();
  await second.close();
  await first.close();
  await redis.close();
});

const clientOf = (server: TestServer, token = server.admin) =>
  createClient({ url: server.url, token, webSocket: WebSocket, retry: { first: 50, longest: 500 } });

/** The entities of the incident feed's changes, as the database has them. */
async function changes(): Promise<string[]> {
  const rows = await first.database.asOwner<{ entity_id: string }>(
    "SELECT entity_id FROM changes WHERE organization_id = $1 AND topic = 'incident' ORDER BY xid, id",
    [first.ours],
  );
  return rows.map(({ entity_id }) => entity_id);
}

describe("two servers and two workers on one PostgreSQL and one Redis", () => {
  it.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
    ["emptied", () => redis.client.flushall(), async () => {}],
    ["frozen", async () => redis.freeze(), async () => redis.thaw()],
    ["killed and started empty", () => redis.kill(), () => redis.start()],
    [
      "read-only",
      () => redis.client.config("SET", "min-replicas-to-write", "1"),
      () => redis.client.config("SET", "min-replicas-to-write", "0"),
    ],
  ])(
    "D5, D7, W6: lose nothing and repeat nothing while Redis is %s, and work on by themselves",
    async (how, harm, mend) => {
      const client = clientOf(second);
      const known = (await changes()).length;
      const after = await first.app.feed.cursor(first.ours);
      const stream = client.follow(incidentEvents, {}, { after });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const event of stream) {
          if (event.type !== "change") throw new Error(event.type);
          seen.push(JSON.stringify(event.data.incidentEvents.incident?.number));
        }
      })();
      await first.failLogins(`before ${how}`, { times: 10 });
      await harm();
      const swept = ran.length;
      bell.ring(first.ours); // lost, perhaps; it holds up nobody
      const during = await first.failLogins(`during ${how}`, { times: 10 });
      expect(during.status).toBe(200);
      await mend();
      await second.failLogins(`after ${how}`, { times: 10 });
      const due = (await changes()).slice(known);
      expect(due.length).toBeGreaterThanOrEqual(3);
      await expect.poll(() => seen.length, { timeout: 30_000 }).toBe(due.length);
      const numbers = await first.database.asOwner<{ id: string; number: number }>(
        "SELECT id, number FROM security_incidents WHERE organization_id = $1",
        [first.ours],
      );
      const byId = new Map(numbers.map(({ id, number }) => [id, String(number)]));
      expect(seen).toEqual(due.map((id) => byId.get(id)));
      await client.close();
      await reading;
      const before = answered.length;
      bell.ring(first.ours);
      await expect.poll(() => answered.length, { timeout: 30_000 }).toBeGreaterThan(before);
      // What Redis has forgotten is scheduled anew, and runs at once: from then on the sweeps find all work in PostgreSQL.
      if (how.includes("empt")) await expect.poll(() => ran.slice(swept), { timeout: 30_000 }).toContain("deliver");
    },
    90_000,
  );

  it("W4: end the streams of a key on one server within 5 s of its revocation on the other", async () => {
    const { id, secret } = await first.app.db.inOrganization(first.ours, (tx) =>
      createApiKey(tx, { name: "reader", role: "ENFORCER", actor: "tester", now: Date.now() }),
    );
    const after = await first.app.feed.cursor(first.ours);
    const client = clientOf(second, secret);
    const states: string[] = [];
    const document = "subscription ($after: String) { decisionEvents(after: $after) { cursor kind } }";
    const stream = client.follow(document, {}, { after, onState: ({ state }) => states.push(state) });
    const ended = stream.next().catch((error: unknown) => error);
    await expect.poll(() => states, { timeout: 5_000 }).toContain("live");
    const started = performance.now();
    await first.app.db.inOrganization(first.ours, (tx) =>
      tx.query("UPDATE api_keys SET revoked_at = now() WHERE organization_id = $1 AND id = $2", [first.ours, id]),
    );
    expect(await ended).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(performance.now() - started).toBeLessThan(7_000); // 5 s, and the client's own next try
    await client.close();
  });

  it("keep nothing of 10,000 subscriptions that were opened and dropped", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const channels = async () => ((await redis.client.pubsub("CHANNELS", "vigil:*")) as string[]).length;
    const heap = () => {
      collect();
      return process.memoryUsage().heapUsed / 1_048_576;
    };
    async function round(sockets: number): Promise<void> {
      const open = await Promise.all(
        Array.from({ length: sockets }, async () => {
          const socket = new WebSocket(`${second.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
          await new Promise((resolve) => socket.once("open", resolve));
          socket.send(
            JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${second.admin}` } }),
          );
          await new Promise((resolve) => socket.once("message", resolve));
          for (let id = 0; id < 100; id++) {
            // Every tenth has a document of its own, and so an execution, a reader and a bell of its own.
            const query = `subscription { incidentEvents { ${id % 10 === 0 ? `own${id}: ` : ""}cursor kind } }`;
            socket.send(JSON.stringify({ id: `${id}`, type: "subscribe", payload: { query } }));
          }
          return socket;
        }),
      );
      await expect.poll(() => second.streams().streams, { timeout: 30_000 }).toBe(11);
      await expect.poll(() => second.app.connections.count(), { timeout: 30_000 }).toBe(sockets);
      await expect.poll(channels, { timeout: 10_000 }).toBeGreaterThan(0); // subscribed to on the way
      for (const [n, socket] of open.entries()) {
        if (n % 2) for (let id = 0; id < 100; id++) socket.send(JSON.stringify({ id: `${id}`, type: "complete" }));
        if (n % 3 === 0) socket.terminate();
        else socket.close();
      }
      await expect.poll(() => second.streams().streams, { timeout: 30_000 }).toBe(0);
      await expect.poll(() => second.app.connections.count(), { timeout: 30_000 }).toBe(0);
      await expect.poll(channels, { timeout: 10_000 }).toBe(0);
    }
    await round(20); // what is made once
    const before = heap();
    for (let n = 0; n < 5; n++) await round(20);
    const grown = heap() - before;
    console.log(`10,000 subscriptions: ${before.toFixed(1)} MiB of heap before, ${grown.toFixed(1)} MiB more after`);
    expect(grown).toBeLessThan(8);
  }, 120_000);
});
