/** What is read of the parts of a process whenever somebody asks for its measures. */
import type { Database } from "./db.ts";
import type { Measures } from "./measures.ts";

export function watchParts(
  measures: Measures,
  parts: {
    pipeline: { worstLagMs(): number };
    db: Pick<Database, "connections">;
    health(): Promise<{ parts: { name: string; ok: boolean; queues?: { name: string; waiting: number }[] }[] }>;
  },
): void {
  const { pipeline, db, health } = parts;
  let asked: ReturnType<typeof health> | undefined;
  /** One look for all measures of one answer, which are read together. */
  const look = () =>
    (asked ??= health().finally(() => {
      asked = undefined;
    }));
  const lag = "How long the oldest event that waits has waited.";
  measures.watch("vigil_ingest_lag_seconds", lag, () => pipeline.worstLagMs() / 1_000);
  const connections = "Connections of the pool that are open or idle, and requests that wait for one.";
  measures.watch("vigil_database_connections", connections, "state", () => db.connections());
  measures.watch("vigil_queue_jobs_waiting", "Jobs nobody has taken yet.", "queue", async () => {
    const queues = (await look()).parts.flatMap((part) => part.queues ?? []);
    return Object.fromEntries(queues.map(({ name, waiting }) => [name, waiting]));
  });
  measures.watch("vigil_part_ok", "Whether a part of the server works, as `status` says.", "part", async () =>
    Object.fromEntries((await look()).parts.map(({ name, ok }) => [name, Number(ok)])),
  );
}
