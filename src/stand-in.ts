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
  /** Does the jobs where nobody else does, by two looks one after the other; answers whether it did. */
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
  let wasLate = false;
  let closed = false;

  async function lookNow(): Promise<boolean> {
    const queues = (await health()).parts.find(({ name }) => name === "queues");
    if (!queues) return false; // PostgreSQL is away
    const isLate = queues.jobsLateMs === undefined || queues.jobsLateMs > late;
    const before = wasLate;
    wasLate = isLate;
    if (!isLate || !before) return false; // one look may have met a moment in which Redis was slow
    log.warn({ queues: queues.detail }, "no worker does the jobs: this server does what people are woken by");
    const organizations = await db.organizationIds();
    const send = (): void => {
      for (const organizationId of organizations) sending.ring(organizationId);
    };
    send(); // what is due already does not wait for what the jobs find
    for (const job of waking) {
      if (closed) break;
      await sweep[job]().catch((error: Error) => log.error({ job, err: error.message }, "a job failed"));
    }
    if (!closed) send();
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
      closed = true;
      await atMost(longestClose, Promise.allSettled([looking, sending.close()]));
    },
  };
}
