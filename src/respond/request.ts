/** Actions that people ask for, approve and reject. */
import { v7 as uuidv7 } from "uuid";
import { audit } from "../access/audit.ts";
import type { Viewer } from "../access/viewer.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { endAction, insertActions, type NewRow, type StoredAction } from "./action-row.ts";
import { namelessOf, nameOf } from "./action-words.ts";
import { actions, needsApproval } from "./actions/table.ts";
import { carryOut, tell } from "./carry-out.ts";
import { ttlBounds } from "./decide.ts";
import { lockAction } from "./lock-action.ts";
import { approvalIsOver, askApproval, tellRequesters } from "./notices.ts";
import { administrators } from "./playbook.ts";
import { approvalLimit } from "./respond.ts";
import type { ActionType } from "./rule.ts";
import { judgeAction } from "./safety.ts";
import { brokenGlass, tellAlone } from "./second-person.ts";
import { readSurroundings } from "./surroundings.ts";

/** Who asks: by name in timelines, by id in the audit log and where a second person is needed. */
export interface Asker {
  viewer: Viewer;
  /** As the audit log keeps it. */
  auditActor: string;
  address: string | undefined;
  ownAddresses: readonly string[];
  now: number;
}

export interface Request {
  incidentId: string;
  type: ActionType;
  target: string;
  /** ms; undefined: an hour. */
  ttl: number | undefined;
  reason: string;
  dryRun: boolean;
}

export interface Requested {
  /** Null: a dry run wrote nothing. */
  id: string | null;
  cursor: string | undefined;
  /** What became, or would become, of it. */
  status: "APPLIED" | "AWAITING_APPROVAL" | "REFUSED";
  /** Why it was, or would be, refused. */
  reason: string | null;
}

