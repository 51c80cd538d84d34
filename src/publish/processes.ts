/**
 * What every process of the server has open and how far it lags, told to the others through the database: gauges speak
 * of all of them together. A process that says nothing for ten seconds is counted no longer.
 */
import { randomUUID } from "node:crypto";
import type { Database } from "../db.ts";
import type { Log } from "../log.ts";

/** What one process says of one organization. */
export interface Report {
  /** Sockets and streams that are open. */
  clients: number;
  /** How long the oldest event that waits to be stored has waited, ms. */
  ingestLagMs: number;
  /** Events that wait to be stored. */
  waitingEvents: number;
  /** Events a second that were sent away because too many waited. */
  refusedPerSecond: number;
}

export interface Processes {
  /** This process. */
  id: string;
  /** All processes together: the sum of what is open, waits and was sent away, the longest lag. */
  together(organizationId: string): Promise<Report>;
  /** Says it now; by itself it does so every two seconds. */
  tell(): Promise<void>;
  close(): Promise<void>;
}

const tellInterval = 2_000; // 2 seconds
const forgotten = 10; // seconds of silence

export function createProcesses(options: {
  db: Pick<Database, "query">;
  log: Log;
  /** Organizations of which there may be something to say here. */
  organizations(): Iterable<string>;
  report(organizationId: string): Report;
}): Processes {
  const { db, log, organizations, report } = options;
  const id = randomUUID();
  const told = new Set<string>();
  let telling: Promise<void> | undefined;
  const isNothing = (said: Report): boolean => Object.values(said).every((value) => value === 0);

  async function tellAll(): Promise<void> {
    for (const organizationId of new Set([...organizations(), ...told])) {
      const said = report(organizationId);
      if (isNothing(said)) {
        if (told.delete(organizationId)) await forget(organizationId);
        continue;
      }
      told.add(organizationId);
      await db.query(organizationId, {
        name: "process_tell",
        text: `INSERT INTO live_processes (organization_id, process_id, at, clients, ingest_lag_ms, waiting_events, refused_per_second)
          VALUES ($1, $2, now(), $3, $4, $5, $6)
          ON CONFLICT (organization_id, process_id) DO UPDATE SET at = excluded.at, clients = excluded.clients,
            ingest_lag_ms = excluded.ingest_lag_ms, waiting_events = excluded.waiting_events,
            refused_per_second = excluded.refused_per_second`,
        values: [organizationId, id, said.clients, said.ingestLagMs, said.waitingEvents, said.refusedPerSecond],
      });
    }
  }

  /** What this process said, and what those said that have long been silent. */
  async function forget(organizationId: string): Promise<void> {
    const text = `DELETE FROM live_processes WHERE organization_id = $1 AND (process_id = $2 OR at < now() - interval '1 hour')`;
    await db.query(organizationId, { name: "process_forget", text, values: [organizationId, id] });
  }

  function tell(): Promise<void> {
    telling ??= tellAll()
      .catch((error: Error) => log.warn({ err: error.message }, "the other processes could not be told of this one"))
      .finally(() => {
        telling = undefined;
      });
    return telling;
  }

  const timer = setInterval(() => void tell(), tellInterval);
  timer.unref();
  return {
    id,
    tell,
    async together(organizationId) {
      const { rows } = await db.query<Report>(organizationId, {
        name: "processes_together",
        text: `SELECT coalesce(sum(clients), 0)::int AS clients, coalesce(max(ingest_lag_ms), 0) AS "ingestLagMs",
            coalesce(sum(waiting_events), 0)::int AS "waitingEvents", coalesce(sum(refused_per_second), 0) AS "refusedPerSecond"
          FROM live_processes WHERE organization_id = $1 AND process_id <> $2 AND at > now() - interval '${forgotten} seconds'`,
        values: [organizationId, id],
      });
      const [others] = rows;
      const here = report(organizationId);
      if (!others) return here;
      return {
        clients: here.clients + others.clients,
        ingestLagMs: Math.max(here.ingestLagMs, others.ingestLagMs),
        waitingEvents: here.waitingEvents + others.waitingEvents,
        refusedPerSecond: here.refusedPerSecond + others.refusedPerSecond,
      };
    },
    async close() {
      clearInterval(timer);
      await telling;
      for (const organizationId of told) await forget(organizationId).catch(() => undefined);
    },
  };
}
