import { v7 } from "uuid";
import type { Tx } from "../db.ts";
import { audit } from "./audit.ts";
import { formatCredential, hashSecret } from "./credential.ts";

export const sessionTtl = 43_200; // 12 hours, in seconds: when even a busy session ends

/** Starts a session of this user, in the transaction that says why it may. The secret is in this answer only. */
export async function createSession(tx: Tx, userId: string, now: number): Promise<{ id: string; secret: string }> {
  const id = v7();
  const secret = formatCredential({ kind: "session", organizationId: tx.organizationId, id });
  const values = [tx.organizationId, id, userId, hashSecret(secret), new Date(now), new Date(now + sessionTtl * 1000)];
  await tx.query(
    `INSERT INTO sessions (organization_id, id, user_id, secret_hash, created_at, last_used_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $5, $6)`,
    values,
  );
  return { id, secret };
}

export type SessionEnd = "SIGNED_OUT" | "IDLE" | "SUSPENDED";

/** Ends one session; ending it again changes nothing. `idleSince`: only if nobody has used it since, in epoch ms. */
export async function endSession(
  tx: Tx,
  {
    id,
    actor,
    reason,
    now,
    idleSince,
  }: { id: string; actor: string; reason: SessionEnd; now: number; idleSince?: number },
): Promise<void> {
  const ended = await tx.query<{ user_id: string }>(
    `UPDATE sessions SET ended_at = $3
     WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL AND ($4::timestamptz IS NULL OR last_used_at <= $4)
     RETURNING user_id`,
    [tx.organizationId, id, new Date(now), idleSince === undefined ? null : new Date(idleSince)],
  );
  const [row] = ended.rows;
  if (!row) return;
  const detail = { sessionId: id, reason };
  await audit(tx, { actor, action: "SIGNED_OUT", entityKind: "User", entityId: row.user_id, detail });
}

/** Drops sessions and sign-in links that ended or lapsed long ago; who signed in when stays in the audit log. */
export async function forgetSessions(tx: Tx, before: number): Promise<void> {
  for (const table of ["sessions", "sign_in_links"]) {
    const text = `DELETE FROM ${table} WHERE organization_id = $1 AND expires_at < $2`;
    await tx.query(text, [tx.organizationId, new Date(before)]);
  }
}

/** Ends every session of a user, within the transaction (and the audit entry) of what ends them. */
export async function endSessionsOf(tx: Tx, userId: string, now: number): Promise<void> {
  const text = "UPDATE sessions SET ended_at = $3 WHERE organization_id = $1 AND user_id = $2 AND ended_at IS NULL";
  await tx.query(text, [tx.organizationId, userId, new Date(now)]);
}
