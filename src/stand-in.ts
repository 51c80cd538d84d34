/**
 * With Redis the workers do the jobs. Where none does, since Redis is away or no worker runs, each server does those that
 * people are woken by: alerts go out, and escalations and responses go on. Whoever does them beside another does nothing
 * twice. The heartbeat is not among them: that it stops tells outside.
 */
import type { App } from "./app.ts";
import type { Log } from "./log.ts";
import { atMost } from "./queue/at-most.ts";
import { answerHere } from "./queue/doorbell.ts";
import type { JobName } from "./queue/jobs.ts";

const interval = 30_000; // ms
const late = 60_000; // ms that jobs may wait for a worker: one that is started anew is back by then
const longestClose = 3_000; // ms
const waking: readonly JobName[] = ["respond", "clocks", "escalate", "overdue", "routes"];

export interface StandIn {
  /** Does the jobs where nobody else does; answers whether it did. */
  look(): Promise<boolean>;
  close(): Promise<void>;
}

export function standIn(
  {
    db,
    health,
    sweep,
    alerting,
  }: Pick<App, "db" | "sweep" | "alerting"> & {
    health(): Promise<{ parts: { name: string; detail: string; jobsLateMs?: number | undefined }[] }>;
  },
  log: Log,
): StandIn {
  const sending = answerHere(alerting.deliver, log);
  let looking: Promise<boolean> | undefined;

  async function lookNow(): Promise<boolean> {
    const queues = (await health()).parts.find(({ name }) => name === "queues");
    if (!queues) return false; // PostgreSQL is away
    if (queues.jobsLateMs !== undefined && queues.jobsLateMs <= late) return false;
    log.warn({ queues: queues.detail }, "no worker does the jobs: this server does what people are woken by");
    for (const job of waking)
      await sweep[job]().catch((error: Error) => log.error({ job, err: error.message }, "a job failed"));
    for (const organizationId of await db.organizationIds()) sending.ring(organizationId);
    return true;
  }

  const look = (): Promise<boolean> => {
    looking ??= lookNow().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const failed = (error: Error): void =>
    log.error({ err: error.message }, "the jobs of the workers were not looked at");
  const timer = setInterval(() => void look().catch(failed), interval).unref();
  return {
    look,
    async close() {
      clearInterval(timer);
      await atMost(longestClose, Promise.allSettled([looking, sending.close()]));
    },
  };
}
