import type { Tx } from "../db.ts";

/**
 * Holds the keys of the incidents that have the next `most` due rows of a table, so that they are locked before these, as
 * whoever acts on an incident locks them. Answers their ids.
 */
export async function lockIncidentsDue(
  tx: Tx,
  { table, most, now }: { table: "escalations" | "incident_actions"; most: number; now: number },
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>({
    name: `incidents_of_due_${table}`,
    text: `SELECT id FROM security_incidents WHERE organization_id = $1 AND id IN (SELECT incident_id FROM ${table}
        WHERE organization_id = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT ${most}) ORDER BY fingerprint, id FOR KEY SHARE`,
    values: [tx.organizationId, new Date(now)],
  });
  return rows.map(({ id }) => id);
}
