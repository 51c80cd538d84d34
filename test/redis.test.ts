import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { type JobName, jobNames } from "../src/queue/jobs.ts";
import { workJobs } from "../src/queue/queue.ts";
import { incidentEvents } from "./client/operations.ts";
import { quiet } from "./support/database.ts";
import { type TestServer, testServer } from "./support/server.ts";

const poll = 5_000; // ms: how soon a server looks by itself when no bell rings

let first: TestServer;
let second: TestServer;
beforeAll(async () => {
  first = await testServer({ redisUrl: inject("redisUrl") });
  second = await testServer({ redisUrl: inject("redisUrl"), beside: first });
});
afterAll(async () => {
  await second.close();
  await first.close();
});

it("Redis carries the bell from the server that takes the events to the one that is listened to", async () => {
  const stream = second.subscribe(incidentEvents, { after: await first.app.feed.cursor(first.ours) });
  const times: number[] = [];
  // Several in a row: without the bell, the waits between them would be of the poll's length.
  for (const user of ["ann", "bob", "carol"]) {
    const next = stream.next();
    await first.failLogins(user, { times: 10 });
    const stored = performance.now();
    expect((await next).incidentEvents).toMatchObject({ kind: "OPENED", incident: { status: "OPEN" } });
    times.push(performance.now() - stored);
  }
  await stream.close();
  expect(Math.max(...times)).toBeLessThan(2_000);
  expect(times.reduce((sum, time) => sum + time)).toBeLessThan(poll);
});

it("Redis runs a job for the workers that share it, and a failed one again", async () => {
  const ran: string[] = [];
  let done: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const handler = (name: string) => async () => {
    ran.push(name);
    if (jobNames.every((job) => ran.includes(job))) done();
  };
  const handlers = Object.fromEntries(jobNames.map((job) => [job, handler(job)])) as Record<
    JobName,
    () => Promise<void>
  >;
  // A Redis database of its own: another test's worker would take these jobs.
  const workers = await Promise.all(
    [1, 2].map(() => workJobs(new URL("/2", inject("redisUrl")).href, handlers, quiet)),
  );
  await finished;
  await Promise.all(workers.map((worker) => worker.close()));
  expect(ran.sort()).toEqual([...jobNames].sort());
});
