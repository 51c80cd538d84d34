/**
 * Detections that history should have led to, stored exactly once. What is stored already, under the same id or for the
 * same fingerprint at the same time, only grows; an incident that people have closed is not opened again for it.
 */
import type { Tx } from "../db.ts";
import type { DetectionDraft } from "../detect/detection.ts";
import type { Severity } from "../ingest/event.ts";
import { type NewChange, recordChanges } from "../publish/change.ts";
import { correlate } from "./correlate.ts";

/** What becomes of a detection that was found in history. */
export type FillVerdict = "MISSING" | "GROWN" | "KNOWN";

interface StoredDetection {
  id: string;
  fingerprint: string;
  first_event_at: Date;
  last_event_at: Date;
  event_count: number;
}

export interface Filled {
  missing: DetectionDraft[];
  grown: DetectionDraft[];
  /** What they changed of incidents; recorded already. */
  changes: NewChange[];
  incidentsOpened: number;
}

/** Pure: whether a detection is missing, or the stored one that it is, and whether it makes that one larger. */
export function judgeFill(
  draft: Pick<DetectionDraft, "id" | "fingerprint" | "firstEventAt" | "lastEventAt" | "eventCount">,
  stored: readonly StoredDetection[],
): { verdict: FillVerdict; storedId?: string } {
  const same =
    stored.find(({ id }) => id === draft.id) ??
    stored.find(
      ({ fingerprint, first_event_at, last_event_at }) =>
        fingerprint === draft.fingerprint &&
        first_event_at.getTime() <= draft.lastEventAt &&
        draft.firstEventAt <= last_event_at.getTime(),
    );
  if (!same) return { verdict: "MISSING" };
  const grows =
    draft.firstEventAt < same.first_event_at.getTime() ||
    draft.lastEventAt > same.last_event_at.getTime() ||
    draft.eventCount > same.event_count;
  return { verdict: grows ? "GROWN" : "KNOWN", storedId: same.id };
}

/** Stores what is missing in the caller's transaction; a dry run only says what that would be. */
export async function fillDetections(
  tx: Tx,
  drafts: readonly DetectionDraft[],
  { now, dryRun, weights }: { now: number; dryRun: boolean; weights: Readonly<Record<Severity, number>> },
): Promise<Filled> {
  const filled: Filled = { missing: [], grown: [], changes: [], incidentsOpened: 0 };
  if (drafts.length === 0) return filled;
  const { rows: stored } = await tx.query<StoredDetection>(
    `SELECT id, fingerprint, first_event_at, last_event_at, event_count FROM detections
     WHERE organization_id = $1 AND rule_id = ANY ($2) AND fingerprint = ANY ($3) AND kept_of IS NULL ORDER BY id FOR UPDATE`,
    [
      tx.organizationId,
      [...new Set(drafts.map(({ ruleId }) => ruleId))],
      [...new Set(drafts.map(({ fingerprint }) => fingerprint))],
    ],
  );
  const grown: { id: string; draft: DetectionDraft }[] = [];
  for (const draft of drafts) {
    const { verdict, storedId } = judgeFill(draft, stored);
    if (verdict === "MISSING") filled.missing.push(draft);
    if (verdict === "GROWN" && storedId !== undefined) grown.push({ id: storedId, draft });
  }
  filled.grown = grown.map(({ draft }) => draft);
  if (dryRun) return filled;
  filled.changes = await correlate(tx, filled.missing, now, weights);
  filled.incidentsOpened = filled.changes.filter(({ kind }) => kind === "OPENED").length;
  if (filled.changes.length > 0) await recordChanges(tx, filled.changes);
  if (grown.length > 0) await grow(tx, grown, now);
  return filled;
}

/** The stored detections become as large as what was found, and their incidents count them again. */
async function grow(tx: Tx, grown: readonly { id: string; draft: DetectionDraft }[], now: number): Promise<void> {
  await tx.query(
    `UPDATE detections d SET first_event_at = least(d.first_event_at, g.first), last_event_at = greatest(d.last_event_at, g.last),
       event_count = greatest(d.event_count, g.events), updated_at = $7,
       explanation = CASE WHEN g.events > d.event_count THEN g.explanation ELSE d.explanation END
     FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::int[], $6::text[]) AS g(id, first, last, events, explanation)
     WHERE d.organization_id = $1 AND d.id = g.id`,
    [
      tx.organizationId,
      grown.map(({ id }) => id),
      grown.map(({ draft }) => new Date(draft.firstEventAt)),
      grown.map(({ draft }) => new Date(draft.lastEventAt)),
      grown.map(({ draft }) => draft.eventCount),
      grown.map(({ draft }) => draft.explanation),
      new Date(now),
    ],
  );
  await tx.query(
    `UPDATE security_incidents i SET event_count = d.events, first_event_at = d.first, last_event_at = d.last, updated_at = $3
     FROM (SELECT incident_id AS id, sum(event_count)::int AS events, min(first_event_at) AS first, max(last_event_at) AS last
       FROM detections WHERE organization_id = $1 AND incident_id IN
         (SELECT incident_id FROM detections WHERE organization_id = $1 AND id = ANY ($2)) GROUP BY incident_id) d
     WHERE i.organization_id = $1 AND i.id = d.id`,
    [tx.organizationId, grown.map(({ id }) => id), new Date(now)],
  );
}
