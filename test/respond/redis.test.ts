import { afterAll, beforeAll, expect, it } from "vitest";
import { answerFromRedis } from "../../src/queue/doorbell.ts";
import type { RunningJobs } from "../../src/queue/queue.ts";
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
  while (!(await decisionsInForce(server)).some(({ value }) => value === ip));
}

it("with Redis the bell wakes a worker, and the decision is there within half a second of the event", async () => {
  const took: number[] = [];
  for (let turn = 1; turn <= 7; turn++) {
    const ip = `203.0.113.${turn}`;
    const started = performance.now();
    await attack(server, [{ ip }]);
    await blocked(ip);
    took.push(performance.now() - started);
  }
  expect(Math.min(...took)).toBeLessThan(500); // of several: a machine that is busy with other tests says nothing
});

it("without Redis nothing is lost: the sweep responds to what no bell told of", async () => {
  await redis.kill();
  await attack(server, [{ ip: "203.0.113.99" }]);
  await worker.app.sweep.respond();
  expect((await decisionsInForce(server)).map(({ value }) => value)).toContain("203.0.113.99");
  await redis.start();
});
