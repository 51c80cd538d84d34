/** What people do about an incident without moving it: take it, grade it, write about it. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { type Severity, severities } from "../ingest/event.ts";
import type { WordsVault } from "../secrets/words.ts";
import { tellAssigned } from "./assigned.ts";
import { lastEntryOf } from "./entry.ts";
import { tellMentioned } from "./mention.ts";
import {
  applyChange,
  type Changed,
  type ChangeInput,
  digestOf,
  type LockedIncident,
  lockIncident,
  readReason,
} from "./move.ts";
import { isOpen } from "./state.ts";

/** Whose work incidents are. */
export const workers = ["ADMIN", "RESPONDER", "ANALYST"] as const;

/** Gives the incident to a user, by e-mail address, or to nobody (null). Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function assignIncident(
  tx: Tx,
  input: ChangeInput & { assignee: string | null },
): Promise<Changed & { previousAssigneeId: string | null }> {
  const { actor, assignee } = input;
  const current = await lockIncident(tx, input);
  refuseFinished(current);
  const id = assignee === null ? null : await assigneeId(tx, assignee);
  const message =
    assignee === null
      ? `${actor} took the incident from whoever had it.`
      : `${actor} assigned the incident to ${assignee}.`;
  const set = { columns: "assignee_id = $4", values: [id] };
  const changed = await applyChange(tx, input, set, { kind: "ASSIGNED", message });
  if (id !== null && assignee !== null && id !== current.assignee_id) {
    const { severity } = current;
    const of = { cause: lastEntryOf(tx), incidentId: input.id, severity, userId: id, email: assignee };
    await tellAssigned(tx, { ...of, what: "incident", actor, now: input.now });
  }
  return { ...changed, previousAssigneeId: current.assignee_id };
}

/** The user who can be asked to work on incidents. Errors: NOT_FOUND, BAD_USER_INPUT. */
export async function assigneeId(tx: Tx, email: string, path = ["input", "assignee"]): Promise<string> {
  const { rows } = await tx.query<{ id: string; role: string; suspended: boolean }>(
    "SELECT id, role, suspended_at IS NOT NULL AS suspended FROM users WHERE organization_id = $1 AND email = lower($2)",
    [tx.organizationId, email],
  );
  const [user] = rows;
  if (!user) throw new VigilError("NOT_FOUND", "There is no such user.", { path });
  if (user.suspended) throw new VigilError("BAD_USER_INPUT", `${email} is suspended.`, { path });
  if (!(workers as readonly string[]).includes(user.role)) {
    throw new VigilError("BAD_USER_INPUT", `${email} is ${user.role} and may not work on incidents.`, { path });
  }
  return user.id;
}

/** Raises or lowers the severity. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function gradeIncident(
  tx: Tx,
  vault: WordsVault,
  input: ChangeInput & { severity: Severity; reason: string },
): Promise<Changed & { previousSeverity: Severity }> {
  const reason = readReason(input.reason, "A change of severity");
  const current = await lockIncident(tx, input);
  refuseFinished(current);
  if (current.severity === input.severity) {
    const message = `Incident #${current.number} is ${input.severity} already.`;
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", "severity"] });
  }
  const changed = await applyChange(
    tx,
    input,
    { columns: "severity = $4::severity", values: [input.severity] },
    {
      kind: "SEVERITY_CHANGED",
      message: `${input.actor} changed the severity from ${current.severity} to ${input.severity}`,
      words: reason,
      rises: severities.indexOf(input.severity) > severities.indexOf(current.severity),
    },
    vault,
  );
  const wordsDigest = await digestOf(tx, vault, reason);
  return { ...changed, wordsDigest, previousSeverity: current.severity };
}

const mostComment = 20_000;

/** A comment in Markdown, sealed; allowed in every status. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function commentIncident(
  tx: Tx,
  vault: WordsVault,
  input: ChangeInput & { body: string },
): Promise<Changed> {
  const body = input.body.trim();
  if (body === "" || body.length > mostComment) {
    throw new VigilError("BAD_USER_INPUT", "A comment has 1 to 20,000 characters.", { path: ["input", "body"] });
  }
  await lockIncident(tx, input);
  const line = { kind: "COMMENTED", message: `${input.actor} wrote`, words: body } as const;
  const changed = await applyChange(tx, input, { columns: "" }, line, vault);
  const { id: incidentId, actor, now } = input;
  await tellMentioned(tx, { incidentId, cause: lastEntryOf(tx), body, actor, now });
  return { ...changed, wordsDigest: await digestOf(tx, vault, body) };
}

/** What is resolved, closed or merged is not worked on: it is reopened, or its target is worked on. */
export function refuseFinished({ status, number, revision }: LockedIncident): void {
  if (isOpen(status)) return;
  const message = `Incident #${number} is ${status}: ${status === "MERGED" ? "work on the one it was merged into" : "reopen it first"}.`;
  throw new VigilError("CONFLICT", message, { path: ["id"], detail: { revision, status } });
}
