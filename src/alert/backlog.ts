import type { Database } from "../db.ts";

export interface AlertBacklog {
  /** Alerts that are to be sent. */
  queued: number;
  /** How far past its time the alert is that has waited longest, ms; 0: none is late. */
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
    `SELECT count(*)::int AS queued, min(due_at) AS due FROM security_alerts WHERE organization_id = $1 AND status_rank <= 2`,
    [organizationId],
  );
  const { queued = 0, due = null } = rows[0] ?? {};
  return { queued, lateMs: due ? Math.max(0, now - due.getTime()) : 0 };
}
