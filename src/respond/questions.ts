/**
 * Sends the questions that responses ask, and those of people whose sender died. In any number of processes: a question is
 * claimed for the length of a lease, and each try makes its secret anew, for only hashes are kept. After a crash between
 * sending and writing that down there are two e-mails, of one Message-ID: whichever is read, its link is valid, and the
 * first answer counts.
 */
import { audit } from "../access/audit.ts";
import { formatCredential, hashSecret } from "../access/credential.ts";
import type { Tx } from "../db.ts";
import { livingOf } from "../incident/living.ts";
import { type IncidentStatus, isOpen } from "../incident/state.ts";
import { endAction } from "./action-row.ts";
import { tell } from "./carry-out.ts";
import { asAddress, contactBefore, questionLease } from "./contact.ts";
import { lockActionIfAny } from "./lock-action.ts";

const most = 16; // questions at once
const mostTries = 5; // within half an hour: waits of 2, 4, 8 and 16 minutes between them

export interface DueQuestion {
  id: string;
  /** Null: a person asked, and the timeline says so already. */
  actionId: string | null;
  /** That which it lives on in, where it was merged. */
  incidentId: string;
  user: string;
  tries: number;
  status: IncidentStatus;
  email: string | null;
  organization: string;
  token: string;
}

/** Claims what is due. Those about incidents that are over are closed instead. */
export async function claimQuestions(tx: Tx, now: number): Promise<{ claimed: DueQuestion[]; closed: number }> {
  const { rows } = await tx.query<Omit<DueQuestion, "token">>({
    name: "questions_due",
    text: `SELECT c.id, c.action_id AS "actionId", living.id AS "incidentId", c.subject AS user, c.tries + 1 AS tries, living.status,
        ${contactBefore("c.subject", "least(i.first_event_at, living.first_event_at)")} AS email, (SELECT name FROM organizations WHERE id = $1) AS organization
      FROM user_checks c JOIN security_incidents i ON i.organization_id = $1 AND i.id = c.incident_id
      CROSS JOIN LATERAL ${livingOf("c.incident_id")} AS living
      WHERE c.organization_id = $1 AND c.due_at <= $2 AND c.expires_at > $2 AND c.answered_at IS NULL
      ORDER BY c.due_at, c.id LIMIT ${most} FOR UPDATE OF c SKIP LOCKED`,
    values: [tx.organizationId, new Date(now)],
  });
  const over = rows.filter(({ status }) => !isOpen(status));
  const claimed = rows
    .filter(({ status }) => isOpen(status))
    .map((row) => ({
      ...row,
      email: row.email ?? (row.actionId === null ? asAddress(row.user) : undefined) ?? null,
      token: formatCredential({ kind: "check", organizationId: tx.organizationId, id: row.id }),
    }));
  if (claimed.length > 0)
    await tx.query(
      `UPDATE user_checks c SET secret_hash = q.hash, earlier_hashes = array_remove(c.earlier_hashes || c.secret_hash, NULL), tries = c.tries + 1, due_at = $4
       FROM unnest($2::uuid[], $3::bytea[]) AS q(id, hash) WHERE c.organization_id = $1 AND c.id = q.id`,
      [
        tx.organizationId,
        claimed.map(({ id }) => id),
        claimed.map(({ token }) => hashSecret(token)),
        new Date(now + questionLease),
      ],
    );
  return { claimed, closed: over.length === 0 ? 0 : await closeAll(tx, over, now) };
}

/** Answers how many it closed: it waits for no action, since that comes before its question, which is locked already. */
async function closeAll(tx: Tx, over: readonly Omit<DueQuestion, "token">[], now: number): Promise<number> {
  const { rows } = await tx.query<{ id: string }>(
    "SELECT id FROM incident_actions WHERE organization_id = $1 AND id = ANY ($2::uuid[]) FOR UPDATE SKIP LOCKED",
    [tx.organizationId, over.flatMap(({ actionId }) => actionId ?? [])],
  );
  const free = new Set(rows.map(({ id }) => id));
  let closed = 0;
  for (const { id, actionId } of over) {
    if (actionId === null) await forget(tx, id);
    else if (free.has(actionId)) {
      await close(tx, id, now);
      const reason = "The incident was over before the user was asked.";
      await endAction(tx, { id: actionId, status: "EXPIRED", actor: "vigil", reason, now });
    } else continue;
    closed++;
  }
  return closed;
}

/** Writes down that it was sent. */
export async function questionSent(
  tx: Tx,
  { id, actionId, incidentId, user }: Pick<DueQuestion, "id" | "actionId" | "incidentId" | "user">,
  now: number,
): Promise<void> {
  if (actionId !== null) {
    const message = `Vigil asked ${user} by e-mail whether it was them.`;
    await tell(tx, { incidentId, kind: "USER_ASKED", message, actor: "vigil", now });
    const entry = { actor: "vigil", entityKind: "Incident", entityId: incidentId };
    await audit(tx, { ...entry, action: "INCIDENT_USER_ASKED", detail: { user } });
  }
  await forget(tx, id); // after the line, which locks the incident: an answer has that before the question
}

/** Writes down that it was not: it is tried again for half an hour, then it is told, and its action has failed. */
export async function questionNotSent(tx: Tx, question: DueQuestion, why: string, now: number): Promise<void> {
  const { id, actionId, incidentId, user, tries, email } = question;
  if (email !== null && tries < mostTries) {
    await tx.query("UPDATE user_checks SET due_at = $3 WHERE organization_id = $1 AND id = $2 AND tries = $4", [
      tx.organizationId,
      id,
      new Date(now + 60_000 * 2 ** tries),
      tries, // a later try says itself how it went
    ]);
    return;
  }
  // Where its incident was merged, the other one is told: both before the action, as whoever takes them apart locks them.
  await tx.query(
    `SELECT FROM security_incidents WHERE organization_id = $1
       AND (id = $2 OR id = (SELECT incident_id FROM incident_actions WHERE organization_id = $1 AND id = $3))
     ORDER BY fingerprint, id FOR KEY SHARE`,
    [tx.organizationId, incidentId, actionId],
  );
  const action = actionId === null ? undefined : await lockActionIfAny(tx, actionId);
  if (actionId !== null && action?.status !== "APPLIED") return close(tx, id, now); // it was taken back meanwhile
  const reason = `The question was not sent: ${why}`;
  const message = `The question to ${user} was not sent: ${why}`;
  await tell(tx, { incidentId, kind: "ACTION_FAILED", message, actor: "vigil", now });
  await close(tx, id, now);
  if (actionId === null) return;
  await endAction(tx, { id: actionId, status: "FAILED", actor: "vigil", reason, now });
  const entry = { actor: "vigil", entityKind: "IncidentAction", entityId: actionId };
  await audit(tx, { ...entry, action: "INCIDENT_ACTION_FAILED", detail: { type: "ASK_USER", target: user } });
}

/** It is sent no more; its links stay valid. */
async function forget(tx: Tx, id: string): Promise<void> {
  await tx.query("UPDATE user_checks SET due_at = NULL WHERE organization_id = $1 AND id = $2", [
    tx.organizationId,
    id,
  ]);
}

async function close(tx: Tx, id: string, now: number): Promise<void> {
  await tx.query("UPDATE user_checks SET expires_at = $3, due_at = NULL WHERE organization_id = $1 AND id = $2", [
    tx.organizationId,
    id,
    new Date(now),
  ]);
}
