import { randomUUID } from "node:crypto";
import type { Job } from "bullmq";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { watchDepths } from "../src/queue/depth.ts";
import { jobNames, jobs } from "../src/queue/jobs.ts";
import { bulkQueue, sweepQueue, workJobs } from "../src/queue/queue.ts";
import { openStore, type QueueStore } from "../src/queue/store.ts";
import { incidentEvents } from "./client/operations.ts";
import { quiet } from "./support/database.ts";
import { redisDatabase } from "./support/given-redis.ts";
import { type TestServer, testServer } from "./support/server.ts";

const bulk = jobNames.filter((name) => jobs[name].priority === 3);
const urgent = jobNames.filter((name) => jobs[name].priority < 3);
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

describe.each(["Redis", "PostgreSQL"])("the queue on %s", (kind) => {
  const where = (database: number): QueueStore =>
    kind === "Redis" ? { redisUrl: redisDatabase(database) } : { postgresUrl: first.database.serverUrl };

  it("runs a job once for the workers that share it, a failed one again, and says how full it is", async () => {
    const ran: string[] = [];
    let isFirst = true;
    const handler = (name: string) => async () => {
      if (name === "clocks" && isFirst) {
        isFirst = false;
        throw new Error("the first try fails");
      }
      ran.push(name);
    };
    const handlers = Object.fromEntries(jobNames.map((name) => [name, handler(name)])) as Parameters<
      typeof workJobs
    >[1];
    const depths = watchDepths(where(2), [sweepQueue, bulkQueue], quiet);
    const workers = await Promise.all([1, 2].map(() => workJobs(where(2), handlers, quiet)));
    await expect.poll(() => [...ran].sort(), { timeout: 20_000 }).toEqual([...jobNames].sort());
    expect(isFirst).toBe(false);
    await expect
      .poll(async () => (await depths.part()).detail, { timeout: 10_000 })
      .toBe(
        `${sweepQueue}: 0 waiting, 0 active, ${urgent.length} delayed, 0 failed; ` +
          `${bulkQueue}: 0 waiting, 0 active, ${bulk.length} delayed, 0 failed`,
      );
    await Promise.all(workers.map((worker) => worker.close()));
    await depths.close();
  });

  it("has done what people wait for, while all that may take long takes long", async () => {
    const [ran, begun]: [string[], string[]] = [[], []];
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handlers = Object.fromEntries([
      ...urgent.map((name) => [name, async () => void ran.push(name)]),
      ...bulk.map((name) => [
        name,
        () => {
          begun.push(name);
          return held;
        },
      ]),
    ]) as Parameters<typeof workJobs>[1];
    const worker = await workJobs(where(6), handlers, quiet);
    const store = openStore(where(6), quiet);
    const queues = [store.queue(bulkQueue), store.queue(sweepQueue)] as const;
    for (const name of bulk) await queues[0].add(name, {}, { jobId: randomUUID() });
    await expect.poll(() => begun.length, { timeout: 20_000 }).toBe(2);
    ran.length = 0;
    for (const name of urgent) await queues[1].add(name, {}, { jobId: randomUUID() });
    await expect.poll(() => urgent.filter((name) => !ran.includes(name)), { timeout: 20_000 }).toEqual([]);
    expect(begun).toHaveLength(2);
    release();
    await expect.poll(() => bulk.filter((name) => !begun.includes(name)), { timeout: 20_000 }).toEqual([]);
    await worker.close();
    await Promise.all(queues.map((queue) => queue.close()));
    await store.close();
  });

  it("takes what is urgent first, what is delayed later, one of a kind at a time, and finishes what is under way", async () => {
    const store = openStore(where(3), quiet);
    const name = `test-${kind.toLowerCase()}`;
    const queue = store.queue(name);
    const done: string[] = [];
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    // With ids of our own: for others BullMQ would make a sequence, which the server's role may not.
    const add = (job: string, opts: object) => queue.add(job, {}, { jobId: randomUUID(), ...opts });
    const later = await add("later", { delay: 300 });
    await add("bulk", { priority: 3 });
    await add("urgent", { priority: 1 });
    const worker = store.worker(name, async (job) => {
      done.push(job.name);
      if (job.name === "bell") await held;
    });
    await expect.poll(() => done, { timeout: 10_000 }).toHaveLength(3);
    expect(done.filter((job) => job !== "later")).toEqual(["urgent", "bulk"]);
    const seen = await queue.getJob(later.id as string);
    expect((seen?.processedOn as number) - later.timestamp).toBeGreaterThanOrEqual(300);
    const ring = () => add("bell", { deduplication: { id: "one", keepLastIfActive: true } });
    await ring();
    await expect.poll(() => done.length, { timeout: 10_000 }).toBe(4);
    await Promise.all([ring(), ring(), ring()]); // while it is answered
    expect((await queue.getJobCounts("active")).active).toBe(1);
    release();
    await expect.poll(() => done.slice(3), { timeout: 10_000 }).toEqual(["bell", "bell"]);
    await add("last", {});
    await expect.poll(() => done.length, { timeout: 10_000 }).toBe(6);
    await worker.close();
    expect(done.at(-1)).toBe("last");
    await queue.close();
    await store.close();
  });

  it("D9 gives the job of a worker that died to another, and puts it aside when every worker dies of it", async () => {
    const store = openStore(where(4), quiet);
    const name = `dies-${kind.toLowerCase()}`;
    const queue = store.queue(name);
    const lock = { lockDuration: 500, stalledInterval: 300, maxStalledCount: 1 };
    let took = 0;
    /** Takes a job, and is gone without a word: nobody keeps its lock from running out. */
    const die = async (): Promise<void> => {
      const before = took;
      const worker = store.worker(name, () => new Promise(() => void took++), { ...lock, skipStalledCheck: true });
      await expect.poll(() => took, { timeout: 10_000 }).toBe(before + 1);
      await worker.close(true);
    };
    const done: string[] = [];
    await queue.add("mortal", {}, { jobId: randomUUID() });
    await die();
    expect(await queue.getJobCounts("active", "completed")).toMatchObject({ active: 1 });
    const stalled: string[] = [];
    const heir = store.worker(name, async (job) => void done.push(job.name), lock);
    heir.on("stalled", (id) => stalled.push(id));
    await expect.poll(() => done, { timeout: 20_000 }).toEqual(["mortal"]);
    await expect.poll(() => stalled, { timeout: 10_000 }).toHaveLength(1);
    await heir.close();
    const poison = await queue.add("poison", {}, { jobId: randomUUID() });
    await die();
    const strict = store.worker(name, async (job) => void done.push(job.name), { ...lock, maxStalledCount: 0 });
    const failedReason = async () => (await queue.getJob(poison.id as string))?.failedReason;
    await expect.poll(failedReason, { timeout: 20_000 }).toMatch(/stalled more than/);
    expect(done).toEqual(["mortal"]);
    await strict.close();
    await queue.close();
    await store.close();
  });

  it("lets no more jobs through in a time than its limit, and all of them in the end", async () => {
    const store = openStore(where(5), quiet);
    const name = `limited-${kind.toLowerCase()}`;
    const queue = store.queue(name);
    const began: number[] = [];
    await Promise.all(Array.from({ length: 6 }, () => queue.add("one", {}, { jobId: randomUUID() })));
    const limiter = { max: 2, duration: 400 };
    const worker = store.worker(name, async (job) => void began.push((job as Job).processedOn as number), {
      concurrency: 8,
      limiter,
    });
    await expect.poll(() => began.length, { timeout: 20_000 }).toBe(6);
    await worker.close();
    began.sort((a, b) => a - b); // as they were given out, whenever this process came to them
    // Whatever the machine does, a third job begins no sooner than the time after the first of the two before it.
    for (const [n, at] of began.entries()) {
      if (n >= 3) expect(at - (began[n - 3] as number)).toBeGreaterThan(200);
    }
    await queue.close();
    await store.close();
  });
});

it("the server's role works with the queue's tables, and cannot change how they are made", async () => {
  const client = new pg.Client({ connectionString: first.database.serverUrl });
  await client.connect();
  await expect(client.query("DROP TABLE bullmq.job")).rejects.toThrow(/must be owner/);
  await expect(client.query("CREATE TABLE bullmq.mine ()")).rejects.toThrow(/permission denied/);
  await client.end();
});

it("status says how full the queues are", async () => {
  const { data } = await first.query("{ status { parts { name ok detail } } }" as never, {} as never);
  const { parts } = (data as { status: { parts: { name: string; ok: boolean; detail: string }[] } }).status;
  const part = parts.find(({ name }) => name === "queues");
  expect(part).toMatchObject({
    detail: expect.stringMatching(/vigil-sweep: .* vigil-bulk: .* vigil-respond: .* vigil-deliver: /),
  });
});
