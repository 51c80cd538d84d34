import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { answerFromRedis } from "../../src/queue/doorbell.ts";
import type { RunningJobs } from "../../src/queue/queue.ts";
import { openStore } from "../../src/queue/store.ts";
import { quiet } from "../support/database.ts";
import { type OwnRedis, ownRedis } from "../support/redis.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { attack, attackRules, decisionsInForce, noRules, respondBy } from "./incidents.ts";

let redis: OwnRedis;
let server: TestServer;
let worker: TestServer;
let bell: RunningJobs;

beforeAll(async () => {
  redis = await ownRedis();
  server = await testServer({ redisUrl: redis.url });
  worker = await testServer({ redisUrl: redis.url, beside: server });
  bell = answerFromRedis(redis.url, worker.app.respond, quiet);
  await attackRules(server, ["critical"]);
  await noRules(server);
  await respondBy(server, { actions: [{ type: "BLOCK_IP" }] });
  await attack(server, [{ ip: "203.0.113.250" }]); // compiles the rules
  await blocked("203.0.113.250");
});
afterAll(async () => {
  await bell.close();
  await worker.close();
  await server.close();
  await redis.close();
});

/** Looks until it is blocked; the test's own time limit ends it otherwise. */
async function blocked(ip: string): Promise<void> {
  while (!(await decisionsInForce(server)).some(({ value }) => value === ip)) await wait(20);
}

it("with Redis the bell wakes a worker, which responds: no sweep runs here", async () => {
  for (let turn = 1; turn <= 3; turn++) {
    await attack(server, [{ ip: `203.0.113.${turn}` }]);
    await blocked(`203.0.113.${turn}`);
  }
});

it("T8: a job that names no organization is put aside, once, and nobody is visited for it", async () => {
  const visited: string[] = [];
  const store = openStore({ redisUrl: redis.url }, quiet);
  const queue = store.queue("vigil-nowhere");
  const strict = answerFromRedis(redis.url, async (id) => void visited.push(id), quiet, "vigil-nowhere");
  const jobs = [{}, null, { organizationId: "" }, { organizationId: "demo' OR 1=1" }, { organizationId: server.ours }];
  await queue.addBulk(jobs.map((data) => ({ name: "ring", data, opts: { attempts: 3 } })));
  const settled = async () => (await queue.getJobCountByTypes("failed", "completed")) === jobs.length;
  while (!(await settled())) await wait(20);
  const failed = await queue.getFailed();
  expect(failed.map(({ attemptsMade, failedReason }) => [attemptsMade, failedReason])).toEqual(
    Array(4).fill([1, "the job names no organization"]),
  );
  expect(visited).toEqual([server.ours]);
  await strict.close();
  await queue.close();
  await store.close();
});

it("without Redis nothing is lost: the sweep responds to what no bell told of", async () => {
  await redis.kill();
  await attack(server, [{ ip: "203.0.113.99" }]);
  await worker.app.sweep.respond();
  expect((await decisionsInForce(server)).map(({ value }) => value)).toContain("203.0.113.99");
  await redis.start();
});
