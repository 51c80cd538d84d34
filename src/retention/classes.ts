/**
 * What is past its retention, class by class, and how it goes. Both statements see the organization of the transaction;
 * $1 is the cut-off. `remove` takes at most $2 rows away and answers how many as `removed`.
 */
import type { RetentionClass } from "../generated/prisma/client.ts";

export interface ExpiringClass {
  class: RetentionClass;
  count: string;
  /** None: AUDIT, whose chain is cut at a checkpoint that vouches for the rest. */
  remove: readonly Removal[];
}

export interface Removal {
  statement: string;
  batch: number;
  /** It looks at $2 rows behind $3, where the one before has stopped, and answers where it stops as `next`; null: at the end. */
  inOrder?: true;
}

/** Events before $1, but for those that an open incident names. */
export const countExpiredEvents = `
  WITH kept AS MATERIALIZED (SELECT id FROM open_incident_event_ids() AS named(id))
  SELECT count(*)::int AS rows FROM realtime_monitoring e
  WHERE organization_id = current_organization() AND id < event_id_floor($1)
    AND NOT EXISTS (SELECT FROM kept WHERE kept.id = e.id)`;

export const expiringClasses: readonly ExpiringClass[] = [
  {
    class: "EVENTS", // beside whole partitions, which src/retention/partitions.ts drops first
    count: countExpiredEvents,
    remove: [{ statement: "SELECT expire_events($1, $2) AS removed", batch: 5_000 }],
  },
  {
    class: "METRICS", // rollups and performance samples; what is known of whom, two years after it was last seen
    count: `SELECT (SELECT count(*) FROM security_metrics WHERE organization_id = current_organization() AND at < $1)::int
      + (SELECT count(*) FROM security_performance WHERE organization_id = current_organization() AND at < $1)::int
      + count_entities_due($1)::int AS rows`,
    remove: [
      {
        statement: `WITH points AS (
          DELETE FROM security_metrics WHERE organization_id = current_organization() AND ctid = ANY (ARRAY(
            SELECT ctid FROM security_metrics WHERE organization_id = current_organization() AND at < $1 LIMIT $2)) RETURNING 1),
        samples AS (
          DELETE FROM security_performance WHERE organization_id = current_organization() AND id = ANY (ARRAY(
            SELECT id FROM security_performance WHERE organization_id = current_organization() AND at < $1 LIMIT $2)) RETURNING 1)
        SELECT (SELECT count(*) FROM points)::int + (SELECT count(*) FROM samples)::int AS removed`,
        batch: 5_000,
      },
      // batches of events wait meanwhile
      { statement: "SELECT removed, next FROM expire_entities_in_order($1, $2, $3)", batch: 1_000, inOrder: true },
    ],
  },
  {
    class: "NOTIFICATIONS",
    count: `SELECT count(*)::int AS rows FROM security_notifications
      WHERE organization_id = current_organization() AND created_at < $1`,
    remove: [
      {
        statement: `WITH gone AS (
          DELETE FROM security_notifications WHERE organization_id = current_organization() AND id = ANY (ARRAY(
            SELECT id FROM security_notifications WHERE organization_id = current_organization() AND created_at < $1 LIMIT $2))
          RETURNING 1)
        SELECT count(*)::int AS removed FROM gone`,
        batch: 5_000,
      },
    ],
  },
  {
    class: "ALERTS",
    count: `SELECT count(*)::int AS rows FROM security_alerts a
      LEFT JOIN security_incidents i ON i.organization_id = a.organization_id AND i.id = a.incident_id
      WHERE a.organization_id = current_organization() AND a.created_at < $1 AND i.open_fingerprint IS NULL`,
    remove: [{ statement: "SELECT expire_alerts($1, $2) AS removed", batch: 2_000 }],
  },
  {
    // each incident with its detections, entries, actions and alerts; and detections that opened none
    class: "INCIDENTS",
    count: `SELECT (SELECT count(*) FROM security_incidents i
        WHERE organization_id = current_organization() AND created_at < $1 AND updated_at < $1 AND open_fingerprint IS NULL
          AND NOT EXISTS (SELECT FROM incident_entries e
            WHERE e.organization_id = i.organization_id AND e.incident_id = i.id AND e.at >= $1)
          AND NOT EXISTS (SELECT FROM incident_actions a
            JOIN decisions d ON d.organization_id = a.organization_id AND d.action_id = a.id
            WHERE a.organization_id = i.organization_id AND a.incident_id = i.id AND d.revoked_at IS NULL AND d.expires_at > now()))::int
      + (SELECT count(*) FROM detections WHERE organization_id = current_organization() AND created_at < $1 AND updated_at < $1
          AND incident_id IS NULL)::int AS rows`,
    remove: [{ statement: "SELECT expire_incidents($1, $2) + expire_detections($1, $2) AS removed", batch: 200 }],
  },
  {
    class: "AUDIT", // up to the last checkpoint, which vouches for what stays
    count: `SELECT count(*)::int AS rows FROM security_audit_log
      WHERE organization_id = current_organization() AND seq <= audit_cut_due($1, 2000000000)`,
    remove: [],
  },
];
