/**
 * The order in which transactions lock, so that none waits for one that waits for it: the turn of detection (`holdTurn`);
 * incidents, by fingerprint and id; `vigil.open`; the organization's row, which is the list of decisions, too; actions, by
 * id; then what hangs on an action: its decisions, calls and questions. Each line of a timeline locks its incident, and a
 * batch that has the organization's row may raise any: whoever waits for that row has of incidents no more than the key, or
 * has the turn, as have those who hold one FOR UPDATE and then act (reopening, unmerging, a user's denial) and those who lock
 * several. Who acts by rules has the row first, and waits for no incident.
 */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { StoredAction } from "./action-row.ts";

/** One action, locked until the transaction ends, after all that is locked before it. Errors: NOT_FOUND. */
export async function lockAction(tx: Tx, id: string): Promise<StoredAction> {
  const action = await lockActionIfAny(tx, id);
  if (action) return action;
  throw new VigilError("NOT_FOUND", "There is no such action.", { path: ["id"] });
}

/** The same; undefined: there is no such action any more. */
export async function lockActionIfAny(tx: Tx, id: string): Promise<StoredAction | undefined> {
  const { rows: known } = await tx.query<Pick<StoredAction, "scope">>(
    `SELECT a.scope FROM incident_actions a JOIN security_incidents i ON i.organization_id = $1 AND i.id = a.incident_id
     WHERE a.organization_id = $1 AND a.id = $2 FOR KEY SHARE OF i`,
    [tx.organizationId, id],
  );
  // Enforcers know it: another action about its target may take its place, or it that of another.
  if (known[0]?.scope) {
    await tx.query("SELECT FROM organizations WHERE id = $1 FOR NO KEY UPDATE", [tx.organizationId]);
  }
  const { rows } = await tx.query<StoredAction>(
    `SELECT id, incident_id, type, status, target, scope, ttl_s, actor, reason, rule_id, requester_id, requester_session, due_at
     FROM incident_actions WHERE organization_id = $1 AND id = $2 FOR UPDATE`,
    [tx.organizationId, id],
  );
  return rows[0];
}
