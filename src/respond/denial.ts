/** "No, it was not me": the user may be in danger whatever has become of the incident, and somebody has to look at it. */
import { v7 as uuidv7 } from "uuid";
import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { reopenIncident } from "../incident/change.ts";
import { type LockedIncident, lockIncident } from "../incident/move.ts";
import { isOpen } from "../incident/state.ts";
import { gradeIncident } from "../incident/work.ts";
import { severities } from "../ingest/event.ts";
import type { WordsVault } from "../secrets/words.ts";
import { insertActions } from "./action-row.ts";
import { carryOut, tell } from "./carry-out.ts";
import { readSurroundings } from "./surroundings.ts";
import type { Feedback } from "./user-check.ts";

const mfaTtl = 8 * 3_600_000; // of the second factor that a no forces, 8 hours
const reason = "The user says that it was not them.";

interface Denial {
  /** The incident that was asked about, or lives on for it: locked. */
  incident: LockedIncident;
  subject: string;
  ownAddresses: readonly string[];
  now: number;
}

/** Opens the incident again where it was over, raises its severity, and forces a second factor. Answers whether that one is forced. */
export async function takeDenial(tx: Tx, vault: WordsVault, feedback: Feedback, denial: Denial): Promise<boolean> {
  const { subject, now } = denial;
  const { id, severity: was } = isOpen(denial.incident.status)
    ? denial.incident
    : await openAgain(tx, vault, feedback, denial);
  const severity = severities[Math.max(severities.indexOf("HIGH"), severities.indexOf(was) + 1)] ?? "CRITICAL";
  if (severity !== was) await gradeIncident(tx, vault, { id, actor: subject, now, severity, reason });
  return forceSecondFactor(tx, { ...denial, incidentId: id });
}

/** The incident, open again; or the one of its kind that is open instead. */
async function openAgain(
  tx: Tx,
  vault: WordsVault,
  feedback: Feedback,
  { incident: { id, number, fingerprint }, subject, now }: Denial,
): Promise<LockedIncident> {
  // As whoever opens one does: none of its kind opens between the look and the reopening.
  await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.open:' || $1, 0))", [tx.organizationId]);
  const { rows } = await tx.query<{ id: string }>(
    "SELECT id FROM security_incidents WHERE organization_id = $1 AND open_fingerprint = $2",
    [tx.organizationId, fingerprint],
  );
  const [other] = rows;
  if (other) {
    const message = `${subject} says of incident #${number}, which is over, that it was not them.`;
    await tell(tx, { incidentId: other.id, kind: "USER_ANSWERED", message, actor: subject, now });
    return lockIncident(tx, other);
  }
  const reopen = () => reopenIncident(tx, vault, { id, actor: subject, now, reason });
  const who = { incidentId: id, actor: subject, auditActor: subject, now };
  await feedback.unlearning(tx, who, reopen);
  await audit(tx, {
    actor: subject,
    action: "INCIDENT_REOPENED",
    entityKind: "Incident",
    entityId: id,
    detail: { reason },
  });
  return lockIncident(tx, { id });
}

async function forceSecondFactor(
  tx: Tx,
  {
    incidentId,
    subject,
    ownAddresses,
    now,
  }: { incidentId: string; subject: string; ownAddresses: readonly string[]; now: number },
): Promise<boolean> {
  const id = uuidv7({ msecs: now });
  const row = {
    id,
    incidentId,
    type: "FORCE_MFA" as const,
    status: "PLANNED" as const,
    target: subject,
    scope: "USER" as const,
    ttl: mfaTtl,
    actor: "vigil",
    reason,
    ruleId: null,
    entryId: null,
    requesterId: null,
    requesterSession: null,
    approveBy: null,
    endedReason: null,
  };
  await insertActions(tx, [row], now);
  const around = await readSurroundings(tx, { actor: "vigil", automatic: true, ownAddresses });
  return (await carryOut(tx, id, { around, auditActor: "vigil", now })).applied;
}
