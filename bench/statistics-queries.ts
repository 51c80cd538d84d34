/**
 * What the overview asks, in the dashboard's own words and with the ranges of src/dashboard/pages/overview/standard.ts,
 * beside the SQL that the tables' owner would write for the same answer.
 *
 * Left out: `Measured` and `DashboardPage`, which the standard overview does not ask; `DashboardList`, `ViewerSession` and
 * `UnreadCount`, which read a few rows of the viewer's own, whatever is stored; subscriptions, which are the stream bench's.
 * `ThreatPlaces` and `AttackCoverage` do the rest of their work in memory (places of addresses, names of techniques): by
 * hand there is their SQL alone.
 */

type Row = Record<string, unknown>;
type Statement = [text: string, ...values: unknown[]];

export interface Operation {
  name: string;
  variables: object;
  /** All at once. */
  byHand: Statement[];
  /** A number in the answer's data, and the same in the rows by hand, of each statement: equal, and above zero. */
  told(data: Answer): number;
  toldByHand(rows: Row[][]): number;
  /** The server gives the same answer again for this long, ms. */
  sharedFor?: number;
}

// biome-ignore lint/suspicious/noExplicitAny: each operation has an answer of its own
type Answer = any;

const [hour, day] = [3_600_000, 86_400_000]; // ms

/** The built-in rules of src/dashboard/widgets/geo-anomalies.tsx. */
export const references = [
  "impossible_travel",
  "new_country",
  "sensitive_deed_elsewhere",
  "service_account_new_place",
  "session_moved",
];

/** By the number of the status, which has an index. */
const isOpen = "status_rank <= 3";
const count = (list: unknown[]): number => list.length;
const sum = (rows: Row[], ...columns: string[]): number =>
  rows.reduce((total, row) => total + columns.reduce((of, column) => of + Number(row[column]), 0), 0);

