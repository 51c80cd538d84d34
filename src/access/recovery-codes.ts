import { createHash, randomBytes } from "node:crypto";
import type { Tx } from "../db.ts";
import { toBase32 } from "./totp.ts";

const count = 10; // codes a user
const size = 10; // bytes of randomness: 80 bits, so that a plain hash is enough

/** Replaces a user's recovery codes; the answer is the only place where they can be read. */
export async function makeRecoveryCodes(tx: Tx, userId: string): Promise<string[]> {
  const codes = Array.from({ length: count }, () => toBase32(randomBytes(size)));
  await dropRecoveryCodes(tx, userId);
  await tx.query(
    "INSERT INTO recovery_codes (organization_id, user_id, code_hash) SELECT $1, $2, hash FROM unnest($3::bytea[]) hash",
    [tx.organizationId, userId, codes.map((code) => hashOf(tx, userId, code))],
  );
  return codes.map((code) => code.replace(/(.{4})(?=.)/g, "$1-"));
}

export async function dropRecoveryCodes(tx: Tx, userId: string): Promise<void> {
  await tx.query("DELETE FROM recovery_codes WHERE organization_id = $1 AND user_id = $2", [tx.organizationId, userId]);
}

/** Uses a code up; false where it is none, or was used. */
export async function takeRecoveryCode(tx: Tx, userId: string, code: string, now: number): Promise<boolean> {
  const taken = await tx.query(
    `UPDATE recovery_codes SET used_at = $4
     WHERE organization_id = $1 AND user_id = $2 AND code_hash = $3 AND used_at IS NULL`,
    [tx.organizationId, userId, hashOf(tx, userId, code), new Date(now)],
  );
  return taken.rowCount === 1;
}

function hashOf(tx: Tx, userId: string, code: string): Buffer {
  return createHash("sha256").update(`${tx.organizationId}/${userId}/${code}`).digest();
}
