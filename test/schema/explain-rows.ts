/** Rows in bulk for the tests of plans: two organizations, the first with nine tenths of them. */
import type { TestDatabase } from "../support/database.ts";

// Two whole days up to this morning: two full event partitions, whatever the hour (of a tiny one a scan is right).
const spread = "interval '48 hours' - interval '1 second'";
const morning = "(date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '1 millisecond')";

/** Makes `rows` incidents, events, detections, alerts and timeline entries; incident 1 has a tenth of what belongs to incidents. */
export async function load(test: TestDatabase, rows: number): Promise<void> {
  const [home, other] = test.organizations.map(({ id }) => id) as [string, string];
  const each = `(SELECT n, ${morning} - (${rows} - n)::float8 / ${rows} * (${spread}) AS t,
    CASE WHEN n % 10 = 0 THEN '${other}'::uuid ELSE '${home}'::uuid END AS o,
    ('00000000-0000-7000-9000-' || lpad(to_hex(CASE WHEN n % 10 = 1 THEN 1 ELSE n END), 12, '0'))::uuid AS of_incident
    FROM generate_series(1, ${rows}) n) g`;
  const id =
    "(left(event_id_floor(t)::text, 14) || '7' || substr(md5(n::text), 1, 3) || '-8' || substr(md5(n::text), 4, 3) || '-' || substr(md5(n::text), 7, 12))::uuid";
  const severity = "(enum_range(NULL::severity))[1 + n % 5]";
  const ownIncident = "('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid";

  await test.asOwner("SELECT ensure_event_partitions((now() AT TIME ZONE 'UTC')::date - 2, 4)");
  // Without indexes the rows go in several times as fast; the definitions are put back as they were.
  const indexes = await test.asOwner<{ name: string; definition: string }>(
    `SELECT i.indexrelid::regclass::text AS name, replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') AS definition
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
     WHERE c.relname IN ('security_incidents', 'realtime_monitoring', 'detections', 'security_alerts', 'incident_entries')
       AND c.relnamespace = 'public'::regnamespace AND NOT i.indisunique`,
  );
  await test.asOwner(indexes.map(({ name }) => `DROP INDEX ${name}`).join(";"));
  await test.asOwner(`
    SET LOCAL session_replication_role = replica; -- the rows below fit each other: no trigger need check it
    INSERT INTO alert_rules (organization_id, id, name, reference, kind, mode, severity, tags, yaml)
      SELECT '${home}', gen_random_uuid(), 'rule ' || n, 'rule-' || n, 'DETECTION', 'ACTIVE', 'HIGH', '{}', '' FROM generate_series(1, 300) n;
    INSERT INTO alert_rules (organization_id, id, name, reference, kind, mode, severity, tags, yaml)
      SELECT id, id, 'the rule', 'the-rule', 'DETECTION', 'ACTIVE', 'HIGH', '{}', '' FROM organizations;
    INSERT INTO alert_channels (organization_id, id, kind, name)
      SELECT id, id, 'EMAIL', 'mail' FROM organizations;
    INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at, risk)
      SELECT o, (CASE WHEN n % 3 = 0 THEN 'ADDRESS' ELSE 'USER' END)::entity_kind, 'key' || n, t, t, n * 7 % 101 FROM ${each};
    INSERT INTO security_incidents (organization_id, id, number, title, severity, status, fingerprint, threat_score, subjects, tags,
        detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
      SELECT o, ${ownIncident}, n, 'Incident ' || n, ${severity},
        CASE WHEN n % 50 BETWEEN 1 AND 7 THEN (enum_range(NULL::incident_status))[n % 50] ELSE 'RESOLVED' END,
        'f' || n, n * 7 % 101, '[{"kind": "user.name", "key": "ann"}]', '{}', 1, 1, t, t, t, t, t FROM ${each};
    INSERT INTO realtime_monitoring (organization_id, id, time, received_at, action, category, outcome, actor_name, actor_roles, source_ip, attributes)
      SELECT o, ${id}, t, t, 'login', 'AUTHENTICATION', 'FAILURE', 'user' || n % 100, '{}', ('203.0.113.' || n % 100)::inet, '{}' FROM ${each};
    INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
        first_event_at, last_event_at, event_count, event_ids, incident_id, created_at, updated_at)
      SELECT o, ${id}, o, 1, 'ACTIVE', ${severity}, 'f' || n, '[]', 'counted', t, t, 1, '{}', of_incident, t, t FROM ${each};
    INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, status, claim, created_at)
      SELECT o, ${id}, of_incident, o, status, CASE WHEN status = 'SENDING' THEN o END, t FROM ${each}
        CROSS JOIN LATERAL (SELECT (enum_range(NULL::alert_status))[CASE WHEN n % 25 < 7 THEN 1 + n % 25 ELSE 6 END]) AS s(status);
    INSERT INTO incident_entries (organization_id, id, incident_id, kind, message, actor, at)
      SELECT o, ${id}, of_incident, 'DETECTED', 'A rule fired again.', 'vigil', t FROM ${each};`);
  for (const { definition } of indexes) await test.asOwner(definition);
  for (const table of [
    "security_incidents",
    "realtime_monitoring",
    "detections",
    "security_alerts",
    "incident_entries",
    "alert_rules",
    "entities",
  ]) {
    await test.asOwner(`VACUUM (ANALYZE) ${table}`);
  }
}
