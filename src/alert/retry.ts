/**
 * Sends alerts again that failed or were held back: they go back into the queue, but on a channel that was removed; their
 * ledger stays. Whom they go to is tried, also where it was known not to arrive: somebody has mended it, or learns the reason.
 */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { recordChanges } from "../publish/change.ts";

/** How many alerts one call takes. */
export const mostRetried = 1_000;

/** The alerts of these ids. Errors: BAD_USER_INPUT (none, too many), NOT_FOUND; nothing is retried then. */
export async function retryAlerts(tx: Tx, ids: readonly string[], now: number): Promise<string[]> {
  if (ids.length === 0 || ids.length > mostRetried) {
    throw new VigilError("BAD_USER_INPUT", `Name 1 to ${mostRetried} alerts, not ${ids.length}.`, {
      path: ["input", "ids"],
    });
  }
  const { rows } = await tx.query<{ known: number }>(
    "SELECT count(*)::int AS known FROM security_alerts WHERE organization_id = $1 AND id = ANY ($2)",
    [tx.organizationId, ids],
  );
  const missing = new Set(ids).size - (rows[0]?.known ?? 0);
  if (missing > 0) {
    throw new VigilError("NOT_FOUND", `${missing} of these alerts are not there.`, { path: ["input", "ids"] });
  }
  return requeue(tx, ids, now);
}

/** The alerts of a condition on their columns, the oldest first; `values` starts with the organization's id. */
export async function retryAlertsWhere(tx: Tx, condition: string, values: unknown[], now: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM security_alerts WHERE organization_id = $1 AND status IN ('FAILED', 'HELD') AND ${condition}
     ORDER BY created_at, id LIMIT ${mostRetried}`,
    values,
  );
  return requeue(
    tx,
    rows.map(({ id }) => id),
    now,
  );
}

async function requeue(tx: Tx, ids: readonly string[], now: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT alerts_requeue(ARRAY(SELECT a.id FROM security_alerts a
       JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id AND c.removed_at IS NULL
       WHERE a.organization_id = $1 AND a.id = ANY ($2)), $3) AS id`,
    [tx.organizationId, ids, new Date(now)],
  );
  const retried = rows.map(({ id }) => id);
  if (retried.length === 0) return [];
  await tx.query(
    `DELETE FROM bad_contacts b USING security_alerts a, alert_channels c
     WHERE b.organization_id = $1 AND a.organization_id = $1 AND a.id = ANY ($2) AND c.organization_id = $1 AND c.id = a.channel_id
       AND b.kind = c.kind AND b.address = a.recipient`,
    [tx.organizationId, retried],
  );
  await recordChanges(
    tx,
    retried.map((id) => ({ topic: "alert", kind: "QUEUED", entityId: id })),
  );
  return retried;
}
