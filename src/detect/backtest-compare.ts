/** What two runs over the same history have in common, and what one of them alone found. */
import type { DetectionDraft, Subject } from "./detection.ts";

export interface Comparison {
  both: DetectionDraft[];
  onlyDraft: DetectionDraft[];
  onlyActive: DetectionDraft[];
}

/** Two detections are the same finding where their fingerprints are equal and their times overlap. */
export function compareRuns(draft: readonly DetectionDraft[], active: readonly DetectionDraft[]): Comparison {
  const inActive = overlapping(active);
  const inDraft = overlapping(draft);
  return {
    both: draft.filter(inActive),
    onlyDraft: draft.filter((one) => !inActive(one)),
    onlyActive: active.filter((one) => !inDraft(one)),
  };
}

function overlapping(others: readonly DetectionDraft[]): (one: DetectionDraft) => boolean {
  const byFingerprint = new Map<string, DetectionDraft[]>();
  for (const other of others)
    byFingerprint.set(other.fingerprint, [...(byFingerprint.get(other.fingerprint) ?? []), other]);
  return ({ fingerprint, firstEventAt, lastEventAt }) =>
    (byFingerprint.get(fingerprint) ?? []).some(
      (other) => other.firstEventAt <= lastEventAt && firstEventAt <= other.lastEventAt,
    );
}

export interface TrialSubject extends Subject {
  detections: number;
}

/** Whom most of the detections are about. */
export function topSubjects(detections: readonly DetectionDraft[], first: number): TrialSubject[] {
  const counts = new Map<string, TrialSubject>();
  for (const { subjects } of detections)
    for (const { kind, key } of subjects) {
      const name = `${kind} ${key}`;
      const known = counts.get(name);
      if (known) known.detections++;
      else counts.set(name, { kind, key, detections: 1 });
    }
  return [...counts.values()].sort((a, b) => b.detections - a.detections || (a.key < b.key ? -1 : 1)).slice(0, first);
}