/** Does it, has it wait for a second person, or refuses it for safety's sake. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function requestAction(tx: Tx, asked: Request, asker: Asker): Promise<Requested> {
  const { type, reason, dryRun, incidentId } = asked;
  const { viewer, auditActor, address, ownAddresses, now } = asker;
  // Its key, against a merge; see lock-action.ts why no more.
  const { rows } = await tx.query<{ status: string }>(
    "SELECT status FROM security_incidents WHERE organization_id = $1 AND id = $2 FOR KEY SHARE",
    [tx.organizationId, incidentId],
  );
  if (!rows[0]) throw new VigilError("NOT_FOUND", "There is no such incident.", { path: ["id"] });
  if (rows[0].status === "MERGED") {
    throw new VigilError("CONFLICT", "The incident was merged: act on the one it lives on in.", { path: ["id"] });
  }
  if (type === "ASK_USER")
    throw new VigilError("BAD_USER_INPUT", "People ask users by incidentAskUser.", { path: ["input", "type"] });
  const read = actions[type].plan(asked.target, undefined);
  if ("fault" in read) throw new VigilError("BAD_USER_INPUT", read.fault, { path: ["input", "target"] });
  const { target } = read;
  const calls = type === "CALL_WEBHOOK";
  const lasts = target !== null || calls;
  const ttl = lasts ? (asked.ttl ?? ttlBounds.default) : 0;
  if (lasts && !(ttl >= ttlBounds.least && ttl <= ttlBounds.most)) {
    throw new VigilError("BAD_USER_INPUT", "An action is in force for PT10S to P7D.", { path: ["input", "ttl"] });
  }
  const given = { actor: viewer.name, automatic: false, callerAddress: address, ownAddresses };
  const around = await readSurroundings(tx, given);
  const about = { type, target, name: asked.target };
  const verdict = judgeAction(about, around);
  const waits = verdict.safe && needsApproval(about, around);
  const status = verdict.safe ? (waits ? "AWAITING_APPROVAL" : "APPLIED") : "REFUSED";
  const why = verdict.safe ? null : verdict.reason;
  if (dryRun) return { id: null, cursor: undefined, status, reason: why };
  const row: NewRow = {
    id: uuidv7({ msecs: now }),
    incidentId,
    type,
    status: waits ? "AWAITING_APPROVAL" : "PLANNED",
    target: target?.value ?? (calls ? asked.target : administrators),
    scope: target?.scope ?? null,
    ttl,
    actor: viewer.name,
    reason,
    ruleId: null,
    entryId: null,
    requesterId: viewer.id,
    requesterSession: viewer.sessionId ?? null,
    approveBy: waits ? now + approvalLimit : null,
    endedReason: null,
  };
  await insertActions(tx, [row], now);
  const detail = { type, target: row.target, ttlS: ttl / 1000, reason, status };
  await audit(tx, {
    actor: auditActor,
    action: "INCIDENT_ACTION_REQUESTED",
    entityKind: "IncidentAction",
    entityId: row.id,
    detail,
  });
  if (!waits) {
    const { cursor } = await carryOut(tx, row.id, { around, auditActor, now });
    return { id: row.id, cursor, status, reason: why };
  }
  await askApproval(tx, [row], now);
  const message = `The ${nameOf(row)} waits for a second person until ${new Date(now + approvalLimit).toISOString()}. ${reason}`;
  const cursor = await tell(tx, { incidentId, kind: "ACTION_PLANNED", message, actor: viewer.name, now });
  return { id: row.id, cursor, status, reason: why };
}

/** A second person agrees, and it is done (R6). Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function approveAction(
  tx: Tx,
  id: string,
  asker: Asker,
): Promise<{ id: string; cursor: string | undefined }> {
  const { viewer, auditActor, address, ownAddresses, now } = asker;
  const row = await waiting(tx, id, now);
  const { requester_id: requester, requester_session: session } = row;
  const isSame = requester === viewer.id || (session !== null && session === viewer.sessionId);
  if (isSame) {
    if (!(await brokenGlass(tx, asker))) {
      const message = "A second person has to approve it: not who asked for it, nor the same session.";
      throw new VigilError("BAD_USER_INPUT", message, { path: ["id"] });
    }
    const deed = {
      entityKind: "IncidentAction" as const,
      id,
      action: "INCIDENT_ACTION_BREAK_GLASS",
      type: row.type,
      target: row.target,
      title: `The ${namelessOf(row.type)} was approved by who asked for it, by break-glass: incident #?`,
      body: `${viewer.name} approved the ${nameOf(row)}, which they had asked for: ${row.reason}`,
      incidentId: row.incident_id,
    };
    await tellAlone(tx, deed, asker);
  }
  const given = { actor: viewer.name, automatic: false, callerAddress: address, ownAddresses };
  const around = await readSurroundings(tx, given);
  const { cursor, applied } = await carryOut(tx, id, { around, approvedBy: viewer.name, auditActor, now });
  await approvalIsOver(tx, { id, requesterId: requester }, now);
  const why = applied ? `${viewer.name} approved it.` : "It was refused for safety's sake: see the timeline.";
  if (!isSame) await tellRequesters(tx, [{ ...asked(row), done: applied, why }], now);
  return { id, cursor };
}

/** It is not done. Errors: NOT_FOUND, CONFLICT. */
export async function rejectAction(
  tx: Tx,
  { id, reason }: { id: string; reason: string },
  { viewer, auditActor, now }: Asker,
): Promise<{ id: string; cursor: string | undefined }> {
  const row = await waiting(tx, id, now);
  await endAction(tx, { id, status: "REFUSED", actor: viewer.name, reason, now });
  await approvalIsOver(tx, { id, requesterId: row.requester_id }, now);
  if (row.requester_id !== viewer.id)
    await tellRequesters(tx, [{ ...asked(row), done: false, why: `${viewer.name} rejected it.` }], now);
  const message = `${viewer.name} rejected the ${nameOf(row)}: ${reason}`;
  const cursor = await tell(tx, {
    incidentId: row.incident_id,
    kind: "ACTION_REFUSED",
    message,
    actor: viewer.name,
    now,
  });
  const detail = { type: row.type, target: row.target, reason };
  await audit(tx, {
    actor: auditActor,
    action: "INCIDENT_ACTION_REJECTED",
    entityKind: "IncidentAction",
    entityId: id,
    detail,
  });
  return { id, cursor };
}

const asked = ({ id, incident_id: incidentId, type, requester_id: requesterId }: StoredAction) => ({
  id,
  incidentId,
  type,
  requesterId,
});

async function waiting(tx: Tx, id: string, now: number) {
  const row = await lockAction(tx, id);
  if (row.status !== "AWAITING_APPROVAL") {
    throw new VigilError("CONFLICT", `The action is ${row.status}: it waits for nobody.`, { path: ["id"] });
  }
  if (row.due_at && row.due_at.getTime() <= now) {
    throw new VigilError("CONFLICT", "It could be approved for 30 minutes, which are over.", { path: ["id"] });
  }
  return row;
}
