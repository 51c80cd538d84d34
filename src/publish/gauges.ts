/** The numbers a dashboard shows moving: the present value, at most one an interval, shared by everybody who looks. */
import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "../db.ts";

export interface RealtimeMetrics {
  at: Date;
  /** Events received a second, over the last five seconds. */
  eventsPerSecond: number;
  /** Incidents that are not resolved, closed or merged. */
  openIncidents: number;
  /** Open incidents of severity HIGH or CRITICAL. */
  activeThreats: number;
  /** Alerts that wait to be sent. */
  alertsQueued: number;
  /** Detections that were opened or grew in the last minute. */
  detectionsPerMinute: number;
  /** How long the oldest event that waits in this process has waited, milliseconds. */
  ingestLagMs: number;
}

export interface Gauges {
  now(organizationId: string): Promise<RealtimeMetrics>;
  /** A first value at once, then one an interval until the signal ends it. */
  follow(organizationId: string, intervalMs: number, signal: AbortSignal): AsyncGenerator<RealtimeMetrics, void, void>;
}

const rateWindow = 5; // seconds
const shareFor = 250; // milliseconds: everybody who asks within it gets the same answer

// Alerts that are QUEUED, SENDING or RETRYING have the status ranks 0 to 2, which the index holds.
const read = `SELECT
  (SELECT count(*) FROM realtime_monitoring WHERE organization_id = $1
     AND id >= event_id_floor($2::timestamptz - interval '${rateWindow} seconds'))::int AS events,
  (SELECT count(*) FROM security_incidents WHERE organization_id = $1 AND open_fingerprint IS NOT NULL)::int AS open,
  (SELECT count(*) FROM security_incidents WHERE organization_id = $1 AND open_fingerprint IS NOT NULL
     AND severity IN ('HIGH', 'CRITICAL'))::int AS threats,
  (SELECT count(*) FROM security_alerts WHERE organization_id = $1 AND status_rank <= 2)::int AS queued,
  (SELECT count(*) FROM detections WHERE organization_id = $1 AND updated_at > $2::timestamptz - interval '1 minute')::int AS detections`;

export function createGauges(options: {
  db: Database;
  now: () => number;
  ingestLagMs(organizationId: string): number;
}): Gauges {
  const { db, now, ingestLagMs } = options;
  const shared = new Map<string, { until: number; value: Promise<RealtimeMetrics> }>();

  async function measure(organizationId: string): Promise<RealtimeMetrics> {
    const at = new Date(now());
    const { rows } = await db.query<Record<"events" | "open" | "threats" | "queued" | "detections", number>>(
      organizationId,
      { name: "gauges", text: read, values: [organizationId, at] },
    );
    const [row] = rows;
    if (!row) throw new Error("the gauges query answers one row");
    return {
      at,
      eventsPerSecond: row.events / rateWindow,
      openIncidents: row.open,
      activeThreats: row.threats,
      alertsQueued: row.queued,
      detectionsPerMinute: row.detections,
      ingestLagMs: ingestLagMs(organizationId),
    };
  }

  function present(organizationId: string): Promise<RealtimeMetrics> {
    const known = shared.get(organizationId);
    if (known && known.until > now()) return known.value;
    const value = measure(organizationId);
    shared.set(organizationId, { until: now() + shareFor, value });
    value.catch(() => shared.delete(organizationId));
    return value;
  }

  return {
    now: present,
    async *follow(organizationId, intervalMs, signal) {
      while (!signal.aborted) {
        yield await present(organizationId);
        await wait(intervalMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
