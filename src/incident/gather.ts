/** Which detections make one incident: those of an ACTIVE rule with the same fingerprint, while it is open. */
import type { DetectionDraft, Subject } from "../detect/detection.ts";

/**
 * By fingerprint, in the order in which the fingerprints first appear. `homes`: where each is gathered, by its id; without
 * them each ACTIVE one is by its own fingerprint, but for a weak sign, which opens none by itself.
 */
export function gather(
  drafts: readonly DetectionDraft[],
  homes: ReadonlyMap<string, string> = ownHomes(drafts),
): Map<string, DetectionDraft[]> {
  const byFingerprint = new Map<string, DetectionDraft[]>();
  for (const draft of drafts) {
    const home = homes.get(draft.id);
    if (home === undefined) continue;
    const same = byFingerprint.get(home);
    if (same) same.push(draft);
    else byFingerprint.set(home, [draft]);
  }
  return byFingerprint;
}

function ownHomes(drafts: readonly DetectionDraft[]): Map<string, string> {
  const opening = drafts.filter(({ mode, weak }) => mode === "ACTIVE" && !weak);
  return new Map(opening.map(({ id, fingerprint }) => [id, fingerprint]));
}

/** "Many failed log-ins from one address: 203.0.113.7" */
export function titleOf({ ruleName, subjects }: Pick<DetectionDraft, "ruleName" | "subjects">): string {
  const whom = subjects.map((subject: Subject) => subject.key).join(", ");
  return (whom ? `${ruleName}: ${whom}` : ruleName).slice(0, 300);
}
