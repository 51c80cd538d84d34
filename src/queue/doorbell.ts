/**
 * The doorbell of a slow path: carries an organization's id and nothing else. Without Redis this process answers itself;
 * with it, a worker does, through BullMQ. A bell that is lost only delays: the sweep rings again.
 */
import { Queue, UnrecoverableError, Worker } from "bullmq";
import { validate as isUuid } from "uuid";
import type { Log } from "../log.ts";
import { connect, type RunningJobs } from "./queue.ts";

export interface Doorbell {
  ring(organizationId: string): void;
  /** Waits until nothing that was rung for here is under way. */
  close(): Promise<void>;
}

const respondQueue = "vigil-respond";

type Answer = (organizationId: string) => Promise<void>;

/** Waits no longer than this, ms: a Redis that is away keeps nobody from closing. Answers whether it was done in time. */
async function atMost(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  return Promise.race([work.then(() => true), over]).finally(() => clearTimeout(timer));
}

/** Answered here: one at a time per organization, and once more when it rang meanwhile. */
export function answerHere(answer: Answer, log: Log): Doorbell {
  const running = new Map<string, { again: boolean; done: Promise<void> }>();
  let closed = false;

  async function run(organizationId: string, state: { again: boolean }): Promise<void> {
    do {
      state.again = false;
      await answer(organizationId).catch((error: Error) =>
        log.error({ organizationId, err: error.message }, "a job failed; the sweep tries again"),
      );
    } while (state.again && !closed);
    running.delete(organizationId);
  }

  return {
    ring(organizationId) {
      const known = running.get(organizationId);
      if (closed) return;
      if (known) known.again = true;
      else {
        const state = { again: false, done: Promise.resolve() };
        running.set(organizationId, state);
        state.done = run(organizationId, state);
      }
    },
    async close() {
      closed = true;
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}

/** Answered by whichever worker is free. */
export function ringWorkers(redisUrl: string, log: Log, queueName = respondQueue): Doorbell {
  const redis = connect(redisUrl, log, false);
  const queue = new Queue(queueName, { connection: redis });
  queue.on("error", (error) => log.warn({ err: error.message }, "a bell could not be rung"));
  const ringing = new Set<Promise<unknown>>();
  return {
    ring(organizationId) {
      const opts = { removeOnComplete: true, removeOnFail: 100, attempts: 3 };
      const rung = queue
        .add("ring", { organizationId }, opts)
        .catch((error: Error) => log.warn({ err: error.message }, "a bell could not be rung"))
        .finally(() => ringing.delete(rung));
      ringing.add(rung);
    },
    async close() {
      await atMost(1_000, Promise.all(ringing));
      await atMost(1_000, queue.close());
      redis.disconnect();
    },
  };
}

/** The worker's side. */
export function answerFromRedis(redisUrl: string, answer: Answer, log: Log, queueName = respondQueue): RunningJobs {
  const redis = connect(redisUrl, log, true);
  const work = ({ data }: { data: { organizationId?: unknown } | null }): Promise<void> => {
    const organizationId = data?.organizationId;
    // Put aside among the failed jobs at once: no try would give it an organization.
    if (typeof organizationId !== "string" || !isUuid(organizationId))
      throw new UnrecoverableError("the job names no organization");
    return answer(organizationId);
  };
  const worker = new Worker(queueName, work, { connection: redis, concurrency: 8 });
  worker.on("failed", (job, error) =>
    log.error({ queue: queueName, jobId: job?.id, err: error.message }, "a job failed"),
  );
  worker.on("error", (error) => log.warn({ err: error.message }, "the worker lost Redis"));
  return {
    async close() {
      const inTime = await atMost(10_000, worker.close()); // what is under way may finish
      if (!inTime) await atMost(1_000, worker.close(true));
      redis.disconnect();
    },
  };
}
