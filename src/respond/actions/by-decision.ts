/** Actions that enforcers carry out: a decision while they are in force, and what it replaced when they are taken back. */
import type { Tx } from "../../db.ts";
import { makeDecision, type NewDecision, revokeDecisions, ttlBounds } from "../decide.ts";
import type { TargetKind } from "../rule.ts";
import type { DecisionScope, Target } from "../target.ts";
import type { Doing } from "./action.ts";

export async function applyByDecision(tx: Tx, doing: Doing): Promise<void> {
  const { id, type, scope, target, ttl, reason, actor, now } = doing;
  if (scope === null) throw new Error("an action of enforcers needs a scope");
  const { rows } = await tx.query("SELECT FROM decisions WHERE organization_id = $1 AND action_id = $2", [
    tx.organizationId,
    id,
  ]);
  if (rows.length > 0) return; // it was made already, whatever became of it
  await makeDecision(tx, {
    type: type as NewDecision["type"],
    target: { scope, value: target },
    ttl,
    reason,
    actor,
    now,
    actionId: id,
  });
}

interface Former {
  reason: string;
  actor: string;
  action_id: string | null;
  expires_at: Date;
}

export async function revertByDecision(tx: Tx, { id, type, scope, target, actor, now }: Doing): Promise<void> {
  const { rows } = await tx.query<{ id: string; created_at: Date }>(
    `SELECT id, created_at FROM decisions
     WHERE organization_id = $1 AND action_id = $2 AND revoked_at IS NULL AND expires_at > $3`,
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
       AND d.revoked_at = $5 AND d.expires_at > $6 AND (d.action_id IS NULL OR a.status::text = 'APPLIED')
     ORDER BY d.version DESC LIMIT 1`,
    [tx.organizationId, target, type, scope, own.created_at, new Date(now + ttlBounds.least)],
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
  return { target: { scope: isSession ? "SESSION" : "USER", value } };
}
