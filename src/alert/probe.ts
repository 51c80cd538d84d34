/**
 * The alert that the heartbeat sends: written, claimed, worded, signed, sent and written down as any other, by whichever process
 * sends, to a receiver of that process itself. Its channel is on no list, nobody is told of it, and it is not kept.
 */
import { v7 as uuidv7 } from "uuid";
import type { Database, Tx } from "../db.ts";

const name = "vigil:heartbeat";
const config = { ownReceiver: true };

/** Whether a channel's settings are those of the heartbeat's own. No API writes such. */
export const isOwnReceiver = (settings: unknown): boolean =>
  (settings as { ownReceiver?: unknown })?.ownReceiver === true;

/** Writes the alert, instead of those before; answers its id. */
export async function makeProbe(tx: Tx, now: number): Promise<string> {
  await forgetProbes(tx);
  await tx.query(
    `INSERT INTO alert_channels (organization_id, id, kind, name, config, created_at, updated_at, removed_at)
     VALUES ($1, $2, 'WEBHOOK', '${name}', $3, $4, $4, $4) ON CONFLICT (organization_id, name) DO NOTHING`,
    [tx.organizationId, uuidv7({ msecs: now }), JSON.stringify(config), new Date(now)],
  );
  const id = uuidv7({ msecs: now });
  await tx.query(
    `INSERT INTO security_alerts (organization_id, id, kind, channel_id, status, priority, due_at, created_at)
     SELECT $1, $2, 'HEARTBEAT', id, 'QUEUED', 'CRITICAL', $3, $3 FROM alert_channels WHERE organization_id = $1 AND name = '${name}'`,
    [tx.organizationId, id, new Date(now)],
  );
  return id;
}

/** Where it is: its status, and what its last try came to. */
export async function probeState(
  db: Pick<Database, "query">,
  organizationId: string,
  id: string,
): Promise<{ status: string; detail: string | null } | undefined> {
  const { rows } = await db.query<{ status: string; detail: string | null }>(
    organizationId,
    `SELECT status::text, (SELECT detail FROM alert_attempts WHERE organization_id = $1 AND alert_id = a.id ORDER BY at DESC LIMIT 1) AS detail
     FROM security_alerts a WHERE organization_id = $1 AND id = $2`,
    [organizationId, id],
  );
  return rows[0];
}

export async function forgetProbes(tx: Pick<Tx, "query">): Promise<void> {
  await tx.query("SELECT heartbeat_forget()");
}