/** Of an organization at a time; `ruleIds` are those of `references`, as the API names them and as they are stored. */
export function operationsOf(
  organizationId: string,
  now: number,
  ruleIds: { global: string[]; stored: string[] },
): Operation[] {
  const end = Math.ceil(now / 60_000) * 60_000; // as the dashboard's ranges
  const last = (ms: number, until = end): { from: Date; to: Date } => ({
    from: new Date(until - ms),
    to: new Date(until),
  });
  const [week, month] = [last(7 * day), last(30 * day)];
  const first: Statement = ["", organizationId];
  const mine = (text: string, ...values: unknown[]): Statement => [text, ...first.slice(1), ...values];

  /** A column and how long a step is: what is counted of it in each step of a range. */
  const perStep = (table: string, column: string, { from, to }: typeof week, step: number, more = "", where = "") =>
    mine(
      `SELECT date_bin($4, ${column}, $2), count(*)${more} FROM ${table}
       WHERE organization_id = $1 AND ${column} >= $2 AND ${column} < $3${where} GROUP BY 1`,
      ...[from, to, `${step / 1_000} seconds`],
    );
  const counts = (range: typeof week, step: number): Statement[] => [
    perStep("security_incidents", "opened_at", range, step),
    perStep("security_incidents", "resolved_at", range, step, "", " AND updated_at >= $2"), // that has an index
    perStep("detections", "created_at", range, step),
    perStep("security_alerts", "created_at", range, step, ", count(*) FILTER (WHERE status = 'FAILED') AS failed"),
  ];
  const toldOfSteps = (steps: Row[]): number => sum(steps, "opened", "resolved", "detections", "alerts");
  const sumOfCounts = (rows: Row[][]): number => sum(rows.flat(), "count");
  const subjects = (condition: string, most: number): Statement[] => [
    mine(
      `SELECT s ->> 'kind' AS kind, s ->> 'key' AS key, count(*) AS incidents, max(threat_score) AS threat_score
       FROM security_incidents, jsonb_array_elements(subjects) s
       WHERE organization_id = $1 AND opened_at >= $2 AND opened_at < $3${condition}
       GROUP BY 1, 2 ORDER BY 3 DESC LIMIT ${most}`,
      ...[week.from, week.to],
    ),
  ];
  const yesterday = last(day, end - day);

  return [
    {
      name: "GaugesNow",
      variables: {},
      sharedFor: 250,
      byHand: [
        mine(`SELECT count(*) FROM realtime_monitoring
          WHERE organization_id = $1 AND id >= event_id_floor(now() - interval '5 seconds')`),
        mine(`SELECT severity, count(*) FROM security_incidents
          WHERE organization_id = $1 AND ${isOpen} GROUP BY 1`),
        mine("SELECT count(*) FROM security_alerts WHERE organization_id = $1 AND status_rank <= 2"),
        mine(`SELECT count(*) FROM detections WHERE organization_id = $1 AND updated_at > now() - interval '1 minute'`),
      ],
      told: ({ realtime }) => realtime.metrics.openIncidents,
      toldByHand: ([, open = []]) => sum(open, "count"),
    },
    {
      name: "Counted",
      variables: { range: last(day), before: yesterday, interval: "PT30M", length: "P1D" },
      byHand: [...counts(last(day), hour / 2), ...counts(yesterday, day)],
      told: (data) => toldOfSteps([...data.now.steps, ...data.before.steps]),
      toldByHand: sumOfCounts,
    },
    {
      name: "Steps",
      variables: { range: week, interval: "PT3H" },
      byHand: counts(week, 3 * hour),
      told: ({ statistics }) => toldOfSteps(statistics.steps),
      toldByHand: sumOfCounts,
    },
    {
      name: "ActivitySteps",
      variables: { range: month },
      byHand: [perStep("detections", "created_at", month, hour)],
      told: ({ statistics }) => sum(statistics.steps, "detections"),
      toldByHand: sumOfCounts,
    },
    {
      name: "BySeverity",
      variables: {},
      sharedFor: 250,
      byHand: [
        mine(`SELECT severity, count(*) FROM security_incidents WHERE organization_id = $1 AND ${isOpen} GROUP BY 1`),
      ],
      told: ({ realtime }) => sum(realtime.metrics.openBySeverity, "count"),
      toldByHand: sumOfCounts,
    },
    {
      name: "OpenIncidents",
      variables: {},
      byHand: [mine("SELECT count(*) FROM security_incidents WHERE organization_id = $1 AND status_rank = 0")],
      told: ({ incidents }) => incidents.totalCount,
      toldByHand: sumOfCounts,
    },
    {
      name: "LatestIncidents",
      variables: {},
      byHand: [
        mine(`SELECT i.*, u.name, u.email FROM security_incidents i
          LEFT JOIN users u ON u.organization_id = $1 AND u.id = i.assignee_id
          WHERE i.organization_id = $1 AND i.${isOpen} ORDER BY last_event_at DESC, i.created_at DESC, i.id DESC LIMIT 20`),
      ],
      told: ({ incidents }) => sum(incidents.nodes, "number"),
      toldByHand: ([rows = []]) => sum(rows, "number"),
    },
    {
      name: "TopSubjects",
      variables: { range: week },
      byHand: subjects("", 12),
      told: ({ statistics }) => sum(statistics.topSubjects, "incidents"),
      toldByHand: ([rows = []]) => sum(rows, "incidents"),
    },
    {
      name: "ThreatPlaces",
      variables: { range: week },
      byHand: subjects(" AND s ->> 'kind' = 'ADDRESS'", 100),
      told: ({ statistics }) => sum(statistics.topSubjects, "incidents"),
      toldByHand: ([rows = []]) => sum(rows, "incidents"),
    },
    {
      name: "DeliveryCounts",
      variables: { range: week },
      byHand: [
        mine(
          `SELECT a.*, c.name FROM (SELECT channel_id, status, count(*) FROM security_alerts
             WHERE organization_id = $1 AND created_at >= $2 AND created_at < $3 GROUP BY 1, 2) a
           JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id`,
          ...[week.from, week.to],
        ),
      ],
      told: ({ alertCounts }) => sum(alertCounts, "alerts"),
      toldByHand: sumOfCounts,
    },
    {
      name: "RiskLeaders",
      variables: {},
      // The stored score orders, that of this moment is shown.
      byHand: [
        mine(`SELECT e.id, kind, key, risk_level, threat_score(c.weights, c.times, now(), criticality) AS risk
          FROM (SELECT * FROM entities WHERE organization_id = $1 AND risk > 0 AND kind <> 'PATIENT'
            ORDER BY risk DESC, last_seen_at DESC, id DESC LIMIT 12) e
          CROSS JOIN LATERAL (SELECT array_agg(weight::float8) AS weights, array_agg(at) AS times FROM
            (SELECT weight, at FROM risk_contributions r WHERE r.organization_id = $1 AND r.entity_kind = e.kind::text
               AND r.entity_key = e.key AND withdrawn_at IS NULL AND at > now() - interval '30 days'
             ORDER BY rank DESC LIMIT 1000) greatest_ones) c`),
      ],
      told: ({ entities }) => count(entities.nodes),
      toldByHand: ([rows = []]) => count(rows),
    },
    {
      name: "AttackCoverage",
      variables: { range: month },
      byHand: [
        mine(
          `WITH counted AS MATERIALIZED (SELECT rule_id, count(*) AS detections FROM detections
             WHERE organization_id = $1 AND created_at >= $2 AND created_at < $3 GROUP BY 1)
           SELECT r.mode, r.tags, coalesce(d.detections, 0) AS detections
           FROM alert_rules r LEFT JOIN counted d ON d.rule_id = r.id
           WHERE r.organization_id = $1 AND r.severity <> 'INFO' AND array_to_string(r.tags, ' ') ILIKE '%attack.%'
             AND r.deleted_at IS NULL`,
          ...[month.from, month.to],
        ),
      ],
      told: ({ attackCoverage }) => Math.min(1, sum(attackCoverage.tactics, "detections")), // a rule counts in each of its tactics
      toldByHand: ([rows = []]) => Math.min(1, sum(rows, "detections")),
    },
    {
      name: "GeoRules",
      variables: { references },
      byHand: [
        mine("SELECT id FROM alert_rules WHERE organization_id = $1 AND reference = ANY ($2) LIMIT 20", references),
      ],
      told: ({ alertRules }) => count(alertRules.nodes),
      toldByHand: ([rows = []]) => count(rows),
    },
    {
      name: "GeoAnomalies",
      variables: { ruleIds: ruleIds.global, since: week.from },
      byHand: [
        mine(
          `SELECT d.id, d.last_event_at, d.severity, d.explanation, r.name, i.number FROM detections d
           JOIN alert_rules r ON r.organization_id = $1 AND r.id = d.rule_id
           LEFT JOIN security_incidents i ON i.organization_id = $1 AND i.id = d.incident_id
           WHERE d.organization_id = $1 AND d.rule_id = ANY ($2) AND d.created_at >= $3
           ORDER BY d.created_at DESC, d.id DESC LIMIT 30`,
          ...[ruleIds.stored, week.from],
        ),
      ],
      told: ({ detections }) => count(detections.nodes),
      toldByHand: ([rows = []]) => count(rows),
    },
    {
      name: "LiveEvents",
      variables: { filter: {}, first: 40, count: false },
      byHand: [
        mine(`SELECT id, time, received_at, action, category, outcome, actor_name, actor_email, actor_id, source_ip, patient_id,
            target_type, target_id, target_name, message, http_method, http_path, http_status, user_agent, attributes, enrichment
          FROM realtime_monitoring WHERE organization_id = $1 ORDER BY id DESC LIMIT 40`),
      ],
      told: ({ securityEvents }) => count(securityEvents.nodes),
      toldByHand: ([rows = []]) => count(rows),
    },
    {
      name: "Health",
      variables: {},
      byHand: [
        ["SELECT current_setting('server_version')"],
        mine("SELECT rules_version FROM organizations WHERE id = $1"),
      ],
      told: ({ status }) => Number(status.ok),
      toldByHand: ([, rows = []]) => count(rows),
    },
  ];
}
