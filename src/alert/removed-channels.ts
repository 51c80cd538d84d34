/** Alerts of channels that were removed are not going to be sent: that is to be seen. */
import type { Tx } from "../db.ts";
import { recordChanges } from "../publish/change.ts";
import { onUndeliverable } from "./escalate.ts";

const held = [{ kind: "CHANNEL", reason: "The channel was removed." }];

/**
 * Holds for good what is still to be sent on them. To be run again later: whoever removes a channel does not see what is
 * being made for it in that moment. (The heartbeat's own channel is on no list, and is not stopped.) An escalation that has
 * called nobody else goes on at once.
 */
export async function holdOfRemoved(tx: Tx, now: number): Promise<void> {
  const { rows } = await tx.query<{ id: string }>({
    name: "hold_of_removed_channels",
    text: `UPDATE security_alerts a SET status = 'HELD', claim = NULL, held_by = a.held_by || $2::jsonb
      WHERE a.organization_id = $1 AND a.id IN (SELECT s.id FROM security_alerts s
        JOIN alert_channels c ON c.organization_id = $1 AND c.id = s.channel_id
          AND c.removed_at IS NOT NULL AND c.suspended_at IS NOT NULL
        WHERE s.organization_id = $1 AND s.status_rank <= 2 ORDER BY s.id FOR UPDATE OF s)
      RETURNING a.id`,
    values: [tx.organizationId, JSON.stringify(held)],
  });
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await onUndeliverable(tx, ids, now);
  await recordChanges(
    tx,
    ids.map((entityId) => ({ topic: "alert", kind: "HELD", entityId })),
  );
}
