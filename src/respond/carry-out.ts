/** Doing an action that was planned, and taking it back. Safety is checked again where it is done (R1). */
import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { addEntries, type EntryKind } from "../incident/entry.ts";
import { recordChanges } from "../publish/change.ts";
import { endAction, lockAction, type StoredAction } from "./action-row.ts";
import type { Doing } from "./actions/action.ts";
import { actions } from "./actions/table.ts";
import { approvalIsOver } from "./notices.ts";
import { judgeSafety, type Surroundings } from "./safety.ts";
import type { Target } from "./target.ts";

/** One line of the timeline about an action, and the change that tells of it. Answers the change's cursor. */
export async function tell(
  tx: Tx,
  {
    incidentId,
    kind,
    message,
    actor,
    now,
  }: { incidentId: string; kind: EntryKind; message: string; actor: string; now: number },
): Promise<string> {
  await addEntries(tx, [{ incidentId, kind, message, actor }], now);
  return recordChanges(tx, [{ topic: "incident", kind, entityId: incidentId }]);
}

/** What the action is done to; null: nothing that enforcers know. */
export function targetOf({ scope, target }: Pick<StoredAction, "scope" | "target">): Target | null {
  return scope === null ? null : { scope, value: target };
}

/** `BLOCK_IP of 203.0.113.9`. */
export function nameOf({ type, target }: { type: string; target: string }): string {
  return `${type} of ${target}`;
}

const doingOf = (row: StoredAction, now: number): Doing => ({
  id: row.id,
  incidentId: row.incident_id,
  type: row.type,
  target: row.target,
  scope: row.scope,
  ttl: (row.ttl_s ?? 0) * 1000,
  reason: row.reason,
  actor: row.actor,
  now,
});

/** Does it, or refuses it for safety's sake. An action that is over, or done already, stays as it is. */
export async function carryOut(
  tx: Tx,
  id: string,
  {
    around,
    approvedBy,
    auditActor,
    now,
  }: { around: Surroundings; approvedBy?: string; auditActor: string; now: number },
): Promise<{ applied: boolean; cursor: string | undefined }> {
  const row = await lockAction(tx, id);
  if (row.status !== "PLANNED" && row.status !== "AWAITING_APPROVAL") {
    return { applied: row.status === "APPLIED", cursor: undefined };
  }
  const target = targetOf(row);
  const verdict = target ? judgeSafety(target, around) : ({ safe: true } as const);
  const about = { incidentId: row.incident_id, actor: row.actor, now };
  const entry = { actor: auditActor, entityKind: "IncidentAction", entityId: id };
  if (!verdict.safe) {
    await endAction(tx, { id, status: "REFUSED", actor: "vigil", reason: verdict.reason, now });
    const message = `${nameOf(row)} was refused: ${verdict.reason}`;
    const cursor = await tell(tx, { ...about, kind: "ACTION_REFUSED", message });
    await audit(tx, {
      ...entry,
      action: "INCIDENT_ACTION_REFUSED",
      detail: { type: row.type, reason: verdict.reason },
    });
    return { applied: false, cursor };
  }
  const doing = doingOf(row, now);
  await actions[row.type].apply(tx, doing);
  const expiresAt = doing.ttl > 0 ? new Date(now + doing.ttl) : null;
  await tx.query(
    `UPDATE incident_actions SET status = 'APPLIED', applied_at = $3, expires_at = $4, due_at = $4, approved_by = $5
     WHERE organization_id = $1 AND id = $2`,
    [tx.organizationId, id, new Date(now), expiresAt, approvedBy ?? null],
  );
  const until = expiresAt ? ` until ${expiresAt.toISOString()}` : "";
  const agreed = approvedBy ? ` ${approvedBy} approved it.` : "";
  const cursor = await tell(tx, {
    ...about,
    kind: "ACTION_APPLIED",
    message: `${nameOf(row)}${until}. ${row.reason}${agreed}`,
  });
  const detail = {
    type: row.type,
    target: row.target,
    ttlS: row.ttl_s,
    ruleId: row.rule_id,
    approvedBy: approvedBy ?? null,
  };
  await audit(tx, { ...entry, action: "INCIDENT_ACTION_APPLIED", detail });
  return { applied: true, cursor };
}

/** Takes it back: what was before is so again (R7). Taking it back twice is harmless. Errors: NOT_FOUND, CONFLICT. */
export async function revertAction(
  tx: Tx,
  {
    id,
    actor,
    auditActor,
    reason,
    now,
  }: { id: string; actor: string; auditActor: string; reason: string; now: number },
): Promise<{ id: string; cursor: string | undefined }> {
  const row = await lockAction(tx, id);
  if (row.status === "REVERTED") return { id, cursor: undefined };
  if (!["PLANNED", "AWAITING_APPROVAL", "APPLIED"].includes(row.status)) {
    throw new VigilError("CONFLICT", `The action is ${row.status}: there is nothing to take back.`, { path: ["id"] });
  }
  if (row.status === "APPLIED") await actions[row.type].revert(tx, { ...doingOf(row, now), actor });
  return { id, cursor: await endTakenBack(tx, row, { actor, auditActor, reason, now }) };
}

/** Writes down that it was taken back, in the timeline and the audit log. Answers the change's cursor. */
export async function endTakenBack(
  tx: Tx,
  row: StoredAction,
  { actor, auditActor, reason, now }: { actor: string; auditActor: string; reason: string; now: number },
): Promise<string> {
  const { id } = row;
  await endAction(tx, { id, status: "REVERTED", actor, reason, now });
  if (row.status === "AWAITING_APPROVAL") await approvalIsOver(tx, { id, requesterId: row.requester_id }, now);
  const message = `${actor} took back ${nameOf(row)}: ${reason}`;
  const cursor = await tell(tx, { incidentId: row.incident_id, kind: "ACTION_REVERTED", message, actor, now });
  const detail = { type: row.type, target: row.target, was: row.status, reason };
  await audit(tx, {
    actor: auditActor,
    action: "INCIDENT_ACTION_REVERTED",
    entityKind: "IncidentAction",
    entityId: id,
    detail,
  });
  return cursor;
}
