/** Numbers about a stretch of time, from the functions and reporting views of the database. */
import type { Database } from "../db.ts";

type Reader = Pick<Database, "query">;

export interface Range {
  from: Date;
  to: Date;
}

export interface Step {
  at: Date;
  opened: number;
  acknowledged: number;
  resolved: number;
  detections: number;
  alerts: number;
  alerts_failed: number;
}

/** What happened in each step of the range; `step` in ms. */
export async function stepsOf(db: Reader, organizationId: string, range: Range, step: number): Promise<Step[]> {
  const { rows } = await db.query<Step & Record<string, unknown>>(
    organizationId,
    "SELECT * FROM incident_statistics($1, $2, make_interval(secs => $3))",
    [range.from, range.to, step / 1000],
  );
  return rows;
}

/** The reporting views and how their rows are sorted. */
const reports = {
  report_incidents: "day, severity DESC, incidents DESC, rule_name",
  report_response_times: "day, severity DESC",
  report_alert_delivery: "day, channel_name",
  report_phi_access_by_user: "day, reads DESC, actor",
  report_phi_access_by_patient: "day, reads DESC, patient",
} as const;

const mostReportRows = 1_000; // of one report

/** The rows of a reporting view for the days (UTC) the range touches. */
export async function report<Row extends object>(
  db: Reader,
  organizationId: string,
  view: keyof typeof reports,
  { from, to }: Range,
): Promise<Row[]> {
  const { rows } = await db.query(
    organizationId,
    `SELECT *, day::text AS day FROM ${view} r WHERE organization_id = $1
       AND r.day BETWEEN ($2::timestamptz AT TIME ZONE 'UTC')::date AND (($3::timestamptz - interval '1 microsecond') AT TIME ZONE 'UTC')::date
     ORDER BY ${reports[view].replace("day", "r.day")} LIMIT ${mostReportRows}`,
    [organizationId, from, to],
  );
  return rows as Row[];
}

export interface TopSubject {
  kind: string;
  key: string;
  incidents: number;
  detections: number;
  threat_score: number;
}

/** Whom most incidents of the days the range touches are about. */
export async function topSubjects(
  db: Reader,
  organizationId: string,
  range: Range,
  first: number,
): Promise<TopSubject[]> {
  const { rows } = await db.query<TopSubject & Record<string, unknown>>(
    organizationId,
    `SELECT kind, key, sum(incidents)::int AS incidents, sum(detections)::int AS detections, max(threat_score) AS threat_score
     FROM report_subjects WHERE organization_id = $1
       AND day BETWEEN ($2::timestamptz AT TIME ZONE 'UTC')::date AND (($3::timestamptz - interval '1 microsecond') AT TIME ZONE 'UTC')::date
     GROUP BY kind, key ORDER BY 3 DESC, 5 DESC, 1, 2 LIMIT $4`,
    [organizationId, range.from, range.to, first],
  );
  return rows;
}
