/** Doing an action that was planned, and taking it back. Safety is checked again where it is done (R1). */
import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { addEntries, type EntryKind, type NewEntry } from "../incident/entry.ts";
import { recordChanges } from "../publish/change.ts";
import { type ActionRow, endAction, type StoredAction } from "./action-row.ts";
import { nameOf } from "./action-words.ts";
import type { Doing } from "./actions/action.ts";
import { actions } from "./actions/table.ts";
import { lockAction } from "./lock-action.ts";
import { approvalIsOver } from "./notices.ts";
import { judgeAction, type Surroundings } from "./safety.ts";
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
  return tellAll(tx, [{ incidentId, kind, message, actor }], now) as Promise<string>;
}

/** Several lines, and the changes that tell of them. Answers the last one's cursor; undefined: there was nothing to tell. */
export async function tellAll(tx: Tx, entries: readonly NewEntry[], now: number): Promise<string | undefined> {
  if (entries.length === 0) return undefined;
  await addEntries(tx, entries, now);
  return recordChanges(
    tx,
    entries.map(({ kind, incidentId }) => ({ topic: "incident", kind, entityId: incidentId })),
  );
}

/** What the action is done to; null: nothing that enforcers know. */
export function targetOf({ scope, target }: Pick<StoredAction, "scope" | "target">): Target | null {
  return scope === null ? null : { scope, value: target };
}

export const doingOf = (row: ActionRow, now: number): Doing => ({
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

interface Circumstances {
  around: Surroundings;
  approvedBy?: string;
  auditActor: string;
  now: number;
}

/** Does it, or refuses it for safety's sake. An action that is over, or done already, stays as it is. */
export async function carryOut(
  tx: Tx,
  id: string,
  circumstances: Circumstances,
): Promise<{ applied: boolean; cursor: string | undefined }> {
  const row = await lockAction(tx, id);
  if (row.status !== "PLANNED" && row.status !== "AWAITING_APPROVAL") {
    return { applied: row.status === "APPLIED", cursor: undefined };
  }
  const { entries, applied } = await carryOutAll(tx, [row], circumstances);
  return { applied: applied > 0, cursor: await tellAll(tx, entries, circumstances.now) };
}

/**
 * Does them all, in as few statements as one; those that are not safe are refused. The rows are the caller's: locked, or
 * written by the same transaction. Answers the lines to tell of them.
 */
export async function carryOutAll(
  tx: Tx,
  rows: readonly ActionRow[],
  { around, approvedBy, auditActor, now }: Circumstances,
): Promise<{ entries: NewEntry[]; applied: number }> {
  const entries: NewEntry[] = [];
  const safe: ActionRow[] = [];
  const entryOf = (id: string) => ({ actor: auditActor, entityKind: "IncidentAction", entityId: id });
  for (const row of rows) {
    const verdict = judgeAction({ type: row.type, target: targetOf(row), name: row.target }, around);
    if (verdict.safe) {
      safe.push(row);
      continue;
    }
    const { reason } = verdict;
    await endAction(tx, { id: row.id, status: "REFUSED", actor: "vigil", reason, now });
    const about = { incidentId: row.incident_id, actor: row.actor };
    entries.push({ ...about, kind: "ACTION_REFUSED", message: `The ${nameOf(row)} was refused: ${reason}` });
    await audit(tx, { ...entryOf(row.id), action: "INCIDENT_ACTION_REFUSED", detail: { type: row.type, reason } });
  }
  if (safe.length === 0) return { entries, applied: 0 };
  for (const type of new Set(safe.map((row) => row.type))) {
    await actions[type].apply(
      tx,
      safe.filter((row) => row.type === type).map((row) => doingOf(row, now)),
    );
  }
  const endOf = ({ ttl_s }: ActionRow): Date | null => (ttl_s ? new Date(now + ttl_s * 1000) : null);
  // Until its decision ends, which is later where that took the place of one that lasts longer.
  const { rows: ends } = await tx.query<{ id: string; expires_at: Date | null }>({
    name: "actions_applied",
    text: `UPDATE incident_actions a SET status = 'APPLIED', applied_at = $3, expires_at = e.until, due_at = e.until, approved_by = $5
      FROM (SELECT w.id, greatest(w.at, (SELECT max(d.expires_at) FROM decisions d
          WHERE d.organization_id = $1 AND d.action_id = w.id)) AS until
        FROM unnest($2::uuid[], $4::timestamptz[]) AS w(id, at)) e
      WHERE a.organization_id = $1 AND a.id = e.id RETURNING a.id, a.expires_at`,
    values: [tx.organizationId, safe.map(({ id }) => id), new Date(now), safe.map(endOf), approvedBy ?? null],
  });
  const until = new Map(ends.map(({ id, expires_at }) => [id, expires_at]));
  const agreed = approvedBy ? ` ${approvedBy} approved it.` : "";
  for (const row of safe) {
    const end = until.get(row.id);
    const message = `The ${nameOf(row)}${end ? ` until ${end.toISOString()}` : ""}. ${row.reason}${agreed}`;
    entries.push({ incidentId: row.incident_id, actor: row.actor, kind: "ACTION_APPLIED", message });
    const { type, target, ttl_s: ttlS, rule_id: ruleId } = row;
    const detail = { type, target, ttlS, ruleId, approvedBy: approvedBy ?? null };
    await audit(tx, { ...entryOf(row.id), action: "INCIDENT_ACTION_APPLIED", detail });
  }
  return { entries, applied: safe.length };
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
  const message = `${actor} took back the ${nameOf(row)}: ${reason}`;
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
