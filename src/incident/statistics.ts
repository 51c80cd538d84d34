/** Numbers about a stretch of time. Each statement reads, by an index, the rows of that time and no others. */
import type { Database } from "../db.ts";

type Reader = Pick<Database, "query">;

export interface Range {
  from: Date;
  to: Date;
}

const dayMs = 86_400_000;

/** The days (UTC) that a range touches, whole. */
function daysOf({ from, to }: Range): [Date, Date] {
  return [new Date(Math.floor(from.getTime() / dayMs) * dayMs), new Date(Math.ceil(to.getTime() / dayMs) * dayMs)];
}

const dayOf = (column: string): string => `(${column} AT TIME ZONE 'UTC')::date::text AS day`;
const patientsRead = `security_audit_log l CROSS JOIN LATERAL jsonb_array_elements_text(
  CASE WHEN jsonb_typeof(l.detail -> 'patients') = 'array' THEN l.detail -> 'patients' ELSE '[]' END) AS p(patient)
  WHERE l.organization_id = $1 AND l.at >= $2 AND l.at < $3 AND l.action = 'PHI_READ'`;
const seconds = (column: string): string => `extract(epoch FROM ${column} - opened_at)::float8`;

/** What the reporting views of the same names show, of days $2 to $3 alone: through a view, all of the table would be read. */
const reports = {
  report_incidents: `SELECT ${dayOf("i.opened_at")}, i.severity, r.name AS rule_name, count(*)::int AS incidents,
      count(i.open_fingerprint)::int AS open
    FROM security_incidents i LEFT JOIN alert_rules r ON r.organization_id = $1 AND r.id = i.rule_id
    WHERE i.organization_id = $1 AND i.opened_at >= $2 AND i.opened_at < $3
    GROUP BY 1, 2, i.rule_id, 3 ORDER BY 1, 2 DESC, 4 DESC, 3`,
  report_response_times: `SELECT ${dayOf("opened_at")}, severity, count(acknowledged_at)::int AS acknowledged,
      avg(${seconds("acknowledged_at")}) AS mean_acknowledge_s,
      percentile_cont(0.9) WITHIN GROUP (ORDER BY ${seconds("acknowledged_at")}) AS p90_acknowledge_s,
      count(contained_at)::int AS contained, avg(${seconds("contained_at")}) AS mean_contain_s,
      percentile_cont(0.9) WITHIN GROUP (ORDER BY ${seconds("contained_at")}) AS p90_contain_s,
      count(resolved_at)::int AS resolved, avg(${seconds("resolved_at")}) AS mean_resolve_s,
      percentile_cont(0.9) WITHIN GROUP (ORDER BY ${seconds("resolved_at")}) AS p90_resolve_s
    FROM security_incidents WHERE organization_id = $1 AND opened_at >= $2 AND opened_at < $3
    GROUP BY 1, 2 ORDER BY 1, 2 DESC`,
  report_alert_delivery: `SELECT ${dayOf("a.created_at")}, c.name AS channel_name, c.kind AS channel_kind, count(*)::int AS alerts,
      count(*) FILTER (WHERE a.status IN ('SENT', 'DELIVERED'))::int AS sent,
      count(*) FILTER (WHERE a.status = 'DELIVERED')::int AS delivered,
      count(*) FILTER (WHERE a.status = 'FAILED')::int AS failed,
      count(*) FILTER (WHERE a.status = 'HELD')::int AS held,
      count(*) FILTER (WHERE a.status IN ('QUEUED', 'SENDING', 'RETRYING'))::int AS queued,
      sum((SELECT count(*) FROM alert_attempts t WHERE t.organization_id = $1 AND t.alert_id = a.id))::int AS attempts
    FROM security_alerts a JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id
    WHERE a.organization_id = $1 AND a.created_at >= $2 AND a.created_at < $3
    GROUP BY 1, 2, 3, a.channel_id ORDER BY 1, 2`,
  report_phi_access_by_user: `SELECT ${dayOf("l.at")}, l.actor, count(DISTINCT l.seq)::int AS reads,
      count(DISTINCT p.patient)::int AS patients FROM ${patientsRead} GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2`,
  report_phi_access_by_patient: `SELECT ${dayOf("l.at")}, p.patient, count(DISTINCT l.seq)::int AS reads,
      count(DISTINCT l.actor)::int AS users FROM ${patientsRead} GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2`,
} as const;

const mostReportRows = 1_000; // of one report

/** The rows of a report for the days (UTC) the range touches. */
export async function report<Row extends object>(
  db: Reader,
  organizationId: string,
  view: keyof typeof reports,
  range: Range,
): Promise<Row[]> {
  const text = `${reports[view]} LIMIT ${mostReportRows}`;
  return (await db.query(organizationId, text, [organizationId, ...daysOf(range)])).rows as Row[];
}

export interface TopSubject {
  kind: string;
  key: string;
  incidents: number;
  detections: number;
  threat_score: number;
}

/** Whom most incidents opened in the range are about; with `kind` those of one kind, e.g. `ADDRESS`. */
export async function topSubjects(
  db: Reader,
  organizationId: string,
  { from, to }: Range,
  { first, kind = null }: { first: number; kind?: string | null | undefined },
): Promise<TopSubject[]> {
  const { rows } = await db.query<TopSubject & Record<string, unknown>>(
    organizationId,
    `SELECT s.subject ->> 'kind' AS kind, s.subject ->> 'key' AS key, count(*)::int AS incidents,
       sum(i.detection_count)::int AS detections, max(i.threat_score) AS threat_score
     FROM security_incidents i CROSS JOIN LATERAL jsonb_array_elements(i.subjects) AS s(subject)
     WHERE i.organization_id = $1 AND i.opened_at >= $2 AND i.opened_at < $3
       AND ($5::text IS NULL OR s.subject ->> 'kind' = $5)
     GROUP BY 1, 2 ORDER BY 3 DESC, 5 DESC, 1, 2 LIMIT $4`,
    [organizationId, from, to, first, kind],
  );
  return rows;
}
