/** Data of long ago, written past the server as the tables' owner: days of events, incidents that name them. */
import pg from "pg";
import { v4, v7 } from "uuid";

export const day = 86_400_000;

/** Midnight UTC, `days` days before today. */
export const daysAgo = (days: number): number => Math.floor(Date.now() / day) * day - days * day;

export interface Old {
  /** Makes the partition of that day unless it is there. */
  partition(at: number): Promise<void>;
  /** Events received in the first hours of a day; answers their ids. */
  events(organizationId: string, at: number, count: number): Promise<string[]>;
  /** An incident with a detection, an entry, an action, and an alert with an attempt, last changed at that time. */
  incident(
    organizationId: string,
    options: { at: number; status?: "OPEN" | "RESOLVED" | "CLOSED"; eventIds?: string[] },
  ): Promise<string>;
  /** Runs a statement as the owner, whom policies may not hold: statements name the organization themselves. */
  sql<R extends pg.QueryResultRow>(organizationId: string, text: string, values?: unknown[]): Promise<R[]>;
  /** Every row of the tables with an organization_id, in an order that does not change; for comparing. */
  everything(organizationId: string, except?: string[]): Promise<Record<string, unknown[]>>;
  close(): Promise<void>;
}

export async function openOld(ownerUrl: string): Promise<Old> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  const sql: Old["sql"] = async (organizationId, text, values = []) => {
    await client.query("SELECT set_config('app.organization_id', $1, false)", [organizationId]);
    return (await client.query(text, values)).rows;
  };
  return {
    sql,
    async partition(at) {
      const name = `event_partitions.realtime_monitoring_${new Date(at).toISOString().slice(0, 10).replaceAll("-", "")}`;
      const { rows } = await client.query(
        "SELECT to_regclass($1) AS found, event_id_floor($2), event_id_floor($3) AS next",
        [name, new Date(at), new Date(at + day)],
      );
      if (rows[0].found) return;
      await client.query(`CREATE TABLE ${name} (LIKE realtime_monitoring INCLUDING DEFAULTS)`);
      await client.query(`ALTER TABLE realtime_monitoring ATTACH PARTITION ${name}
        FOR VALUES FROM ('${rows[0].event_id_floor}') TO ('${rows[0].next}')`);
      await client.query(`CALL protect_tenant_table('${name}')`);
    },
    async events(organizationId, at, count) {
      const ids = Array.from({ length: count }, (_, n) => v7({ msecs: at + n }));
      await sql(
        organizationId,
        `INSERT INTO realtime_monitoring (organization_id, id, time, received_at, action, category, outcome, attributes)
         SELECT $1, id, $3, $3, 'login', 'AUTHENTICATION', 'FAILURE', '{}' FROM unnest($2::uuid[]) AS id`,
        [organizationId, ids, new Date(at)],
      );
      return ids;
    },
    async incident(organizationId, { at, status = "OPEN", eventIds = [] }) {
      const [id, rule, channel, alert, time] = [v4(), v4(), v4(), v4(), new Date(at)];
      const insert = (text: string, ...values: unknown[]) =>
        sql(organizationId, text, [organizationId, time, ...values]);
      await insert(
        `INSERT INTO alert_rules (organization_id, id, name, reference, kind, mode, severity, yaml, created_at)
         VALUES ($1, $3::uuid, 'old', $3::uuid::text, 'DETECTION', 'ACTIVE', 'LOW', '', $2)`,
        rule,
      );
      await insert(
        `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, rule_id, fingerprint, threat_score,
           subjects, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
         SELECT $1::uuid, $3::uuid, coalesce(max(number), 0) + 1, 'old', 'LOW', $4::incident_status, $5::uuid, $3::uuid::text, 1, '[]', 1, 1, $2::timestamptz, $2, $2, $2, $2
         FROM security_incidents WHERE organization_id = $1`,
        id,
        status,
        rule,
      );
      await insert(
        `INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
           first_event_at, last_event_at, event_count, event_ids, incident_id, created_at, updated_at)
         VALUES ($1, $3, $4, 1, 'ACTIVE', 'LOW', $5::uuid::text, '[]', '', $2, $2, 1, $6, $5::uuid, $2, $2)`,
        v4(),
        rule,
        id,
        eventIds,
      );
      await insert(
        `INSERT INTO incident_entries (organization_id, id, incident_id, kind, message, actor, at)
         VALUES ($1, $3, $4, 'OPENED', '', 'vigil', $2)`,
        v4(),
        id,
      );
      await insert(
        `INSERT INTO incident_actions (organization_id, id, incident_id, type, status, target, created_at)
         VALUES ($1, $3, $4, 'NOTIFY_ADMIN', 'APPLIED', '', $2)`,
        v4(),
        id,
      );
      await insert(
        "INSERT INTO alert_channels (organization_id, id, kind, name, created_at) VALUES ($1, $3::uuid, 'EMAIL', $3::uuid::text, $2)",
        channel,
      );
      await insert(
        `INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, status, created_at)
         VALUES ($1, $3, $4, $5, 'SENT', $2)`,
        alert,
        id,
        channel,
      );
      await insert(
        "INSERT INTO alert_attempts (organization_id, id, alert_id, at, outcome, detail) VALUES ($1, $3, $4, $2, 'SENT', '')",
        v4(),
        alert,
      );
      return id;
    },
    async everything(organizationId, except = []) {
      const tables = await client.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`,
      );
      const found: Record<string, unknown[]> = {};
      for (const { name } of tables.rows) {
        if (except.includes(name)) continue;
        const rows = await sql<{ row: string }>(
          organizationId,
          `SELECT t::text AS row FROM ${name} t WHERE organization_id = $1 ORDER BY 1`,
          [organizationId],
        );
        found[name] = rows.map(({ row }) => row);
      }
      return found;
    },
    close: () => client.end(),
  };
}
