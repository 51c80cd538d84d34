/** What a signed-in user was told: reading it, one by one or all, and forgetting what is over. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { notificationTopic, recordChanges } from "./change.ts";

interface Reader {
  userId: string;
  now: number;
}

/** Marks one of the user's own as read (the first time counts), or as not read. Errors: NOT_FOUND. */
export async function markRead(
  tx: Tx,
  { id, userId, read, now }: Reader & { id: string; read: boolean },
): Promise<void> {
  const { rowCount } = await tx.query(
    `UPDATE security_notifications SET read_at = CASE WHEN $4 THEN coalesce(read_at, $5) END
     WHERE organization_id = $1 AND id = $2 AND user_id = $3 AND in_app`,
    [tx.organizationId, id, userId, read, new Date(now)],
  );
  if (rowCount !== 1) throw new VigilError("NOT_FOUND", "There is no such notification.", { path: ["id"] });
  await recordChanges(tx, [{ topic: notificationTopic(userId), kind: read ? "READ" : "UNREAD", entityId: id }]);
}

/** Marks all of the user's own as read, those that are no later than `upTo` where it is given; returns how many were not. */
export async function markAllRead(
  tx: Tx,
  { userId, now, upTo }: Reader & { upTo?: Date | undefined },
): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE security_notifications SET read_at = $3 WHERE organization_id = $1 AND user_id = $2 AND read_at IS NULL AND in_app
       AND ($4::timestamptz IS NULL OR created_at < $4::timestamptz + interval '1 millisecond')`,
    [tx.organizationId, userId, new Date(now), upTo ?? null],
  );
  if (rowCount) await recordChanges(tx, [{ topic: notificationTopic(userId), kind: "ALL_READ", entityId: userId }]);
  return rowCount ?? 0;
}

/** Removes what ended before a time; answers how many. */
export async function forgetNotifications(tx: Tx, before: number): Promise<number> {
  const { rowCount } = await tx.query(
    "DELETE FROM security_notifications WHERE organization_id = $1 AND expires_at < $2",
    [tx.organizationId, new Date(before)],
  );
  return rowCount ?? 0;
}
