/** The rows of `incident_actions`: written when planned, and changed as their life goes on. */
import type { Tx } from "../db.ts";
import type { ActionType } from "./rule.ts";
import type { DecisionScope } from "./target.ts";

export type ActionStatus =
  | "PLANNED"
  | "AWAITING_APPROVAL"
  | "APPLIED"
  | "REVERTED"
  | "EXPIRED"
  | "REFUSED"
  | "FAILED"
  | "MONITORED"
  | "SUPERSEDED";

export interface NewRow {
  id: string;
  incidentId: string;
  type: ActionType;
  status: ActionStatus;
  target: string;
  scope: DecisionScope | null;
  /** ms */
  ttl: number;
  actor: string;
  reason: string;
  ruleId: string | null;
  entryId: string | null;
  requesterId: string | null;
  requesterSession: string | null;
  /** Until when somebody may approve it, epoch ms. */
  approveBy: number | null;
  /** Why it is over already. */
  endedReason: string | null;
}

/** Writes rows; answers the ids of those that were not there. */
export async function insertActions(tx: Tx, rows: readonly NewRow[], now: number): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const { rows: made } = await tx.query<{ id: string }>({
    name: "insert_actions",
    text: `INSERT INTO incident_actions (organization_id, id, incident_id, type, status, target, scope, ttl_s, actor, reason, rule_id,
        entry_id, requester_id, requester_session, due_at, ended_at, ended_by, ended_reason, created_at)
      SELECT $1, id, incident_id, type, status, target, scope, ttl_s, actor, reason, rule_id, entry_id, requester_id,
        requester_session, due_at, CASE WHEN ended_reason IS NOT NULL THEN $17::timestamptz END,
        CASE WHEN ended_reason IS NOT NULL THEN 'vigil' END, ended_reason, $17
      FROM unnest($2::uuid[], $3::uuid[], $4::action_type[], $5::action_status[], $6::text[], $7::decision_scope[], $8::int[],
          $9::text[], $10::text[], $11::uuid[], $12::uuid[], $13::text[], $14::uuid[], $15::timestamptz[], $16::text[])
        AS a(id, incident_id, type, status, target, scope, ttl_s, actor, reason, rule_id, entry_id, requester_id,
          requester_session, due_at, ended_reason)
      ON CONFLICT DO NOTHING RETURNING id`,
    values: [
      tx.organizationId,
      rows.map((row) => row.id),
      rows.map((row) => row.incidentId),
      rows.map((row) => row.type),
      rows.map((row) => row.status),
      rows.map((row) => row.target),
      rows.map((row) => row.scope),
      rows.map((row) => Math.round(row.ttl / 1000)),
      rows.map((row) => row.actor),
      rows.map((row) => row.reason),
      rows.map((row) => row.ruleId),
      rows.map((row) => row.entryId),
      rows.map((row) => row.requesterId),
      rows.map((row) => row.requesterSession),
      rows.map((row) => (row.approveBy === null ? null : new Date(row.approveBy))),
      rows.map((row) => row.endedReason),
      new Date(now),
    ],
  });
  return new Set(made.map(({ id }) => id));
}

/** What it takes to do an action. */
export interface ActionRow {
  id: string;
  incident_id: string;
  type: ActionType;
  target: string;
  scope: DecisionScope | null;
  ttl_s: number | null;
  actor: string;
  reason: string;
  rule_id: string | null;
}

export interface StoredAction extends ActionRow {
  status: ActionStatus;
  requester_id: string | null;
  requester_session: string | null;
  due_at: Date | null;
}

/** A row as it is after it was written. */
export function storedRow(row: NewRow): ActionRow {
  const { id, incidentId: incident_id, type, target, scope, ttl, actor, reason, ruleId: rule_id } = row;
  return { id, incident_id, type, target, scope, ttl_s: Math.round(ttl / 1000), actor, reason, rule_id };
}

/** It is over: why, and by whom. */
export async function endAction(
  tx: Tx,
  { id, status, actor, reason, now }: { id: string; status: ActionStatus; actor: string; reason: string; now: number },
): Promise<void> {
  await tx.query(
    `UPDATE incident_actions SET status = $3::action_status, ended_at = $4, ended_by = $5, ended_reason = $6, due_at = NULL
     WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, status, new Date(now), actor, reason],
  );
}
