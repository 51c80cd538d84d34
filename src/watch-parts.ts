/** What is read of the parts of a process whenever somebody asks for its measures. */
import { alertBacklog } from "./alert/backlog.ts";
import { criticalTimes } from "./alert/delivery-times.ts";
import type { Database } from "./db.ts";
import type { Measures } from "./measures.ts";

export function watchParts(
  measures: Measures,
  parts: {
    pipeline: { worstLagMs(): number };
    db: Pick<Database, "connections" | "organizationIds" | "query">;
    now(): number;
    health(): Promise<{
      parts: {
        name: string;
        ok: boolean;
        queues?: { name: string; waiting: number }[];
        jobsLateMs?: number | undefined;
      }[];
    }>;
  },
): void {
  const { pipeline, db, now, health } = parts;
  const look = together(health);
  const backlog = together(async () => {
    const all = { queued: 0, lateMs: 0, criticalMs: 0 };
    for (const organizationId of await db.organizationIds()) {
      const { queued, lateMs } = await alertBacklog(db, organizationId, now());
      all.queued += queued;
      all.lateMs = Math.max(all.lateMs, lateMs);
      all.criticalMs = Math.max(all.criticalMs, (await criticalTimes(db, organizationId, now()))?.p99Ms ?? 0);
    }
    return all;
  });
  const lag = "How long the oldest event that waits has waited.";
  measures.watch("vigil_ingest_lag_seconds", lag, () => pipeline.worstLagMs() / 1_000);
  const connections = "Connections of the pool that are open or idle, and requests that wait for one.";
  measures.watch("vigil_database_connections", connections, "state", () => db.connections());
  measures.watch("vigil_queue_jobs_waiting", "Jobs nobody has taken yet.", "queue", async () => {
    const queues = (await look()).parts.flatMap((part) => part.queues ?? []);
    return Object.fromEntries(queues.map(({ name, waiting }) => [name, waiting]));
  });
  const jobs = "How far past its time the scheduled job is that has waited longest: workers take each within seconds.";
  measures.watch("vigil_jobs_late_seconds", jobs, async () => {
    const late = (await look()).parts.flatMap(({ jobsLateMs }) => jobsLateMs ?? []);
    return Math.max(0, ...late) / 1_000;
  });
  const queued = "Alerts that are to be sent, of all organizations.";
  measures.watch("vigil_alerts_waiting", queued, async () => (await backlog()).queued);
  const late = "How far past its time the alert is that has waited longest, whosever it is.";
  measures.watch("vigil_alerts_late_seconds", late, async () => (await backlog()).lateMs / 1_000);
  const critical =
    "How long 99 of 100 CRITICAL alerts of the last hour took at most from detection to their receiver, of the slowest organization.";
  measures.watch("vigil_critical_alert_p99_seconds", critical, async () => (await backlog()).criticalMs / 1_000);
  measures.watch("vigil_part_ok", "Whether a part of the server works, as `status` says.", "part", async () =>
    Object.fromEntries((await look()).parts.map(({ name, ok }) => [name, Number(ok)])),
  );
}

/** One look for all measures of one answer, which are read at the same time. */
function together<T>(read: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () =>
    (asked ??= read().finally(() => {
      asked = undefined;
    }));
}
