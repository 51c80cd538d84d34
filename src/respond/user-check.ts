/**
 * "Was this you?": a one-time question to the user of a monitored application that an incident is about. Yes resolves it
 * as USER_CONFIRMED where it is about nobody else and no answer was no; no raises its severity, opens it again where it
 * was over, and forces a second factor. Only a hash of the secret is stored.
 */
import { v7 as uuidv7 } from "uuid";
import { audit } from "../access/audit.ts";
import { formatCredential, hashSecret, parseCredential, sameHash } from "../access/credential.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { resolveIncident } from "../incident/change.ts";
import { lockIncident } from "../incident/move.ts";
import { isOpen } from "../incident/state.ts";
import type { WordsVault } from "../secrets/words.ts";
import { endAction } from "./action-row.ts";
import { tell } from "./carry-out.ts";
import { asAddress, contactBefore, questionLease, questionLifetime, questionsPerDay } from "./contact.ts";
import { takeDenial } from "./denial.ts";
import { lockLiving } from "./living.ts";

export interface Question {
  id: string;
  token: string;
  /** Where it goes. */
  email: string;
  organization: string;
  cursor: string;
}

interface Asking {
  incidentId: string;
  /** The user, as the incident names them. */
  user: string;
  actor: string;
  auditActor: string;
  now: number;
}

/**
 * Makes the question; the caller sends it after the commit, and says so. Where it dies between the two, `questions.ts`
 * sends it when the lease ends. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT.
 */
export async function askUser(tx: Tx, { incidentId, user, actor, auditActor, now }: Asking): Promise<Question> {
  const bad = (message: string): never => {
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", "user"] });
  };
  const incident = await lockIncident(tx, { id: incidentId });
  if (!isOpen(incident.status))
    throw new VigilError("CONFLICT", `The incident is ${incident.status}.`, { path: ["id"] });
  const { rows } = await tx.query<{ organization: string; about: boolean; recent: number; email: string | null }>(
    `SELECT (SELECT name FROM organizations WHERE id = $1) AS organization,
       EXISTS (SELECT FROM security_incidents i, jsonb_array_elements(i.subjects) s WHERE i.organization_id = $1 AND i.id = $2
         AND s ->> 'kind' = 'USER' AND s ->> 'key' = $3) AS about,
       (SELECT count(*)::int FROM user_checks WHERE organization_id = $1 AND subject = $3 AND created_at > $4) AS recent,
       (SELECT ${contactBefore("$3::text", "i.first_event_at")} FROM security_incidents i
         WHERE i.organization_id = $1 AND i.id = $2) AS email`,
    [tx.organizationId, incidentId, user, new Date(now - questionLifetime)],
  );
  const found = rows[0] as NonNullable<(typeof rows)[0]>;
  if (!found.about) bad("The incident is not about this user.");
  const email = found.email ?? asAddress(user);
  if (!email) return bad("No event of the 30 days before the incident tells this user's e-mail address.");
  if (found.recent >= questionsPerDay) bad(`This user was asked ${questionsPerDay} times within 24 hours.`);
  const id = uuidv7({ msecs: now });
  const token = formatCredential({ kind: "check", organizationId: tx.organizationId, id });
  await tx.query(
    `INSERT INTO user_checks (organization_id, id, incident_id, subject, secret_hash, tries, created_at, expires_at, due_at)
     VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8)`,
    [
      tx.organizationId,
      id,
      incidentId,
      user,
      hashSecret(token),
      new Date(now),
      new Date(now + questionLifetime),
      new Date(now + questionLease),
    ],
  );
  const message = `${actor} asked ${user} by e-mail whether it was them.`;
  const cursor = await tell(tx, { incidentId, kind: "USER_ASKED", message, actor, now });
  await audit(tx, {
    actor: auditActor,
    action: "INCIDENT_USER_ASKED",
    entityKind: "Incident",
    entityId: incidentId,
    detail: { user },
  });
  return { id, token, email, organization: found.organization, cursor };
}

/** Which question a token is of; undefined: of none. Nothing is looked up. */
export function organizationOfCheck(token: string): { organizationId: string; id: string } | undefined {
  const credential = parseCredential(token);
  return credential?.kind === "check" ? credential : undefined;
}

interface Answering {
  incidentId: string;
  actor: string;
  auditActor: string;
  now: number;
}

/** What answers teach of the user: the turn is held before the incident is locked. */
export interface Feedback {
  hold(tx: Tx): Promise<void>;
  /** After a yes has resolved the incident. */
  teach(tx: Tx, resolution: "USER_CONFIRMED", who: Answering & { about: string }): Promise<void>;
  /** Around the work that opens the incident again after a no: what its resolution taught is taken back. */
  unlearning<T>(tx: Tx, who: Answering, work: () => Promise<T>): Promise<T>;
}

