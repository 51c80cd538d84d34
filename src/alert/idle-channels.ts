/** Tries channels on which nothing has gone out for a week: one that is dead is known before it is needed. */
import type { Tx } from "../db.ts";
import { recordChanges } from "../publish/change.ts";
import { sendTest } from "./channel-change.ts";

const idle = "7 days";
const most = 50; // channels a transaction
/** SQL: whether the channel was tried within a week of $2. */
const tried = (channel: string): string => `EXISTS (SELECT FROM security_alerts a WHERE a.organization_id = $1
  AND a.channel_id = ${channel} AND a.kind = 'TEST' AND a.created_at > $2::timestamptz - interval '${idle}')`;

/** Answers how many were tried. Run twice, also at once, it tries none twice within a week. */
export async function tryIdleChannels(tx: Tx, now: number): Promise<number> {
  const { rows: idles } = await tx.query<{ id: string }>(
    `SELECT c.id FROM alert_channels c
     WHERE c.organization_id = $1 AND c.removed_at IS NULL AND c.suspended_at IS NULL
       AND coalesce(c.last_success_at, c.created_at) < $2::timestamptz - interval '${idle}'
       AND NOT ${tried("c.id")}
     ORDER BY c.id LIMIT ${most} FOR UPDATE OF c SKIP LOCKED`,
    [tx.organizationId, new Date(now)],
  );
  if (idles.length === 0) return 0;
  // Who tried one while the statement above ran had let go of it before that came to it: only another statement sees their test.
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM unnest($3::uuid[]) AS c(id) WHERE NOT ${tried("c.id")}`,
    [tx.organizationId, new Date(now), idles.map(({ id }) => id)],
  );
  for (const { id } of rows) {
    const alert = await sendTest(tx, id, now);
    await recordChanges(tx, [{ topic: "alert", kind: "QUEUED", entityId: alert }]);
  }
  return rows.length;
}
