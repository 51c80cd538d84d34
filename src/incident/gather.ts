/** Which detections make one incident: those of an ACTIVE rule with the same fingerprint, while it is open. */
import type { DetectionDraft, Subject } from "../detect/detection.ts";

/** By fingerprint, in the order in which the fingerprints first appear. */
export function gather(drafts: readonly DetectionDraft[]): Map<string, DetectionDraft[]> {
  const byFingerprint = new Map<string, DetectionDraft[]>();
  for (const draft of drafts) {
    if (draft.mode !== "ACTIVE") continue;
    const same = byFingerprint.get(draft.fingerprint);
    if (same) same.push(draft);
    else byFingerprint.set(draft.fingerprint, [draft]);
  }
  return byFingerprint;
}

/** "Many failed log-ins from one address: 203.0.113.7" */
export function titleOf({ ruleName, subjects }: Pick<DetectionDraft, "ruleName" | "subjects">): string {
  const whom = subjects.map((subject: Subject) => subject.key).join(", ");
  return (whom ? `${ruleName}: ${whom}` : ruleName).slice(0, 300);
}
