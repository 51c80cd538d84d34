/** What the playbook has to know: incidents that wait to be responded to, rules, and what was done before. */
import type { Tx } from "../db.ts";
import { livingOf } from "../incident/living.ts";
import type { Severity } from "../ingest/event.ts";
import { type IncidentFacts, memory, type PastAction } from "./playbook.ts";
import type { ActionType, ResponseRule } from "./rule.ts";

export interface DueIncident extends IncidentFacts {
  entryId: string;
  firstEventAt: Date;
}

interface IncidentRow {
  id: string;
  number: number;
  severity: Severity;
  threat_score: number;
  rule_id: string | null;
  reference: string | null;
  tags: string[];
  subjects: { kind: string; key: string }[] | null;
  response_entry_id: string;
  first_event_at: Date;
}

const columns = `i.id, i.number, i.severity, i.threat_score, i.rule_id, i.tags, i.subjects, i.response_entry_id, i.first_event_at,
  (SELECT r.reference FROM alert_rules r WHERE r.organization_id = $1 AND r.id = i.rule_id) AS reference`;

/** Open incidents that wait, locked; those that another transaction holds are left to it. */
export async function dueIncidents(tx: Tx, most: number): Promise<DueIncident[]> {
  const { rows } = await tx.query<IncidentRow>({
    name: "incidents_to_respond_to",
    text: `SELECT ${columns} FROM security_incidents i
      WHERE i.organization_id = $1 AND i.response_entry_id IS NOT NULL AND i.status_rank < 4
      ORDER BY i.fingerprint LIMIT $2 FOR UPDATE OF i SKIP LOCKED`,
    values: [tx.organizationId, most],
  });
  return rows.map(factsOf);
}

/** These incidents as the playbook sees them. */
export async function incidentFacts(tx: Tx, ids: readonly string[]): Promise<DueIncident[]> {
  const text = `SELECT ${columns} FROM security_incidents i WHERE i.organization_id = $1 AND i.id = ANY ($2::uuid[])`;
  const { rows } = await tx.query<IncidentRow>(text, [tx.organizationId, ids]);
  return rows.map(factsOf);
}

function factsOf(row: IncidentRow): DueIncident {
  return {
    id: row.id,
    number: row.number,
    severity: row.severity,
    threatScore: row.threat_score,
    ruleId: row.rule_id,
    ruleReference: row.reference,
    tags: row.tags,
    subjects: Array.isArray(row.subjects) ? row.subjects : [],
    earlierIncidents: 0,
    entryId: row.response_entry_id,
    firstEventAt: row.first_event_at,
  };
}

/** All response rules in the order in which they are asked. */
export async function loadResponseRules(tx: Tx): Promise<ResponseRule[]> {
  const { rows } = await tx.query<ResponseRule>({
    name: "response_rules",
    text: `SELECT id, name, mode, conditions, actions, cool_down_s AS "coolDownS",
        (SELECT time_zone FROM organizations WHERE id = $1) AS "timeZone"
      FROM response_rules WHERE organization_id = $1 ORDER BY position, id`,
    values: [tx.organizationId],
  });
  return rows;
}

/** Counts, where a rule asks for it, the incidents of the 30 days before with one of the same subjects. */
export async function countEarlier(tx: Tx, incidents: DueIncident[], rules: readonly ResponseRule[]): Promise<void> {
  if (!rules.some(({ conditions }) => conditions.earlierIncidentsAtLeast !== undefined)) return;
  const { rows } = await tx.query<{ id: string; earlier: number }>({
    name: "earlier_incidents",
    text: `SELECT i.id, count(DISTINCT o.id)::int AS earlier FROM security_incidents i
      CROSS JOIN LATERAL jsonb_array_elements(i.subjects) AS s
      JOIN incident_terms t ON t.organization_id = $1 AND t.term = lower(s ->> 'kind') || ':' || left(lower(s ->> 'key'), 200)
      JOIN security_incidents o ON o.organization_id = $1 AND o.id = t.incident_id
      WHERE i.organization_id = $1 AND i.id = ANY ($2) AND o.id <> i.id AND o.opened_at < i.opened_at
        AND o.opened_at > i.opened_at - interval '30 days' GROUP BY i.id`,
    values: [tx.organizationId, incidents.map(({ id }) => id)],
  });
  const counted = new Map(rows.map(({ id, earlier }) => [id, earlier]));
  for (const incident of incidents) incident.earlierIncidents = counted.get(incident.id) ?? 0;
}

/** Actions of the last 30 days on these incidents' subjects, and decisions in force that no action made. */
export async function loadHistory(tx: Tx, incidents: readonly IncidentFacts[], now: number): Promise<PastAction[]> {
  const targets = new Set(incidents.flatMap(({ subjects }) => subjects.map(({ key }) => key)));
  const { rows } = await tx.query<
    Omit<PastAction, "at" | "inForceUntil" | "type"> & { type: string; at: Date; until: Date | null }
  >({
    name: "past_actions",
    // What somebody took back is so in the incident that its own lives on in, too.
    text: `SELECT CASE WHEN a.status::text = 'REVERTED' THEN (SELECT living.id FROM ${livingOf("a.incident_id")} AS living)
            ELSE a.incident_id END AS "incidentId",
          rule_id AS "ruleId", type::text, target, applied_at IS NOT NULL AS done,
          status::text = 'MONITORED' AS monitored, status::text = 'REVERTED' AS "takenBack", created_at AS at,
          CASE WHEN status::text IN ('APPLIED', 'AWAITING_APPROVAL') THEN due_at END AS until
        FROM incident_actions a WHERE organization_id = $1 AND target = ANY ($2) AND created_at > $4
      UNION ALL
      SELECT incident_id, rule_id, type::text, target, applied_at IS NOT NULL, status::text = 'MONITORED', status::text = 'REVERTED',
          created_at, CASE WHEN type::text = 'CALL_WEBHOOK' AND status::text IN ('APPLIED', 'AWAITING_APPROVAL') THEN due_at END
        FROM incident_actions WHERE organization_id = $1 AND incident_id = ANY ($5) AND type::text IN ('NOTIFY_ADMIN', 'CALL_WEBHOOK')
      UNION ALL
      SELECT NULL, NULL, type::text, value, false, false, false, created_at, expires_at FROM decisions
        WHERE organization_id = $1 AND value = ANY ($2) AND action_id IS NULL AND revoked_at IS NULL AND expires_at > $3`,
    values: [tx.organizationId, [...targets], new Date(now), new Date(now - memory), incidents.map(({ id }) => id)],
  });
  return rows.map(({ until, at, type, ...row }) => ({
    ...row,
    type: type as ActionType,
    at: at.getTime(),
    inForceUntil: until?.getTime() ?? null,
  }));
}