/**
 * Uses the question up. Answers, after a no, whether a second factor will be asked for. Errors: NOT_FOUND (wrong, used,
 * over), which all read the same.
 */
export async function answerCheck(
  tx: Tx,
  vault: WordsVault,
  feedback: Feedback,
  {
    id,
    token,
    wasUser,
    ownAddresses,
    now,
  }: { id: string; token: string; wasUser: boolean; ownAddresses: readonly string[]; now: number },
): Promise<boolean | undefined> {
  const { rows } = await tx.query<{
    hashes: Buffer[];
    incident_id: string;
    subject: string;
    action_id: string | null;
  }>(
    `SELECT earlier_hashes || secret_hash AS hashes, incident_id, subject, action_id FROM user_checks
     WHERE organization_id = $1 AND id = $2 AND answered_at IS NULL AND expires_at > $3 AND secret_hash IS NOT NULL`,
    [tx.organizationId, id, new Date(now)],
  );
  const [check] = rows;
  const gone = new VigilError("NOT_FOUND", "This link was used already, or its time is over. Nothing was changed");
  const hash = hashSecret(token);
  if (!check?.hashes.some((each) => sameHash(each, hash))) throw gone;
  const { incident_id: askedAbout, subject, action_id: actionId } = check;
  await feedback.hold(tx);
  const incident = await lockLiving(tx, askedAbout);
  const incidentId = incident.id;
  // The action before its question, as whoever takes it back locks them: what was taken back meanwhile is asked no more.
  if (actionId && !(await endAsking(tx, { id: actionId, actor: subject, now }))) throw gone;
  const { rowCount } = await tx.query(
    `UPDATE user_checks SET answered_at = $3, was_user = $4 WHERE organization_id = $1 AND id = $2 AND answered_at IS NULL`,
    [tx.organizationId, id, new Date(now), wasUser],
  );
  if (rowCount !== 1) throw gone; // of two that answer at once, one gets the row
  const said = wasUser ? "that it was them" : "that it was not them";
  await tell(tx, { incidentId, kind: "USER_ANSWERED", message: `${subject} says ${said}.`, actor: subject, now });
  const entry = { actor: subject, entityKind: "Incident", entityId: incidentId };
  await audit(tx, { ...entry, action: "INCIDENT_USER_ANSWERED", detail: { checkId: id, wasUser } });
  if (!wasUser) return takeDenial(tx, vault, feedback, { incident, subject, ownAddresses, now });
  // What it was merged into may be about more than the user can speak for.
  if (!isOpen(incident.status) || incidentId !== askedAbout) return undefined;
  if (await needsPeople(tx, incidentId, subject)) return undefined;
  await resolveIncident(tx, vault, {
    id: incidentId,
    actor: subject,
    now,
    resolution: "USER_CONFIRMED",
    reason: "The user says that it was them.",
  });
  const who = { incidentId, about: subject, actor: subject, auditActor: subject, now };
  await feedback.teach(tx, "USER_CONFIRMED", who);
  return undefined;
}

/** The response that asked is over; false: it was so before. */
async function endAsking(tx: Tx, { id, actor, now }: { id: string; actor: string; now: number }): Promise<boolean> {
  const { rows } = await tx.query<{ status: string }>(
    "SELECT status FROM incident_actions WHERE organization_id = $1 AND id = $2 FOR UPDATE",
    [tx.organizationId, id],
  );
  if (rows[0]?.status !== "APPLIED") return false;
  await endAction(tx, { id, status: "EXPIRED", actor, reason: "It was answered.", now });
  return true;
}

/**
 * Whether people decide what a yes of the user leaves open: it is about other users, too, or took in an incident that may
 * be, and nobody speaks for them; or another question about it was answered with no.
 */
async function needsPeople(tx: Tx, incidentId: string, user: string): Promise<boolean> {
  const { rows } = await tx.query<{ needed: boolean }>(
    `SELECT EXISTS (SELECT FROM security_incidents i, jsonb_array_elements(i.subjects) s WHERE i.organization_id = $1 AND i.id = $2
         AND s ->> 'kind' = 'USER' AND s ->> 'key' <> $3)
       OR EXISTS (SELECT FROM security_incidents WHERE organization_id = $1 AND merged_into_id = $2)
       OR EXISTS (SELECT FROM user_checks WHERE organization_id = $1 AND incident_id = $2 AND NOT was_user) AS needed`,
    [tx.organizationId, incidentId, user],
  );
  return rows[0]?.needed === true;
}
