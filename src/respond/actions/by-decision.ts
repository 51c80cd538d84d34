/** Actions that enforcers carry out: a decision while they are in force, and what it replaced when they are taken back. */
import type { Tx } from "../../db.ts";
import { oneSpelling } from "../../user-name.ts";
import { makeDecision, makeDecisions, type NewDecision, revokeDecisions, ttlBounds } from "../decide.ts";
import type { TargetKind } from "../rule.ts";
import type { DecisionScope, Target } from "../target.ts";
import type { Doing } from "./action.ts";

/** Those of one moment together. Doing one again changes nothing, whatever became of its decision. */
export async function applyByDecision(tx: Tx, doings: readonly Doing[]): Promise<void> {
  const { rows } = await tx.query<{ action_id: string }>({
    name: "decisions_of_actions",
    text: "SELECT action_id FROM decisions WHERE organization_id = $1 AND action_id = ANY ($2)",
    values: [tx.organizationId, doings.map(({ id }) => id)],
  });
  const made = new Set(rows.map((row) => row.action_id));
  let wanted = doings.filter(({ id }) => !made.has(id)).map(decisionOf);
  while (wanted.length > 0) {
    // Two about one target replace each other: one after the other.
    const now = new Set<NewDecision>();
    const targets = new Set<string>();
    for (const one of wanted) {
      const key = `${one.type} ${one.target.scope} ${one.target.value}`;
      if (!targets.has(key)) now.add(one);
      targets.add(key);
    }
    await makeDecisions(tx, [...now]);
    wanted = wanted.filter((one) => !now.has(one));
  }
}

function decisionOf({ id, type, scope, target, ttl, reason, actor, now }: Doing): NewDecision {
  if (scope === null) throw new Error("an action of enforcers needs a scope");
  const about = { type: type as NewDecision["type"], target: { scope, value: target } };
  return { ...about, ttl, reason, actor, now, actionId: id };
}

interface Former {
  reason: string;
  actor: string;
  action_id: string | null;
  expires_at: Date;
}

export async function revertByDecision(tx: Tx, { id, type, scope, target, actor, now }: Doing): Promise<void> {
  const { rows } = await tx.query<{ id: string; created_at: Date }>(
    // When the action first took its place: it may have been brought back since, by a new decision.
    `SELECT d.id, (SELECT min(f.created_at) FROM decisions f WHERE f.organization_id = $1 AND f.action_id = $2
       AND f.value = d.value AND f.type = d.type AND f.scope = d.scope) AS created_at
     FROM decisions d WHERE d.organization_id = $1 AND d.action_id = $2 AND d.revoked_at IS NULL AND d.expires_at > $3`,
    [tx.organizationId, id, new Date(now)],
  );
  const [own] = rows;
  if (!own) return;
  await revokeDecisions(tx, { ids: rows.map((row) => row.id), actor, now });
  // What it replaced is in force again for the rest of its time, unless that was taken back meanwhile.
  const { rows: former } = await tx.query<Former>(
    `SELECT d.reason, d.actor, d.action_id, d.expires_at FROM decisions d
     LEFT JOIN incident_actions a ON a.organization_id = $1 AND a.id = d.action_id
     WHERE d.organization_id = $1 AND d.value = $2 AND d.type::text = $3 AND d.scope::text = $4 AND d.revoked_by = 'replaced'
       AND d.revoked_at = $5 AND d.expires_at > $6 AND d.action_id IS DISTINCT FROM $7
       AND (d.action_id IS NULL OR a.status::text IN ('APPLIED', 'SUPERSEDED'))
     ORDER BY d.version DESC LIMIT 1`,
    [tx.organizationId, target, type, scope, own.created_at, new Date(now + ttlBounds.least), id],
  );
  const [before] = former;
  if (!before) return;
  await makeDecision(tx, {
    type: type as NewDecision["type"],
    target: { scope: scope as DecisionScope, value: target },
    ttl: before.expires_at.getTime() - now,
    reason: before.reason,
    actor: before.actor,
    now,
    actionId: before.action_id ?? undefined,
  });
  await tx.query(
    `UPDATE incident_actions SET status = 'APPLIED', due_at = expires_at, ended_at = NULL, ended_by = NULL, ended_reason = NULL
     WHERE organization_id = $1 AND id = $2 AND status::text = 'SUPERSEDED'`,
    [tx.organizationId, before.action_id],
  );
}

/** A user or a session as a target. */
export function planPerson(text: string, kind: TargetKind | undefined): { target: Target } | { fault: string } {
  const isSession = kind === "SESSION" || (kind === undefined && text.startsWith("session:"));
  const value = (kind === undefined && isSession ? text.slice("session:".length) : text).trim();
  if (value === "" || value.length > 300 || value.includes("\0")) {
    return { fault: "A user or session has 1 to 300 characters." };
  }
  // A pseudonym: the applications that enforce know no user of that name.
  if (/^sealed-[0-9a-f]{32,}$/.test(value))
    return { fault: "Who it is is sealed: enforcers know nobody by that name." };
  return { target: isSession ? { scope: "SESSION", value } : { scope: "USER", value: oneSpelling(value) } };
}
