/** What a signed-in user was told: reading it, one by one or all. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";

interface Reader {
  userId: string;
  now: number;
}

/** Marks one of the user's own as read; the first time counts. Errors: NOT_FOUND. */
export async function markRead(tx: Tx, { id, userId, now }: Reader & { id: string }): Promise<void> {
  const { rowCount } = await tx.query(
    `UPDATE security_notifications SET read_at = coalesce(read_at, $4)
     WHERE organization_id = $1 AND id = $2 AND user_id = $3`,
    [tx.organizationId, id, userId, new Date(now)],
  );
  if (rowCount !== 1) throw new VigilError("NOT_FOUND", "There is no such notification.", { path: ["id"] });
}

/** Marks all of the user's own as read; returns how many were not. */
export async function markAllRead(tx: Tx, { userId, now }: Reader): Promise<number> {
  const { rowCount } = await tx.query(
    "UPDATE security_notifications SET read_at = $3 WHERE organization_id = $1 AND user_id = $2 AND read_at IS NULL",
    [tx.organizationId, userId, new Date(now)],
  );
  return rowCount ?? 0;
}
