/**
 * What resolving an incident or judging a detection teaches, and reopening or taking back takes back, between the stages:
 * profiles and scores, the incident's own score, the audit entries, and incidents that a risen score raises. All in the
 * transaction that moves the incident.
 */
import { audit } from "./access/audit.ts";
import type { Tx } from "./db.ts";
import type { DetectionDraft } from "./detect/detection.ts";
import { type Learned, teaches, teachFrom, undoFeedback, undoFeedbackOf } from "./detect/feedback.ts";
import { riskBySeverity } from "./detect/risk.ts";
import { holdTurn } from "./detect/turn.ts";
import { dropVerdicts, judgeDetection, takeBackVerdict } from "./detect/verdict.ts";
import { rescore } from "./incident/count.ts";
import { type NewChange, recordChanges } from "./publish/change.ts";
import { raiseBy } from "./scores.ts";

interface Who {
  actor: string;
  auditActor: string;
  now: number;
}

interface OfIncident extends Who {
  incidentId: string;
  /** Only of this user, who speaks for nobody else. */
  about?: string;
}

/** Before the incident is locked, as a batch does, by whoever then calls `teach`. */
export const holdFeedback = holdTurn;

/** After the incident was resolved. */
export async function teach(tx: Tx, resolution: string, who: OfIncident): Promise<void> {
  const learned = await teachFrom(tx, { incidentId: who.incidentId }, { ...who, resolution });
  await announce(tx, await written(tx, who, "FEEDBACK_GIVEN", learned));
}

/** Resolves by `work`; a resolution that teaches does so behind it. */
export async function teaching<T>(tx: Tx, resolution: string, who: OfIncident, work: () => Promise<T>): Promise<T> {
  if (!teaches(resolution)) return work();
  await holdFeedback(tx);
  const done = await work();
  await teach(tx, resolution, who);
  return done;
}

/** Reopens by `work`; what the resolution taught is taken back. */
export async function unlearning<T>(tx: Tx, who: OfIncident, work: () => Promise<T>): Promise<T> {
  await holdFeedback(tx);
  const done = await work();
  const learned = await undoFeedbackOf(tx, { incidentIds: [who.incidentId] }, who);
  await announce(tx, await written(tx, who, "FEEDBACK_UNDONE", learned));
  return done;
}

/** Takes one piece back. Errors: NOT_FOUND, CONFLICT. */
export async function takeBack(tx: Tx, id: string, who: Who): Promise<void> {
  await announce(tx, await written(tx, who, "FEEDBACK_UNDONE", await undoFeedback(tx, { id, ...who })));
}

/** What goes on after it was resolved was not over: the resolution is gone, and with it what it taught. Within the batch's turn. */
export async function unlearnReopened(tx: Tx, changes: readonly NewChange[], now: number): Promise<NewChange[]> {
  const incidentIds = changes.flatMap(({ kind, entityId }) => (kind === "REOPENED" && entityId ? [entityId] : []));
  if (incidentIds.length === 0) return [];
  const who = { actor: "vigil", auditActor: "vigil", now };
  return written(tx, who, "FEEDBACK_UNDONE", await undoFeedbackOf(tx, { incidentIds }, who));
}

/** Says what a detection in no incident was. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT. */
export async function judgeSign(tx: Tx, id: string, resolution: string, who: Who): Promise<void> {
  await holdTurn(tx);
  await judgeDetection(tx, id, { ...who, resolution });
  const entry = { actor: who.auditActor, action: "DETECTION_JUDGED", entityKind: "Detection", entityId: id };
  await audit(tx, { ...entry, detail: { resolution } });
  await announce(
    tx,
    await written(tx, who, "FEEDBACK_GIVEN", await teachFrom(tx, { detectionId: id }, { ...who, resolution })),
  );
}

/** Takes that back, and all that it taught. Errors: NOT_FOUND, CONFLICT. */
export async function unjudgeSign(tx: Tx, id: string, who: Who): Promise<void> {
  await holdTurn(tx);
  const resolution = await takeBackVerdict(tx, id, who.now);
  const entry = { actor: who.auditActor, action: "DETECTION_UNJUDGED", entityKind: "Detection", entityId: id };
  await audit(tx, { ...entry, detail: { resolution } });
  await announce(tx, await written(tx, who, "FEEDBACK_UNDONE", await undoFeedbackOf(tx, { detectionIds: [id] }, who)));
}

/** A sign that goes on after a person said that it was nothing is judged no longer. Within the batch's turn. */
export async function unlearnGrown(tx: Tx, drafts: readonly DetectionDraft[], now: number): Promise<NewChange[]> {
  const signs = drafts.filter(({ weak, mode }) => weak && mode === "ACTIVE").map(({ id }) => id);
  const detectionIds = signs.length === 0 ? [] : await dropVerdicts(tx, signs, now);
  if (detectionIds.length === 0) return [];
  const who = { actor: "vigil", auditActor: "vigil", now };
  return written(tx, who, "FEEDBACK_UNDONE", await undoFeedbackOf(tx, { detectionIds }, who));
}

async function announce(tx: Tx, changes: readonly NewChange[]): Promise<void> {
  if (changes.length > 0) await recordChanges(tx, changes);
}

/** An audit entry for each entity that it was about, and what follows from the scores; answers what is to be announced. */
async function written(
  tx: Tx,
  { auditActor, now }: Pick<Who, "auditActor" | "now">,
  action: "FEEDBACK_GIVEN" | "FEEDBACK_UNDONE",
  { taught, crossings }: Learned,
): Promise<NewChange[]> {
  for (const { id, kind, key, withdrawn, events } of taught) {
    const detail = { entity: { kind, key }, contributions: withdrawn, events };
    await audit(tx, { actor: auditActor, action, entityKind: "Feedback", entityId: id, detail });
  }
  await rescore(tx, [...new Set(taught.flatMap(({ incidentId }) => incidentId ?? []))], riskBySeverity);
  return raiseBy(tx, crossings, now);
}
