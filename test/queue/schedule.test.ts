/** Schedules that are not as they should be: those of a clock that was wrong, those that lost their job, and those that are late. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type JobName, jobNames, jobs } from "../../src/queue/jobs.ts";
import { bulkQueue, sweepQueue, timeJobs, workJobs } from "../../src/queue/queue.ts";
import { openStore, type QueueStore } from "../../src/queue/store.ts";
import { connectRedis } from "../../src/redis.ts";
import { quiet, type TestDatabase, testDatabase } from "../support/database.ts";
import { redisDatabase } from "../support/given-redis.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(async () => {
  await database.close();
});

const urgent = jobNames.filter((name) => jobs[name].priority < 3);
const handlersOf = (run: (name: JobName) => Promise<void>) =>
  Object.fromEntries(jobNames.map((name) => [name, () => run(name)])) as Parameters<typeof workJobs>[1];

/** Does it while this process's clock is wrong by so many ms. */
async function whileClockIs(wrongBy: number, work: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + wrongBy });
  try {
    await work();
  } finally {
    vi.useRealTimers();
  }
}

describe("timers of one process", () => {
  it("run every job within a minute of the start, also those of every hour, and then as often as it is to run", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "clearInterval"] });
    const ran: JobName[] = [];
    const timed = timeJobs(
      handlersOf(async (name) => void ran.push(name)),
      quiet,
    );
    try {
      vi.advanceTimersByTime(60_000);
      expect(jobNames.filter((name) => !ran.includes(name))).toEqual([]);
      vi.advanceTimersByTime(3_600_000 - 60_000);
      expect(ran.filter((name) => name === "cleanup")).toHaveLength(2);
      await timed.close();
      vi.advanceTimersByTime(3_600_000);
      expect(ran.filter((name) => name === "cleanup")).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe.each(["Redis", "PostgreSQL"])("schedules on %s", (kind) => {
  const where: QueueStore = kind === "Redis" ? { redisUrl: redisDatabase(7) } : { postgresUrl: "" };
  let store: ReturnType<typeof openStore>;
  let queues: ReturnType<typeof store.queue>[];
  beforeAll(async () => {
    if ("postgresUrl" in where) where.postgresUrl = database.serverUrl;
    store = openStore(where, quiet);
    queues = [sweepQueue, bulkQueue].map((name) => store.queue(name));
  });
  afterAll(async () => {
    await Promise.all(queues.map((queue) => queue.close()));
    await store.close();
  });

  /** Works until these have run. */
  async function workUntil(names: readonly JobName[]): Promise<void> {
    const ran = new Set<JobName>();
    const handlers = handlersOf(async (name) => void ran.add(name));
    const worker = await workJobs(where, handlers, quiet);
    await expect.poll(() => names.filter((name) => !ran.has(name)), { timeout: 20_000 }).toEqual([]);
    await worker.close();
  }

  it("runs jobs again that a worker whose clock was a day ahead has put off", async () => {
    await whileClockIs(86_400_000, () => workUntil(jobNames));
    await workUntil(jobNames);
  }, 60_000);

  it("runs jobs again whose next run was lost minutes ago", async () => {
    for (const queue of queues) await queue.obliterate({ force: true });
    await whileClockIs(-300_000, () => workUntil(jobNames));
    if ("redisUrl" in where) {
      const redis = connectRedis(where.redisUrl, {});
      for (const queue of queues) await redis.del(queue.toKey("delayed"));
      await redis.quit();
    } else await database.asOwner("DELETE FROM bullmq.job WHERE state = 'delayed'");
    await workUntil(urgent);
  }, 60_000);

  it("leaves jobs alone that have waited for hours", async () => {
    for (const queue of queues) await queue.obliterate({ force: true });
    let begun = 0;
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handlers = handlersOf(() => {
      begun++;
      return held;
    });
    const workers: Awaited<ReturnType<typeof workJobs>>[] = [];
    await whileClockIs(-86_400_000, async () => {
      workers.push(await workJobs(where, handlers, quiet));
      await expect.poll(() => begun, { timeout: 20_000 }).toBe(5); // as many as are worked on at once
    });
    workers.push(await workJobs(where, handlers, quiet)); // looks at the schedules before it begins
    const waiting = (await Promise.all(queues.map((queue) => queue.getJobs(["prioritized"])))).flat();
    const names = waiting.map(({ name }) => name).sort();
    expect(names).not.toEqual([]);
    expect(names).toEqual([...new Set(names)]);
    release();
    await Promise.all(workers.map((worker) => worker.close()));
  }, 60_000);
});
