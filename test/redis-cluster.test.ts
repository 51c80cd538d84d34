/** Two servers and a worker on a Redis Cluster of three nodes: what one server does with one Redis, it does with this. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkRedis } from "../src/doctor/redis.ts";
import { countTogether } from "../src/publish/connections-together.ts";
import { answerFromRedis, ringWorkers } from "../src/queue/doorbell.ts";
import { workJobs } from "../src/queue/queue.ts";
import { createCounter } from "../src/server/counter.ts";
import { connectForLimits } from "../src/server/limits-redis.ts";
import { incidentEvents } from "./client/operations.ts";
import { quiet } from "./support/database.ts";
import { type OwnCluster, ownCluster } from "./support/redis.ts";
import { type TestServer, testServer } from "./support/server.ts";

let cluster: OwnCluster;
let first: TestServer;
let second: TestServer;
beforeAll(async () => {
  cluster = await ownCluster();
  const env = { VIGIL_CONNECTION_LIMITS: "viewer=3" };
  first = await testServer({ redisUrl: cluster.url, env });
  second = await testServer({ redisUrl: cluster.url, env, beside: first });
});
afterAll(async () => {
  await second.close();
  await first.close();
  await cluster.close();
});

const patient = { timeout: 20_000 };
const shardChannels = async (): Promise<number> =>
  (await Promise.all(cluster.client.nodes("master").map((node) => node.pubsub("SHARDCHANNELS", "*")))).flat().length;

it("carries bells from one server to followers on the other, each through the node of its channel", async () => {
  const after = await first.app.feed.cursor(first.ours);
  const open = [
    second.subscribe(incidentEvents, { after }),
    await second.subscribeSse(incidentEvents, { after }),
    second.subscribe(incidentEvents, {}, second.outsider),
  ];
  const theirs = open[2]?.next();
  await expect.poll(shardChannels, patient).toBeGreaterThanOrEqual(2);
  const times: number[] = [];
  for (const user of ["ann", "bob", "carol"]) {
    const waiting = open.slice(0, 2).map((frames) => frames.next());
    await first.failLogins(user, { times: 10 });
    const stored = performance.now();
    for (const seen of await Promise.all(waiting)) expect(seen.incidentEvents.kind).toBe("OPENED");
    times.push(performance.now() - stored);
  }
  expect(Math.min(...times)).toBeLessThan(2_000); // looking without a bell is every five seconds
  await first.failLogins("dan", { times: 10, as: first.otherKey });
  expect((await theirs)?.incidentEvents.kind).toBe("OPENED");
  for (const frames of open) await frames.close();
  await expect.poll(shardChannels, patient).toBe(0);
});

it("counts windows together, and keeps each organization's in one slot", async () => {
  for (const server of [first, second, first, second, first]) await server.failLogins("eve", { times: 2 });
  const { rows } = await first.database.db.query(
    first.ours,
    "SELECT event_count AS events FROM security_incidents WHERE title LIKE '%eve%'",
  );
  expect(rows).toEqual([{ events: 10 }]);
  const windows = (await cluster.keys()).filter((key) => key.includes(":windows:"));
  expect(windows.length).toBeGreaterThan(1);
  expect((await first.app.health()).parts.find(({ name }) => name === "windows")).toMatchObject({ ok: true });
});

it("passes the doctor, who looks at every node", async () => {
  const [answers, memory] = await checkRedis(cluster.url);
  expect(answers).toMatchObject({ level: "GOOD", says: expect.stringContaining("3 nodes") });
  expect(memory).toMatchObject({ level: "GOOD" });
});

it("runs jobs, and answers bells of the slow path", async () => {
  const ran: string[] = [];
  const answered: string[] = [];
  const handlers = new Proxy(first.app.sweep, { get: (_all, name) => async () => void ran.push(String(name)) });
  const jobs = await workJobs({ redisUrl: cluster.url }, handlers, quiet);
  const worker = answerFromRedis(cluster.url, async (id) => void answered.push(id), quiet, "test-bells");
  const bell = ringWorkers(cluster.url, quiet, "test-bells");
  bell.ring(first.ours);
  await expect.poll(() => answered, patient).toEqual([first.ours]);
  await expect.poll(() => ran.length, patient).toBeGreaterThan(3);
  for (const one of [bell, worker, jobs]) await one.close();
});

it("counts uses and connections of all servers together", async () => {
  const redis = connectForLimits(cluster.url, quiet);
  await expect.poll(() => redis.status, patient).toBe("ready");
  const [one, other] = [createCounter("test", 3, 60, redis), createCounter("test", 3, 60, redis)];
  for (const counter of [one, other, one]) await counter.consume("ann");
  await expect(other.consume("ann")).rejects.toMatchObject({ msBeforeNext: expect.any(Number) });

  const open = [];
  for (const server of [first, second, first]) {
    const frames = server.subscribe(incidentEvents, { after: await first.app.feed.cursor(first.ours) });
    open.push({ frames, ends: frames.next().catch((error: Error) => error) });
    const count = () => first.app.connections.count() + second.app.connections.count();
    await expect.poll(count, patient).toBe(open.length);
  }
  const refused = second.subscribe(incidentEvents, {});
  await expect(refused.next()).rejects.toMatchObject({ code: 4429, reason: expect.stringMatching(/at most 3 .*all/) });
  await refused.close();
  await open[0]?.frames.close(); // on the first server, and there is room on the second
  await expect.poll(() => first.app.connections.count(), patient).toBe(1);
  await expect
    .poll(
      async () => second.app.connections.enter("viewer", `${first.ours} USER cli`).then((leave) => leave(), String),
      patient,
    )
    .toBeUndefined();
  for (const { frames } of open) await frames.close();

  const together = countTogether(redis, "this", () => []);
  const key = "vigil:open:{viewer ann}";
  await cluster.client.hset(key, { killed: "7:1", lives: `2:${Date.now() + 60_000}` });
  expect(await together.allow("viewer ann", 2, 3)).toBe(false);
  expect(await together.allow("viewer ann", 1, 3)).toBe(true);
  expect(Object.keys(await cluster.client.hgetall(key)).sort()).toEqual(["lives", "this"]); // whoever was killed is forgotten
  together.tell("viewer ann", 0);
  await expect.poll(() => cluster.client.hkeys(key), patient).toEqual(["lives"]);
  together.close();
});

it("goes on from PostgreSQL while a node, and with it the cluster, is away", async () => {
  const after = await first.app.feed.cursor(first.ours);
  const frames = second.subscribe(incidentEvents, { after });
  await cluster.killOne();
  const seen = [frames.next(), frames.next()];
  for (const user of ["fay", "gus"]) expect((await first.failLogins(user, { times: 10 })).status).toBe(200);
  for (const one of await Promise.all(seen)) expect(one.incidentEvents.kind).toBe("OPENED");
  await frames.close();
}, 60_000);
