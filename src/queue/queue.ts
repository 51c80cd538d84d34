/**
 * Runs the scheduled jobs: through BullMQ on Redis or PostgreSQL (any number of workers, one run each time), or, in an
 * installation of one process, by this process's own timers.
 */
import type { Queue } from "bullmq";
import { type Log, seldom } from "../log.ts";
import { atMost } from "./at-most.ts";
import { type JobName, jobNames, jobs } from "./jobs.ts";
import { openStore, type QueueStore } from "./store.ts";

export interface RunningJobs {
  close(): Promise<void>;
}

type Handlers = Record<JobName, () => Promise<void>>;
export const sweepQueue = "vigil-sweep";
export const bulkQueue = "vigil-bulk";
/** What may take long has a queue and workers of its own: it holds up nothing that people wait for. */
const lanes = [
  { name: sweepQueue, concurrency: 3, has: (job: JobName) => jobs[job].priority < 3 },
  { name: bulkQueue, concurrency: 2, has: (job: JobName) => jobs[job].priority === 3 },
].map(({ has, ...lane }) => ({ ...lane, jobs: jobNames.filter(has) }));
type Lane = (typeof lanes)[number];
const longestClose = 8_000; // ms: whoever started us waits 10 seconds
const lost = 120_000; // ms: so long past its time, a schedule whose job is not there has lost it
const strayed = 600_000; // ms: so far ahead of its time, a schedule was set by a clock that was wrong
const soonest = 60_000; // ms after the start that a job waits for its first run: a server may not live for an hour
const over = ["completed", "failed", "unknown"];

/** Works the jobs until closed; registers their schedules first, and forgets those of jobs that are no more. */
export async function workJobs(
  where: QueueStore,
  handlers: Handlers,
  log: Log,
  lookInterval = 20_000, // ms between two looks whether the schedules are as they should be: Redis may have been emptied
): Promise<RunningJobs> {
  const store = openStore(where, log);
  const opened = lanes.map((lane) => ({ lane, queue: store.queue(lane.name) }));
  const closeQueues = () => Promise.all(opened.map(({ queue }) => queue.close()));
  const scheduleAll = () => Promise.all(opened.map(({ lane, queue }) => schedule(lane, queue)));
  const unscheduled = seldom(log, "the jobs cannot be scheduled");
  const unworked = seldom(log, "the worker lost its queue");
  for (const { queue } of opened) queue.on("error", unscheduled);
  const scheduleAlone = () => store.alone(async () => void (await scheduleAll()));
  await scheduleAlone().catch(async (error: Error) => {
    await atMost(1_000, closeQueues());
    await atMost(1_000, store.close());
    throw error;
  });
  let looking: Promise<void> | undefined;
  function look(): void {
    looking ??= scheduleAlone()
      .catch(unscheduled)
      .finally(() => {
        looking = undefined;
      });
  }
  const timer = setInterval(look, lookInterval).unref();
  const workers = lanes.map(({ name, concurrency }) => {
    const worker = store.worker(name, (job) => handlers[job.name as JobName]?.() ?? Promise.resolve(), {
      concurrency,
      lockDuration: 60_000,
      stalledInterval: 30_000, // the job of a worker that died is another's half a minute later
      maxStalledCount: 2,
    });
    worker.on("failed", (job, error) =>
      log.error({ job: job?.name, jobId: job?.id, err: error.message }, "a job failed"),
    );
    worker.on("stalled", (jobId) => log.warn({ jobId }, "a job's worker died; another takes it"));
    worker.on("error", unworked);
    return worker;
  });
  return {
    async close() {
      clearInterval(timer);
      const closeWorkers = (force: boolean) => Promise.all(workers.map((worker) => worker.close(force)));
      const inTime = await atMost(longestClose, closeWorkers(false)); // what is under way may finish
      if (!inTime) await atMost(1_000, closeWorkers(true));
      await atMost(1_000, looking ?? Promise.resolve());
      await atMost(1_000, closeQueues());
      await atMost(1_000, store.close());
    },
  };
}

/** What is scheduled as it should be is left alone: scheduling it anew would run it at once. */
async function schedule(lane: Lane, queue: Queue): Promise<void> {
  const known = await queue.getJobSchedulers();
  for (const name of lane.jobs) {
    const { every, priority } = jobs[name];
    const before = known.find(({ key }) => key === name);
    if (before && Number(before.every) === every && before.template?.opts?.priority === priority) {
      const ahead = (before.next ?? 0) - Date.now();
      if (ahead > -lost && ahead < every + strayed) continue;
      // What waits or is under way is late, not lost: BullMQ would add another to it.
      if (ahead < 0 && !over.includes(await queue.getJobState(`repeat:${name}:${before.next}`))) continue;
      await queue.removeJobScheduler(name); // or BullMQ would go on from that time
    }
    const opts = { attempts: 3, priority, removeOnComplete: 100, removeOnFail: 1_000 };
    await queue.upsertJobScheduler(name, { every }, { name, data: {}, opts });
  }
  for (const { key } of known) {
    if (!(lane.jobs as string[]).includes(key)) await queue.removeJobScheduler(key);
  }
}

/** Runs the jobs by timers in this process, each for the first time within a minute. */
export function timeJobs(handlers: Handlers, log: Log): RunningJobs {
  const running = new Set<Promise<void>>();
  const timers = jobNames.flatMap((name) => {
    const { every } = jobs[name];
    const begin = (): void => {
      const run = handlers[name]()
        .catch((error) => log.error({ job: name, err: (error as Error).message }, "a job failed"))
        .finally(() => running.delete(run));
      running.add(run);
    };
    const soon = every > soonest ? [setTimeout(begin, soonest)] : [];
    return [...soon, setInterval(begin, every)].map((timer) => timer.unref());
  });
  return {
    async close() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
    },
  };
}
