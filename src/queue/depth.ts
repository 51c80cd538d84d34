/** How full the queues are: for `status`. */
import type { Queue } from "bullmq";
import { type Log, seldom } from "../log.ts";
import { atMost } from "./at-most.ts";
import { type OpenStore, openStore, type QueueStore } from "./store.ts";

export interface QueueDepth {
  name: string;
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
}

export interface Depths {
  part(): Promise<{
    name: string;
    ok: boolean;
    detail: string;
    queues?: QueueDepth[];
    /** How far past its time the scheduled job is that has waited longest, ms; undefined: none was ever scheduled. */
    jobsLateMs?: number | undefined;
  }>;
  close(): Promise<void>;
}

const most = 1_000; // jobs that wait: more is a worker that does not keep up
const latest = 120_000; // ms that a scheduled job may wait: nobody takes it then, or all are busy for too long
const patience = 1_000; // ms

/** `names`: the first is the queue of the scheduled jobs that people wait for. */
export function watchDepths(where: QueueStore, names: readonly string[], log: Log): Depths {
  let opened: { store: OpenStore; queues: Queue[] } | undefined;
  /** Only whoever is asked looks. */
  function open(): { store: OpenStore; queues: Queue[] } {
    const store = openStore(where, log);
    const queues = names.map((name) => store.queue(name));
    const unread = seldom(log, "a queue cannot be read");
    for (const queue of queues) queue.on("error", unread);
    return { store, queues };
  }
  return {
    async part() {
      opened ??= open();
      const { queues: asked } = opened;
      const counted = Promise.all(
        asked.map(async (queue) => ({
          name: queue.name,
          ...(await queue.getJobCounts("wait", "prioritized", "active", "delayed", "failed")),
        })) as Promise<{ name: string } & Record<string, number | string>>[],
      );
      const scheduled = asked[0]?.getJobSchedulers() ?? Promise.resolve([]);
      const read = Promise.all([counted, scheduled]);
      read.catch(() => undefined); // told below
      const inTime = await atMost(patience, read).catch(() => false);
      if (!inTime) return { name: "queues", ok: false, detail: "cannot be read" };
      const jobsLateMs = latenessOf(await scheduled, Date.now());
      const queues = (await counted).map(
        ({ name, wait = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 }) => ({
          name,
          waiting: Number(wait) + Number(prioritized),
          active: Number(active),
          delayed: Number(delayed),
          failed: Number(failed),
        }),
      );
      const words = queues.map(
        ({ name, waiting, active, delayed, failed }) =>
          `${name}: ${waiting} waiting, ${active} active, ${delayed} delayed, ${failed} failed`,
      );
      if (jobsLateMs === undefined) words.push("no worker has run");
      else if (jobsLateMs > latest)
        words.push(`scheduled jobs are ${Math.round(jobsLateMs / 1_000)} s late: no worker runs`);
      const ok = queues.every(({ waiting }) => waiting <= most) && jobsLateMs !== undefined && jobsLateMs <= latest;
      return { name: "queues", ok, detail: words.join("; "), queues, jobsLateMs };
    },
    async close() {
      if (!opened) return;
      await atMost(1_000, Promise.all(opened.queues.map((queue) => queue.close())));
      await atMost(1_000, opened.store.close());
    },
  };
}

/** `next`: when a job is to run, epoch ms; it is set anew as soon as a worker takes it. Undefined: there is none. */
export function latenessOf(scheduled: readonly { next?: number }[], now: number): number | undefined {
  const times = scheduled.flatMap(({ next }) => (next === undefined ? [] : [next]));
  return times.length === 0 ? undefined : Math.max(0, now - Math.min(...times));
}
