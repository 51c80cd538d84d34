/** Incidents with actions and alerts, made in SQL by the tables' owner, and what the bench asks of them. */
import type pg from "pg";
import { v7 as uuidv7 } from "uuid";

/** Two actions and three alerts an incident, as a response rule and two channels make them. */
export async function makeIncidents(owner: pg.Pool, organizationId: string, count: number): Promise<void> {
  const { rows } = await owner.query<{ id: string }>(
    `INSERT INTO alert_channels (organization_id, id, kind, name) VALUES ($1, gen_random_uuid(), 'WEBHOOK', 'bench')
     RETURNING id`,
    [organizationId],
  );
  await owner.query(
    `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, fingerprint, threat_score, subjects,
       tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
     SELECT $1, uuidv7(), 1000000 + n, 'Brute force: user' || n, (ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[1 + n % 4]::severity,
       CASE n % 5 WHEN 0 THEN 'OPEN' WHEN 1 THEN 'ACKNOWLEDGED' ELSE 'RESOLVED' END::incident_status, 'bench' || n, n % 100,
       jsonb_build_array(jsonb_build_object('kind', 'user.name', 'key', 'user' || n)), '{}', 1, 5, at, at, at, at, at
     FROM generate_series(1, $2::int) n, LATERAL (SELECT now() - make_interval(secs => ($2 - n) * 10) AS at) t`,
    [organizationId, count],
  );
  await owner.query(
    `INSERT INTO incident_actions (organization_id, id, incident_id, type, status, target, actor, reason, scope, applied_at, created_at)
     SELECT $1, uuidv7(), i.id, (ARRAY['BLOCK_IP', 'SUSPEND_USER'])[k]::action_type, 'APPLIED', 'target' || i.number, 'vigil',
       'the bench', (ARRAY['IP', 'USER'])[k]::decision_scope, i.created_at, i.created_at + make_interval(secs => k)
     FROM security_incidents i, generate_series(1, 2) k WHERE i.organization_id = $1`,
    [organizationId],
  );
  await owner.query(
    `INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, status, priority, recipient, sent_at, created_at)
     SELECT $1, uuidv7(), i.id, $2, 'SENT', 'HIGH', 'team' || k, i.created_at, i.created_at + make_interval(secs => k)
     FROM security_incidents i, generate_series(1, 3) k WHERE i.organization_id = $1`,
    [organizationId, rows[0]?.id],
  );
  for (const table of ["security_incidents", "incident_actions", "security_alerts"])
    await owner.query(`VACUUM ANALYZE ${table}`);
}

/** One that is open, with nothing beside it; answers its id. */
export async function makeIncident(
  by: { query(text: string, values: unknown[]): Promise<unknown> },
  organizationId: string,
): Promise<string> {
  const id = uuidv7();
  await by.query(
    `INSERT INTO security_incidents (organization_id, id, number, title, severity, status, fingerprint, threat_score,
       subjects, tags, detection_count, event_count, first_event_at, last_event_at, opened_at, created_at, updated_at)
     VALUES ($1, $2, 900, 'Brute force: ann', 'HIGH', 'OPEN', 'bench', 50, '[]', '{}', 1, 1, now(), now(), now(), now(), now())`,
    [organizationId, id],
  );
  return id;
}

export const vigilQuery = `query Bench { incidents(first: 50) { nodes { number title severity status threatScore openedAt createdAt
  actions(first: 10) { nodes { type status target reason createdAt } }
  alerts(first: 10) { nodes { status priority recipient sentAt createdAt } } } } }`;

/** The same answer by one statement; $1 is the organization. */
export const handStatement = `SELECT json_build_object('data', json_build_object('incidents', json_build_object('nodes', (
  SELECT coalesce(json_agg(json_build_object('number', i.number, 'title', i.title, 'severity', i.severity, 'status', i.status,
    'threatScore', i.threat_score, 'openedAt', i.opened_at, 'createdAt', i.created_at,
    'actions', json_build_object('nodes', (SELECT coalesce(json_agg(json_build_object('type', a.type, 'status', a.status,
        'target', a.target, 'reason', a.reason, 'createdAt', a.created_at)), '[]')
      FROM (SELECT * FROM incident_actions a WHERE a.organization_id = $1 AND a.incident_id = i.id
        ORDER BY a.created_at DESC, a.id DESC LIMIT 10) a)),
    'alerts', json_build_object('nodes', (SELECT coalesce(json_agg(json_build_object('status', a.status, 'priority', a.priority,
        'recipient', a.recipient, 'sentAt', a.sent_at, 'createdAt', a.created_at)), '[]')
      FROM (SELECT * FROM security_alerts a WHERE a.organization_id = $1 AND a.incident_id = i.id
        ORDER BY a.created_at DESC, a.id DESC LIMIT 10) a)))), '[]')
  FROM (SELECT * FROM security_incidents WHERE organization_id = $1 ORDER BY created_at DESC, id DESC LIMIT 50) i))))::text AS answer`;

export const postgraphileQuery = (organizationId: string): string => `query Bench { allSecurityIncidents(first: 50,
  condition: { organizationId: "${organizationId}" }, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) {
  nodes { number title severity status threatScore openedAt createdAt
    incidentActionsByOrganizationIdAndIncidentId(first: 10, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) {
      nodes { type status target reason createdAt } }
    securityAlertsByOrganizationIdAndIncidentId(first: 10, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) {
      nodes { status priority recipient sentAt createdAt } } } } }`;
