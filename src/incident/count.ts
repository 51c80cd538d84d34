/** What incidents gather: their detections counted, and the threat score that those make up. */
import type { Tx } from "../db.ts";
import { type Severity, severities } from "../ingest/event.ts";

export interface Counted {
  id: string;
  detections: number;
  events: number;
  first: Date;
  last: Date;
  /** 0 to 100, at the time of the last event, in the odds of the most critical subject. */
  score: number;
}

/** What a detection of each severity adds to a threat score, 0 to 100. */
export type Weights = Readonly<Record<Severity, number>>;

/**
 * By incident, all in one statement. `weights`: what a detection of each severity adds, 0 to 100; one that a person said
 * is nothing adds nothing. That a person opened an incident, which no rule has, counts as a detection of its severity.
 */
export async function countDetections(
  tx: Tx,
  incidentIds: readonly string[],
  weights: Weights,
): Promise<Map<string, Counted>> {
  const { rows } = await tx.query<Counted>({
    name: "count_detections",
    text: `SELECT d.id, d.detections, d.events, d.first, d.last, threat_score(d.weights || CASE WHEN i.rule_id IS NULL THEN ARRAY[($3::float8[])[i.severity_rank + 1]] END,
          d.times || CASE WHEN i.rule_id IS NULL THEN ARRAY[d.last] END, d.last, coalesce(c.criticality, 1)) AS score
      FROM (SELECT incident_id AS id, count(*)::int AS detections, sum(event_count)::int AS events, min(first_event_at) AS first,
          max(last_event_at) AS last, array_agg(CASE WHEN r.withdrawn_at IS NULL THEN ($3::float8[])[severity_rank + 1] ELSE 0 END) AS weights,
          array_agg(last_event_at) AS times
        FROM detections LEFT JOIN risk_contributions r ON r.organization_id = $1 AND r.entity_kind = 'ORGANIZATION'
          AND r.entity_key = '' AND r.detection_id = detections.id
        WHERE detections.organization_id = $1 AND incident_id = ANY ($2) GROUP BY incident_id) d
      JOIN security_incidents i ON i.organization_id = $1 AND i.id = d.id
      LEFT JOIN LATERAL (SELECT max(e.criticality)::float8 AS criticality
        FROM jsonb_to_recordset(i.subjects) AS s(kind text, key text)
        JOIN entities e ON e.organization_id = $1 AND e.kind::text = s.kind AND e.key = s.key) c ON true`,
    values: [tx.organizationId, incidentIds, severities.map((severity) => weights[severity])],
  });
  return new Map(rows.map((row) => [row.id, row]));
}

/** The threat scores of incidents anew, after something was said of their detections. */
export async function rescore(tx: Tx, incidentIds: readonly string[], weights: Weights): Promise<void> {
  if (incidentIds.length === 0) return;
  const counted = [...(await countDetections(tx, incidentIds, weights)).values()];
  await tx.query(
    `UPDATE security_incidents i SET threat_score = d.score FROM unnest($2::uuid[], $3::real[]) AS d(id, score)
     WHERE i.organization_id = $1 AND i.id = d.id`,
    [tx.organizationId, counted.map(({ id }) => id), counted.map(({ score }) => score)],
  );
}
