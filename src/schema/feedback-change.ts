/** A change of an incident together with what it teaches, or no longer does, in one transaction and with its audit entries. */
import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { type Taught, teaches, teachFrom, undoFeedbackOf } from "../detect/feedback.ts";
import { holdTurn } from "../detect/turn.ts";

interface Who {
  incidentId: string;
  actor: string;
  auditActor: string;
  now: number;
}

/** Resolves by `work`; a resolution that teaches does so behind it. */
export async function teaching<T>(tx: Tx, resolution: string, who: Who, work: () => Promise<T>): Promise<T> {
  if (!teaches(resolution)) return work();
  await holdTurn(tx); // before the incident is locked, as a batch does
  const done = await work();
  await written(tx, who, "FEEDBACK_GIVEN", await teachFrom(tx, { ...who, resolution }));
  return done;
}

/** Reopens by `work`; what the resolution taught is taken back. */
export async function unlearning<T>(tx: Tx, who: Who, work: () => Promise<T>): Promise<T> {
  await holdTurn(tx);
  const done = await work();
  await written(tx, who, "FEEDBACK_UNDONE", await undoFeedbackOf(tx, who));
  return done;
}

/** A change that neither teaches nor takes back. */
export function onlyDone<T>(_tx: Tx, _who: Who, work: () => Promise<T>): Promise<T> {
  return work();
}

/** An audit entry for each entity that it was about. */
export async function written(
  tx: Tx,
  { auditActor }: Pick<Who, "auditActor">,
  action: "FEEDBACK_GIVEN" | "FEEDBACK_UNDONE",
  taught: readonly Taught[],
): Promise<void> {
  for (const { id, kind, key, withdrawn, events } of taught) {
    const detail = { entity: { kind, key }, contributions: withdrawn, events };
    await audit(tx, { actor: auditActor, action, entityKind: "Feedback", entityId: id, detail });
  }
}
