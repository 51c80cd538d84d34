/** What a stretch of time amounts to: how many, how fast, how good; and the same of the stretch before it. */
import type { Database } from "../db.ts";
import type { ChannelKind, IncidentStatus, Severity } from "../generated/prisma/client.ts";
import type { Judged } from "./quality.ts";
import type { Range } from "./statistics.ts";

type Reader = Pick<Database, "query">;

/** How long something took from when the incident was opened, seconds; null: it happened to none. */
export interface Duration {
  incidents: number;
  mean: number | null;
  p90: number | null;
}

export interface Summary {
  opened: number;
  open: number;
  statuses: { status: IncidentStatus; incidents: number }[];
  severities: { severity: Severity; incidents: number }[];
  acknowledge: Duration;
  contain: Duration;
  resolve: Duration;
  quality: Judged;
}

const took = (moment: string): string => {
  const seconds = `extract(epoch FROM ${moment} - opened_at)::float8`;
  return `json_build_object('incidents', count(${moment}), 'mean', avg(${seconds}),
    'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY ${seconds}))`;
};
const by = (column: string): string =>
  `(SELECT coalesce(json_agg(g ORDER BY g.${column}), '[]') FROM
     (SELECT ${column}, count(*) AS incidents FROM opened GROUP BY 1) g)`;
const judged = (...resolutions: string[]): string =>
  `count(*) FILTER (WHERE resolution IN (${resolutions.map((one) => `'${one}'`).join(", ")}))`;

/** Of the incidents opened in the range: one statement, over the index of when they were opened. */
export async function summaryOf(db: Reader, organizationId: string, { from, to }: Range): Promise<Summary> {
  const { rows } = await db.query<{ summary: Summary }>(
    organizationId,
    `WITH opened AS MATERIALIZED (
       SELECT status, severity, resolution, open_fingerprint, opened_at, acknowledged_at, contained_at, resolved_at
       FROM security_incidents WHERE organization_id = $1 AND opened_at >= $2 AND opened_at < $3)
     SELECT json_build_object('opened', count(*), 'open', count(open_fingerprint), 'statuses', ${by("status")},
       'severities', ${by("severity")}, 'acknowledge', ${took("acknowledged_at")}, 'contain', ${took("contained_at")},
       'resolve', ${took("resolved_at")}, 'quality', json_build_object(
         'truePositives', ${judged("TRUE_POSITIVE", "POLICY_VIOLATION")}, 'falsePositives', ${judged("FALSE_POSITIVE")},
         'benign', ${judged("BENIGN", "USER_CONFIRMED")})) AS summary FROM opened`,
    [organizationId, from, to],
  );
  return (rows[0] as { summary: Summary }).summary;
}

export interface RuleCount extends Judged {
  id: string;
  name: string;
  incidents: number;
  open: number;
}

/** The rules that opened most incidents of the range. */
export async function topRules(db: Reader, organizationId: string, range: Range, first: number): Promise<RuleCount[]> {
  const { rows } = await db.query<RuleCount & Record<string, unknown>>(
    organizationId,
    `SELECT r.id, r.name, c.incidents, c.open, c."truePositives", c."falsePositives", c.benign FROM (
       SELECT rule_id, count(*)::int AS incidents, count(open_fingerprint)::int AS open,
         ${judged("TRUE_POSITIVE", "POLICY_VIOLATION")}::int AS "truePositives",
         ${judged("FALSE_POSITIVE")}::int AS "falsePositives", ${judged("BENIGN", "USER_CONFIRMED")}::int AS benign
       FROM security_incidents
       WHERE organization_id = $1 AND opened_at >= $2 AND opened_at < $3 AND rule_id IS NOT NULL GROUP BY 1) c
     JOIN alert_rules r ON r.organization_id = $1 AND r.id = c.rule_id
     ORDER BY c.incidents DESC, r.name LIMIT $4`,
    [organizationId, range.from, range.to, first],
  );
  return rows;
}

export interface ChannelSuccess {
  name: string;
  kind: ChannelKind;
  alerts: number;
  succeeded: number;
  failed: number;
}

/** What became of the alerts decided in the range, by channel. Those held back and those on their way are in `alerts` alone. */
export async function channelSuccess(db: Reader, organizationId: string, range: Range): Promise<ChannelSuccess[]> {
  const { rows } = await db.query<ChannelSuccess & Record<string, unknown>>(
    organizationId,
    `SELECT c.name, c.kind, a.alerts, a.succeeded, a.failed FROM (
       SELECT channel_id, count(*)::int AS alerts, count(*) FILTER (WHERE status IN ('SENT', 'DELIVERED'))::int AS succeeded,
         count(*) FILTER (WHERE status = 'FAILED')::int AS failed
       FROM security_alerts WHERE organization_id = $1 AND created_at >= $2 AND created_at < $3 GROUP BY 1) a
     JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id ORDER BY c.name`,
    [organizationId, range.from, range.to],
  );
  return rows;
}

/** The stretch of the same length that ends where this one begins. */
export function rangeBefore({ from, to }: Range): Range {
  return { from: new Date(2 * from.getTime() - to.getTime()), to: from };
}

/** How much more it is than it was: 0.5 is half as much again; null: there was nothing, or one is unknown. */
export function growth(now: number | null, before: number | null): number | null {
  return now === null || !before ? null : now / before - 1;
}
