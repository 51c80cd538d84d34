/**
 * What INCREASE_MONITORING changes in what is detected: while it is in force for a user or an address, every detection
 * about them is one step more severe, and rules that only monitor open incidents too. So whoever is under suspicion is
 * seen at thresholds that would be too loud for everybody. A detection that is there already keeps its severity.
 */
import type { Tx } from "../db.ts";
import type { DetectionDraft } from "../detect/detection.ts";
import { severities } from "../ingest/event.ts";

const kinds: Record<string, string> = { IP: "ADDRESS", USER: "USER" };

/** Asks once for the whole batch, and not at all when nothing was detected. */
export async function weighWatched(
  tx: Tx,
  drafts: readonly DetectionDraft[],
  now: number,
): Promise<readonly DetectionDraft[]> {
  const keys = new Set(
    drafts.flatMap(({ subjects }) =>
      subjects.flatMap(({ kind, key }) => (kind === "ADDRESS" || kind === "USER" ? [key] : [])),
    ),
  );
  if (keys.size === 0) return drafts;
  const { rows } = await tx.query<{ scope: string; value: string }>({
    name: "watched_subjects",
    text: `SELECT scope, value FROM decisions WHERE organization_id = $1 AND value = ANY ($2) AND type = 'INCREASE_MONITORING'
      AND revoked_at IS NULL AND expires_at > $3`,
    values: [tx.organizationId, [...keys], new Date(now)],
  });
  const watched = new Set(rows.map(({ scope, value }) => `${kinds[scope]}:${value}`));
  return watched.size === 0 ? drafts : drafts.map((draft) => weigh(draft, watched));
}

/** One draft, given who is watched as `KIND:key`. */
export function weigh(draft: DetectionDraft, watched: ReadonlySet<string>): DetectionDraft {
  const subject = draft.subjects.find(({ kind, key }) => watched.has(`${kind}:${key}`));
  if (!subject || draft.mode === "DISABLED") return draft;
  const severity =
    severities[Math.min(severities.indexOf(draft.severity) + 1, severities.length - 1)] ?? draft.severity;
  const why = `${subject.key} is under increased monitoring: ${draft.severity} counts as ${severity}.`;
  return { ...draft, mode: "ACTIVE", weak: false, severity, explanation: `${draft.explanation} ${why}` };
}
