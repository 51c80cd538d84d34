/** The threat score of a user or an address has passed a threshold: its open incidents are at least that severe. */
import type { Tx } from "../db.ts";
import type { Severity } from "../ingest/event.ts";
import { severities } from "../ingest/event.ts";
import type { NewChange } from "../publish/change.ts";
import { addEntries } from "./entry.ts";

export interface Raise {
  kind: string;
  key: string;
  to: Severity;
  /** Only these incidents; absent: all that are open. */
  among?: readonly string[] | undefined;
  /** Why, in words, for the timeline. */
  reason(): Promise<string>;
}

/** Locks all that these raise, in the order in which incidents are locked everywhere. */
export async function lockRaised(tx: Tx, raises: readonly Omit<Raise, "reason" | "among">[]): Promise<void> {
  await tx.query(
    `SELECT FROM security_incidents WHERE organization_id = $1 AND open_fingerprint IS NOT NULL AND id = ANY (ARRAY(
       SELECT i.id FROM unnest($2::text[], $3::text[], $4::int[]) AS r(kind, key, rank)
       JOIN risk_contributions c ON c.organization_id = $1 AND c.entity_kind = r.kind AND c.entity_key = r.key
         AND c.withdrawn_at IS NULL
       JOIN detections d ON d.organization_id = $1 AND d.id = c.detection_id
       JOIN security_incidents i ON i.organization_id = $1 AND i.id = d.incident_id AND i.severity_rank < r.rank))
     ORDER BY fingerprint, id FOR NO KEY UPDATE`,
    [
      tx.organizationId,
      raises.map(({ kind }) => kind),
      raises.map(({ key }) => key),
      raises.map(({ to }) => severities.indexOf(to)),
    ],
  );
}

/** Of these raises, for each of the incidents that one of them raises, the first: the places of these, in order. */
export async function firstRaises(
  tx: Tx,
  raises: readonly Omit<Raise, "reason" | "among">[],
  incidentIds: readonly string[],
): Promise<number[]> {
  const { rows } = await tx.query<{ place: number }>(
    `SELECT DISTINCT first.place FROM (
       SELECT min(r.place)::int - 1 AS place FROM security_incidents i
       JOIN detections d ON d.organization_id = $1 AND d.incident_id = i.id
       JOIN risk_contributions c ON c.organization_id = $1 AND c.detection_id = d.id AND c.withdrawn_at IS NULL
       JOIN unnest($2::text[], $3::text[], $4::int[]) WITH ORDINALITY AS r(kind, key, rank, place)
         ON r.kind = c.entity_kind AND r.key = c.entity_key AND r.rank > i.severity_rank
       WHERE i.organization_id = $1 AND i.id = ANY ($5) GROUP BY i.id) first ORDER BY 1`,
    [
      tx.organizationId,
      raises.map(({ kind }) => kind),
      raises.map(({ key }) => key),
      raises.map(({ to }) => severities.indexOf(to)),
      incidentIds,
    ],
  );
  return rows.map(({ place }) => place);
}

/** Raises the open incidents that gather detections about it; answers what is to be announced. */
export async function raiseIncidents(tx: Tx, raise: Raise, now: number): Promise<NewChange[]> {
  const rank = severities.indexOf(raise.to);
  const { rows } = await tx.query<{ id: string; severity: Severity }>(
    `SELECT id, severity FROM security_incidents
     WHERE organization_id = $1 AND open_fingerprint IS NOT NULL AND severity_rank < $4 AND id = ANY (ARRAY(
       SELECT DISTINCT d.incident_id FROM risk_contributions c
       JOIN detections d ON d.organization_id = c.organization_id AND d.id = c.detection_id
       WHERE c.organization_id = $1 AND c.entity_kind = $2 AND c.entity_key = $3 AND c.withdrawn_at IS NULL
         AND ($5::uuid[] IS NULL OR d.incident_id = ANY ($5))))
     ORDER BY fingerprint, id FOR NO KEY UPDATE`, // whoever locks one of its actions holds its key, and may wait for this batch
    [tx.organizationId, raise.kind, raise.key, rank, raise.among],
  );
  if (rows.length === 0) return [];
  await tx.query(
    `UPDATE security_incidents SET severity = $3, revision = revision + 1, updated_at = $4
     WHERE organization_id = $1 AND id = ANY ($2)`,
    [tx.organizationId, rows.map(({ id }) => id), raise.to, new Date(now)],
  );
  const reason = await raise.reason();
  const entries = rows.map(({ id, severity }) => ({
    incidentId: id,
    kind: "SEVERITY_RAISED" as const,
    message: `Severity raised from ${severity} to ${raise.to}: ${reason}`,
    actor: "vigil",
  }));
  await addEntries(tx, entries, now);
  return entries.map(({ incidentId, kind }) => ({ topic: "incident", kind, entityId: incidentId }));
}
