/** Detections of a batch as rows: one that goes on grows, and one that is in an incident stays there. */
import type { Tx } from "../db.ts";
import type { DetectionDraft } from "../detect/detection.ts";
import type { Place } from "./correlate.ts";

/** `homes`: the fingerprint that each draft is gathered by, by its id; `places`: the incident of each fingerprint. */
export async function storeDetections(
  tx: Tx,
  drafts: readonly DetectionDraft[],
  { homes, places }: { homes: ReadonlyMap<string, string>; places: ReadonlyMap<string, Place> },
  now: number,
): Promise<void> {
  const placeOf = ({ id }: DetectionDraft) => places.get(homes.get(id) ?? "");
  const sorted = [...drafts].sort((one, other) => (one.id < other.id ? -1 : 1));
  await tx.query({
    name: "store_detections",
    text: `INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
        first_event_at, last_event_at, event_count, event_ids, incident_id, home_incident_id, weak, created_at, updated_at)
      SELECT $1, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
        first_event_at, last_event_at, event_count, ARRAY(SELECT jsonb_array_elements_text(event_ids)::uuid), incident_id, home_incident_id, weak, $16, $16
      FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::rule_mode[], $6::severity[], $7::text[], $8::jsonb[], $9::text[],
          $10::timestamptz[], $11::timestamptz[], $12::int[], $13::jsonb[], $14::uuid[], $15::uuid[], $17::boolean[])
        AS d(id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
          first_event_at, last_event_at, event_count, event_ids, incident_id, home_incident_id, weak)
      ON CONFLICT (organization_id, id) DO UPDATE SET last_event_at = excluded.last_event_at, first_event_at = excluded.first_event_at,
        event_count = excluded.event_count, event_ids = excluded.event_ids, explanation = excluded.explanation,
        incident_id = coalesce(excluded.incident_id, detections.incident_id),
        home_incident_id = CASE WHEN excluded.incident_id IS NULL THEN detections.home_incident_id ELSE excluded.home_incident_id END,
        weak = detections.weak AND excluded.weak, updated_at = excluded.updated_at`,
    values: [
      tx.organizationId,
      sorted.map((draft) => draft.id),
      sorted.map((draft) => draft.ruleId),
      sorted.map((draft) => draft.ruleRevision),
      sorted.map((draft) => draft.mode),
      sorted.map((draft) => draft.severity),
      sorted.map((draft) => draft.fingerprint),
      sorted.map((draft) => JSON.stringify(draft.subjects)),
      sorted.map((draft) => draft.explanation),
      sorted.map((draft) => new Date(draft.firstEventAt)),
      sorted.map((draft) => new Date(draft.lastEventAt)),
      sorted.map((draft) => draft.eventCount),
      sorted.map((draft) => JSON.stringify(draft.eventIds)),
      sorted.map((draft) => placeOf(draft)?.incident.id ?? null),
      sorted.map((draft) => placeOf(draft)?.homeId ?? null),
      new Date(now),
      sorted.map((draft) => draft.weak === true),
    ],
  });
}
