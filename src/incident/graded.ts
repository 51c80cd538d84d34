/** What a person has said of an incident's severity stands, until something worse is found than was known before. */
import type { Tx } from "../db.ts";
import type { Severity } from "../ingest/event.ts";

/**
 * Of these incidents those whose severity a person has changed, each with what the detections that are new in the batch of
 * `now` raise it to; null: none of them is worse than those before.
 */
export async function raisedOfGraded(
  tx: Tx,
  incidentIds: readonly string[],
  now: number,
): Promise<Map<string, Severity | null>> {
  if (incidentIds.length === 0) return new Map();
  const { rows } = await tx.query<{ id: string; raised: Severity | null }>({
    name: "raised_of_graded",
    text: `SELECT id, CASE WHEN known IS NULL OR fresh > known THEN fresh END AS raised
      FROM (SELECT d.incident_id AS id, max(d.severity) FILTER (WHERE d.created_at < $3) AS known,
          max(d.severity) FILTER (WHERE d.created_at >= $3) AS fresh
        FROM detections d WHERE d.organization_id = $1 AND d.incident_id = ANY ($2) AND EXISTS (SELECT FROM incident_entries e
          WHERE e.organization_id = $1 AND e.incident_id = d.incident_id AND e.kind = 'SEVERITY_CHANGED')
        GROUP BY d.incident_id) found`,
    values: [tx.organizationId, incidentIds, new Date(now)],
  });
  return new Map(rows.map(({ id, raised }) => [id, raised]));
}
