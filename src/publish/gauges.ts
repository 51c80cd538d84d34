/** The numbers a dashboard shows moving: the present value, at most one an interval, shared by everybody who looks. */
import { setTimeout as wait } from "node:timers/promises";
import type { Database } from "../db.ts";
import type { Severity } from "../generated/prisma/client.ts";
import type { Report } from "./processes.ts";

export interface RealtimeMetrics {
  at: Date;
  /** Events received a second, over the last five seconds. */
  eventsPerSecond: number;
  /** Requests a second that enforcers refused, over the last five seconds. */
  blockedPerSecond: number;
  /** Incidents that are not resolved, closed or merged. */
  openIncidents: number;
  /** The same by severity, the worst first; those of which there are any. */
  openBySeverity: { severity: Severity; count: number }[];
  /** Open incidents of severity HIGH or CRITICAL. */
  activeThreats: number;
  /** Alerts that wait to be sent. */
  alertsQueued: number;
  /** How far past its time the alert is that has waited longest, ms; 0: none is late. */
  alertsLateMs: number;
  /** Alerts decided in the last hour that could not be delivered. */
  alertsFailed: number;
  /** Of the alerts decided in the last quarter of an hour that went out, 95 of 100 did within this time, ms; null: none did. */
  alertDeliveryMs: number | null;
  /** Detections that were opened or grew in the last minute. */
  detectionsPerMinute: number;
  /** How long the oldest event that waits in any process has waited, milliseconds. */
  ingestLagMs: number;
  /** Events that wait to be stored, in all processes. */
  waitingEvents: number;
  /** Events a second that were sent away because too many waited, over the last five seconds, in all processes. */
  eventsRefusedPerSecond: number;
  /** Sockets and streams that are open, in all processes. */
  connectedClients: number;
  /** Enforcers that asked for decisions in the last minute. */
  connectedEnforcers: number;
}

export interface Gauges {
  now(organizationId: string): Promise<RealtimeMetrics>;
  /** A first value at once, then one an interval until the signal ends it. */
  follow(organizationId: string, intervalMs: number, signal: AbortSignal): AsyncGenerator<RealtimeMetrics, void, void>;
}

const rateWindow = 5; // seconds
const shareFor = 250; // milliseconds: everybody who asks within it gets the same answer
const worstFirst: readonly Severity[] = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"];

// Alerts have the status ranks QUEUED, SENDING, RETRYING, HELD, SENT, DELIVERED, FAILED, from 0, which an index holds. The
// SDK marks what it refused, and counts what it did not tell one by one.
const read = `WITH lately AS MATERIALIZED (
    SELECT CASE action WHEN 'sdk.refused' THEN (attributes->>'count') END AS untold, attributes ? 'vigil.enforced' AS refused
    FROM realtime_monitoring WHERE organization_id = $1
      AND id >= event_id_floor($2::timestamptz - interval '${rateWindow} seconds')),
  open AS MATERIALIZED (SELECT severity, count(*)::int AS count FROM security_incidents
    WHERE organization_id = $1 AND open_fingerprint IS NOT NULL GROUP BY severity)
SELECT (SELECT count(*) FROM lately)::int AS events,
  (SELECT count(*) FILTER (WHERE refused) + coalesce(sum(CASE WHEN untold ~ '^\\d{1,9}$' THEN untold::int END), 0) FROM lately)::float8 AS blocked,
  (SELECT coalesce(jsonb_object_agg(severity, count), '{}') FROM open) AS open,
  (SELECT count(*) FROM security_alerts WHERE organization_id = $1 AND status_rank <= 2)::int AS queued,
  (SELECT greatest(0, extract(epoch FROM $2::timestamptz - min(greatest(a.due_at, c.wait_until))) * 1000) FROM security_alerts a
     JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id AND c.suspended_at IS NULL
     WHERE a.organization_id = $1 AND a.status_rank <= 2)::float8 AS late,
  (SELECT count(*) FROM security_alerts WHERE organization_id = $1 AND status_rank = 6
     AND created_at > $2::timestamptz - interval '1 hour')::int AS failed,
  (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM sent_at - created_at) * 1000)
     FROM security_alerts WHERE organization_id = $1 AND status_rank IN (4, 5)
     AND created_at > $2::timestamptz - interval '15 minutes') AS delivery,
  (SELECT count(*) FROM detections WHERE organization_id = $1 AND updated_at > $2::timestamptz - interval '1 minute')::int AS detections,
  (SELECT count(*) FROM enforcers WHERE organization_id = $1 AND last_seen_at > $2::timestamptz - interval '1 minute')::int AS enforcers`;

type Row = Record<"events" | "blocked" | "queued" | "failed" | "detections" | "enforcers", number> & {
  open: Partial<Record<Severity, number>>;
  delivery: number | null;
  late: number | null;
};

export function createGauges(options: {
  db: Pick<Database, "query">;
  now: () => number;
  /** What all processes say together. */
  together(organizationId: string): Promise<Report>;
}): Gauges {
  const { db, now, together } = options;
  const shared = new Map<string, { at: number; value: Promise<RealtimeMetrics> }>();

  async function measure(organizationId: string): Promise<RealtimeMetrics> {
    const at = new Date(now());
    const values = [organizationId, at];
    const [{ rows }, processes] = await Promise.all([
      db.query<Row>(organizationId, { name: "gauges", text: read, values }),
      together(organizationId),
    ]);
    const [row] = rows;
    if (!row) throw new Error("the gauges query answers one row");
    const openBySeverity = worstFirst.flatMap((severity) => {
      const count = row.open[severity];
      return count ? [{ severity, count }] : [];
    });
    return {
      at,
      eventsPerSecond: row.events / rateWindow,
      blockedPerSecond: row.blocked / rateWindow,
      openIncidents: openBySeverity.reduce((sum, { count }) => sum + count, 0),
      openBySeverity,
      activeThreats: (row.open.CRITICAL ?? 0) + (row.open.HIGH ?? 0),
      alertsQueued: row.queued,
      alertsLateMs: row.late ?? 0,
      alertsFailed: row.failed,
      alertDeliveryMs: row.delivery,
      detectionsPerMinute: row.detections,
      ingestLagMs: processes.ingestLagMs,
      waitingEvents: processes.waitingEvents,
      eventsRefusedPerSecond: processes.refusedPerSecond,
      connectedClients: processes.clients,
      connectedEnforcers: row.enforcers,
    };
  }

  function present(organizationId: string): Promise<RealtimeMetrics> {
    const at = now();
    const known = shared.get(organizationId);
    // A clock set back makes an answer of the future: not shared either.
    if (known && known.at <= at && at - known.at < shareFor) return known.value;
    const value = measure(organizationId);
    shared.set(organizationId, { at, value });
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
