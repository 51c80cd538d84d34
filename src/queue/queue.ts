/**
 * Runs the scheduled jobs: through BullMQ on Redis (any number of workers, one run each time), or, without Redis, by
 * this process's own timers.
 */
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Log } from "../log.ts";
import { type JobName, jobNames, jobs } from "./jobs.ts";

export interface RunningJobs {
  close(): Promise<void>;
}

type Handlers = Record<JobName, () => Promise<void>>;
const queueName = "vigil-sweep";

/** A connection of its own for a queue or a worker. */
export function connect(url: string, log: Log, forWorker: boolean): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: forWorker ? null : 1, connectionName: `vigil-queue` });
  redis.on("error", (error) => log.warn({ err: error.message }, "Redis is not reachable"));
  return redis;
}

/** Works the jobs from Redis until closed; registers their schedules first. */
export async function workJobs(redisUrl: string, handlers: Handlers, log: Log): Promise<RunningJobs> {
  const producer = connect(redisUrl, log, false);
  const consumer = connect(redisUrl, log, true);
  const queue = new Queue(queueName, { connection: producer });
  for (const name of jobNames) {
    await queue.upsertJobScheduler(
      name,
      { every: jobs[name].every },
      { name, data: {}, opts: { attempts: 3, removeOnComplete: 100, removeOnFail: 1_000 } },
    );
  }
  const worker = new Worker(queueName, (job) => handlers[job.name as JobName]?.() ?? Promise.resolve(), {
    connection: consumer,
    concurrency: 1,
  });
  worker.on("failed", (job, error) =>
    log.error({ job: job?.name, jobId: job?.id, err: error.message }, "a job failed"),
  );
  worker.on("error", (error) => log.warn({ err: error.message }, "the worker lost Redis"));
  return {
    async close() {
      await worker.close();
      await queue.close();
      producer.disconnect();
      consumer.disconnect();
    },
  };
}

/** Runs the jobs by timers in this process. */
export function timeJobs(handlers: Handlers, log: Log): RunningJobs {
  const running = new Set<Promise<void>>();
  const timers = jobNames.map((name) =>
    setInterval(() => {
      const run = handlers[name]()
        .catch((error) => log.error({ job: name, err: (error as Error).message }, "a job failed"))
        .finally(() => running.delete(run));
      running.add(run);
    }, jobs[name].every).unref(),
  );
  return {
    async close() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
    },
  };
}
