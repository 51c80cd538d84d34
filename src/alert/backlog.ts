import type { Database } from "../db.ts";

export interface AlertBacklog {
  /** Alerts that are to be sent. */
  queued: number;
  /**
   * How far past its time the alert is that has waited longest, ms; 0: none is late. What waits for a channel that is
   * suspended, or told to wait, is not.
   */
  lateMs: number;
}

/** What waits to be sent. (Alerts that are QUEUED, SENDING or RETRYING have the status ranks 0 to 2.) */
export async function alertBacklog(
  db: Pick<Database, "query">,
  organizationId: string,
  now: number,
): Promise<AlertBacklog> {
  const { rows } = await db.query<{ queued: number; due: Date | null }>(
    organizationId,
    `SELECT count(*)::int AS queued, min(greatest(a.due_at, c.wait_until)) FILTER (WHERE c.suspended_at IS NULL) AS due
     FROM security_alerts a LEFT JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id
     WHERE a.organization_id = $1 AND a.status_rank <= 2`,
    [organizationId],
  );
  const { queued = 0, due = null } = rows[0] ?? {};
  return { queued, lateMs: due ? Math.max(0, now - due.getTime()) : 0 };
}
