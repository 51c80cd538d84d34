/** Incidents with what hangs on them, made in SQL by the tables' owner: what the overview's widgets count. */
import type pg from "pg";
import { onQuickConnection } from "./statistics-events.ts";

export interface Amount {
  incidents: number;
  /** Seconds between two of them. */
  spacing: number;
  /** How many of a hundred are open. */
  open: number;
}

const tables = ["security_incidents", "detections", "security_alerts", "entities", "risk_contributions"];

/**
 * Incidents up to now, each about a user and an address, with a detection of one of the rules in turn and
 * three alerts; the threat scores that follow from the detections of the last 30 days.
 */
export async function makeOverview(owner: pg.Pool, organizationId: string, amount: Amount): Promise<void> {
  const { incidents, spacing, open } = amount;
  // Much is written at once, and vacuumed when it is: neither is to be in the way.
  for (const setting of ["max_wal_size = '16GB'", "autovacuum = off"]) await owner.query(`ALTER SYSTEM SET ${setting}`);
  await owner.query("SELECT pg_reload_conf()");
  const fill = (table: string, text: string, values: unknown[] = []): Promise<void> =>
    onQuickConnection(owner, (client) => filled(client, table, text, [organizationId, ...values]));
  const channels = await owner.query<{ id: string }>(
    `INSERT INTO alert_channels (organization_id, id, kind, name)
     SELECT $1, gen_random_uuid(), 'WEBHOOK', 'bench' || n FROM generate_series(1, 3) n RETURNING id`,
    [organizationId],
  );
  await fill("security_incidents", incidentRows, [incidents, open, spacing]);
  await Promise.all([
    fill("detections", detectionRows),
    fill("security_alerts", alertRows, [channels.rows.map(({ id }) => id)]),
  ]);
  await Promise.all([fill("entities", entityRows), fill("risk_contributions", contributionRows)]);
  await onQuickConnection(owner, async (client) => {
    await client.query("SELECT set_config('app.organization_id', $1, false)", [organizationId]);
    await client.query(scores, [organizationId]);
    // After all of them: pages are all-visible only when no older statement is under way.
    for (const table of tables) await client.query(`VACUUM ANALYZE ${table}`);
  });
}

/**
 * Fills a table before it has its indexes, without triggers and checks of foreign keys: words to search for and the times
 * alerts are due are not asked for here.
 */
async function filled(client: pg.PoolClient, table: string, text: string, values: unknown[]): Promise<void> {
  const { rows: indexes } = await client.query<{ name: string; text: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS text FROM pg_index i
     WHERE indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)`,
    [table],
  );
  for (const index of indexes) await client.query(`DROP INDEX ${index.name}`);
  await client.query("SET session_replication_role = replica");
  await client.query(text, values);
  for (const index of indexes) await client.query(index.text);
  await client.query(`ANALYZE ${table}`);
}

const rules = `rules AS MATERIALIZED (SELECT id, row_number() OVER (ORDER BY reference) - 1 AS place
  FROM alert_rules WHERE organization_id = $1 AND deleted_at IS NULL)`;

/** $2: how many; $3: how many of a hundred are open; $4: seconds between two. */
const incidentRows = `WITH ${rules}
  INSERT INTO security_incidents (organization_id, id, number, title, severity, status, rule_id, fingerprint, threat_score, subjects,
    tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, acknowledged_at, resolved_at, updated_at)
  SELECT $1, uuidv7(at - clock_timestamp()), n, 'Brute force: user' || who,
    (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[1 + n / 7 % 4]::severity,
    CASE WHEN is_over THEN 'RESOLVED' ELSE (ARRAY['OPEN', 'ACKNOWLEDGED'])[1 + n / 100 % 2] END::incident_status,
    r.id, 'bench' || n, n % 100,
    jsonb_build_array(jsonb_build_object('kind', 'USER', 'key', 'user' || who),
      jsonb_build_object('kind', 'ADDRESS', 'key', host('8.0.0.0'::inet + 4099 * address))),
    '{}', 1, 5, at, at, at, at, CASE WHEN is_over OR n / 100 % 2 = 1 THEN least(at + interval '5 minutes', now()) END,
    CASE WHEN is_over THEN over END, CASE WHEN is_over THEN over ELSE at END
  FROM (SELECT n, at, n % 100 >= $3::int AS is_over, least(at + interval '1 hour', now()) AS over,
      floor(20000 * random() * random())::int AS who, floor(50000 * random() * random())::int AS address
    FROM generate_series(1, $2::int) n, LATERAL (SELECT now() - make_interval(secs => ($2 - n) * $4::float8) AS at) t) AS rows
  JOIN rules r ON r.place = n % (SELECT count(*) FROM rules)`;

const detectionRows = `INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects,
    explanation, first_event_at, last_event_at, event_count, event_ids, incident_id, created_at, updated_at)
  SELECT $1, uuidv7(created_at - clock_timestamp()), rule_id, 1, 'ACTIVE', severity, fingerprint, subjects,
    'More than 5 log-ins failed within 5 minutes', created_at, created_at, 5, '{}', id, created_at, created_at
  FROM security_incidents WHERE organization_id = $1`;

/** In the order of time, as they are made. One in a hundred could not be delivered. */
const alertRows = `INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, status, priority, recipient, sent_at,
    created_at)
  SELECT $1, uuidv7(at - clock_timestamp()), incident_id, channel_id,
    CASE WHEN number % 100 = 0 THEN 'FAILED' WHEN place = 1 THEN 'DELIVERED' ELSE 'SENT' END::alert_status, 'HIGH',
    'team' || place, CASE WHEN number % 100 > 0 THEN at + interval '0.3 seconds' END, at
  FROM (SELECT incident_id, number, channel_id, place, created_at + place * interval '0.1 seconds' AS at FROM
    (SELECT id AS incident_id, number, created_at, unnest($2::uuid[]) AS channel_id, generate_series(1, 3) AS place
     FROM security_incidents WHERE organization_id = $1) AS each) AS rows`;

const entityRows = `INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at)
  SELECT $1, (s ->> 'kind')::entity_kind, s ->> 'key', min(created_at), max(created_at)
  FROM security_incidents, jsonb_array_elements(subjects) AS s WHERE organization_id = $1 GROUP BY 2, 3`;

const contributionRows = `INSERT INTO risk_contributions (organization_id, entity_kind, entity_key, detection_id, rule_id, weight, at,
    reason, rank)
  SELECT $1, s ->> 'kind', s ->> 'key', d.id, d.rule_id, weight, d.created_at, 'Brute force', contribution_rank(weight, d.created_at)
  FROM detections d, jsonb_array_elements(d.subjects) AS s, LATERAL (SELECT 20 + abs(hashtext(d.fingerprint)) % 70 AS weight) w
  WHERE d.organization_id = $1 AND d.created_at > now() - interval '30 days'`;

const scores = `UPDATE entities e SET risk = s.risk, risk_at = now(),
    risk_level = CASE WHEN s.risk >= 80 THEN 'CRITICAL' WHEN s.risk >= 60 THEN 'HIGH' END::severity
  FROM (SELECT array_agg(kind::text) AS kinds, array_agg(key) AS keys FROM entities WHERE organization_id = $1) AS all_of,
    entity_risks(kinds, keys, now()) AS s
  WHERE e.organization_id = $1 AND e.kind = s.kind::entity_kind AND e.key = s.key`;
