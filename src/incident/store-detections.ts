/**
 * Detections of a batch as rows. One that goes on grows. Where its incident is over and it goes on in another, what it was
 * until then stays with the first as a row of its own (`kept_of`): what people have closed keeps its evidence.
 */
import type { Tx } from "../db.ts";
import type { DetectionDraft } from "../detect/detection.ts";
import type { Place } from "./correlate.ts";

/** What stays as it was. */
const kept = `rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation, first_event_at, last_event_at,
  event_count, event_ids, incident_id, home_incident_id, weak, created_at, updated_at`;

/**
 * `homes`: the fingerprint that each draft is gathered by, by its id; `places`: the incident of each fingerprint. Answers, by
 * incident, the numbers of those that its detections began in.
 */
export async function storeDetections(
  tx: Tx,
  drafts: readonly DetectionDraft[],
  { homes, places }: { homes: ReadonlyMap<string, string>; places: ReadonlyMap<string, Place> },
  now: number,
): Promise<Map<string, number[]>> {
  const placeOf = ({ id }: DetectionDraft) => places.get(homes.get(id) ?? "");
  const sorted = [...drafts].sort((one, other) => (one.id < other.id ? -1 : 1));
  const { rows } = await tx.query<{ incident_id: string; numbers: number[] }>({
    name: "store_detections",
    text: `WITH d AS (
        SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::rule_mode[], $6::severity[], $7::text[], $8::jsonb[], $9::text[],
          $10::timestamptz[], $11::timestamptz[], $12::int[], $13::jsonb[], $14::uuid[], $15::uuid[], $17::boolean[])
        AS d(id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
          first_event_at, last_event_at, event_count, event_ids, incident_id, home_incident_id, weak)
      ), kept AS (
        INSERT INTO detections (organization_id, id, kept_of, ${kept})
        SELECT o.organization_id, gen_random_uuid(), o.id, ${kept.replace(/\w+/g, "o.$&")}
        FROM d JOIN detections o ON o.organization_id = $1 AND o.id = d.id WHERE o.incident_id <> d.incident_id
        RETURNING kept_of, incident_id
      ), stored AS (
      INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
        first_event_at, last_event_at, event_count, event_ids, incident_id, home_incident_id, weak, created_at, updated_at)
      SELECT $1, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
        first_event_at, last_event_at, event_count, ARRAY(SELECT jsonb_array_elements_text(event_ids)::uuid), incident_id, home_incident_id, weak, $16, $16
      FROM d
      ON CONFLICT (organization_id, id) DO UPDATE SET last_event_at = excluded.last_event_at, first_event_at = excluded.first_event_at,
        event_count = excluded.event_count, event_ids = excluded.event_ids, explanation = excluded.explanation,
        incident_id = coalesce(excluded.incident_id, detections.incident_id),
        home_incident_id = CASE WHEN excluded.incident_id IS NULL THEN detections.home_incident_id ELSE excluded.home_incident_id END,
        weak = detections.weak AND excluded.weak, updated_at = excluded.updated_at
      )
      SELECT d.incident_id, array_agg(DISTINCT i.number ORDER BY i.number) AS numbers
      FROM kept JOIN d ON d.id = kept.kept_of JOIN security_incidents i ON i.organization_id = $1 AND i.id = kept.incident_id
      GROUP BY d.incident_id`,
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
  return new Map(rows.map(({ incident_id, numbers }) => [incident_id, numbers]));
}
