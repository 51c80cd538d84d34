/**
 * The doorbell of a slow path: carries an organization's id and nothing else. Without Redis this process answers itself;
 * with it, a worker does, through BullMQ. A bell that is lost only delays: the sweep rings again.
 */
import { UnrecoverableError } from "bullmq";
import { validate as isUuid } from "uuid";
import { type Log, seldom } from "../log.ts";
import { atMost } from "./at-most.ts";
import type { RunningJobs } from "./queue.ts";
import { openStore } from "./store.ts";

export interface Doorbell {
  ring(organizationId: string): void;
  /** Waits until nothing that was rung for here is under way. */
  close(): Promise<void>;
}

export const respondQueue = "vigil-respond";

type Answer = (organizationId: string) => Promise<void>;

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

/** Answered by whichever worker is free: of one organization one at a time, and once more when it rang meanwhile. */
export function ringWorkers(redisUrl: string, log: Log, queueName = respondQueue): Doorbell {
  const store = openStore({ redisUrl }, log);
  const queue = store.queue(queueName);
  const silent = seldom(log, "a bell could not be rung");
  queue.on("error", silent);
  const ringing = new Set<Promise<unknown>>();
  return {
    ring(organizationId) {
      const opts = {
        removeOnComplete: true,
        removeOnFail: 100,
        attempts: 3,
        backoff: { type: "exponential", delay: 500 },
        deduplication: { id: organizationId, keepLastIfActive: true },
      };
      const rung = queue
        .add("ring", { organizationId }, opts)
        .catch(silent)
        .finally(() => ringing.delete(rung));
      ringing.add(rung);
    },
    async close() {
      await atMost(1_000, Promise.all(ringing));
      await atMost(1_000, queue.close());
      await store.close();
    },
  };
}

/** The worker's side; `concurrency` is how many organizations it answers at once. */
export function answerFromRedis(
  redisUrl: string,
  answer: Answer,
  log: Log,
  queueName = respondQueue,
  concurrency = 8,
): RunningJobs {
  const store = openStore({ redisUrl }, log);
  const work = ({ data }: { data: { organizationId?: unknown } | null }): Promise<void> => {
    const organizationId = data?.organizationId;
    // Put aside among the failed jobs at once: no try would give it an organization.
    if (typeof organizationId !== "string" || !isUuid(organizationId))
      throw new UnrecoverableError("the job names no organization");
    return answer(organizationId);
  };
  const worker = store.worker<{ organizationId?: unknown } | null>(queueName, work, {
    concurrency,
    limiter: { max: 500, duration: 1_000 }, // a storm of bells leaves the database room for events
    stalledInterval: 15_000,
  });
  worker.on("failed", (job, error) =>
    log.error({ queue: queueName, jobId: job?.id, err: error.message }, "a job failed"),
  );
  worker.on("stalled", (jobId) => log.warn({ queue: queueName, jobId }, "a job's worker died; another takes it"));
  worker.on("error", seldom(log, "the worker lost Redis"));
  return {
    async close() {
      const inTime = await atMost(8_000, worker.close()); // what is under way may finish
      if (!inTime) await atMost(1_000, worker.close(true));
      await store.close();
    },
  };
}
