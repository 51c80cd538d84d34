/**
 * How the secrets of second factors are kept: sealed in the organization's vault. Those from before that were sealed
 * under a key derived from the server's own secret; they open as ever and are sealed anew.
 */
import { createDecipheriv, hkdfSync } from "node:crypto";
import type { Database, Tx } from "../db.ts";
import { sealedColumns } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";

const version = 1;
const nonceSize = 12; // bytes
const tagSize = 16; // bytes
const place = sealedColumns.secondFactor;

export interface TotpRow {
  sealed: Buffer | null;
  /** Sealed under the server's own secret. */
  sealed_secret: Buffer | null;
}

export interface TotpSecrets {
  seal(tx: Tx, userId: string, secret: Buffer): Promise<Buffer>;
  /** Throws for a secret that was changed, or is another user's. One of the old kind is sealed anew. */
  open(tx: Tx, userId: string, row: TotpRow): Promise<Buffer>;
  /** Seals what is of the old kind anew; answers how many. One that does not open is told and left. */
  resealAll(db: Database, organizationId: string, onFault: (userId: string) => void): Promise<number>;
}

const update = `UPDATE second_factors SET sealed = $3, sealed_secret = NULL WHERE organization_id = $1 AND user_id = $2`;

export function createTotpSecrets(vault: Pick<Vault, "seal" | "open">, serverSecret: string): TotpSecrets {
  async function seal(tx: Tx, userId: string, secret: Buffer): Promise<Buffer> {
    const [sealed] = await vault.seal(tx, place, [{ rowId: userId, data: secret }]);
    return sealed as Buffer;
  }

  async function open(tx: Tx, userId: string, { sealed, sealed_secret }: TotpRow): Promise<Buffer> {
    if (sealed) return (await vault.open(tx, place, [{ rowId: userId, record: sealed }]))[0] as Buffer;
    const secret = openOld(serverSecret, `${tx.organizationId}/${userId}`, sealed_secret ?? Buffer.alloc(0));
    await tx.query(update, [tx.organizationId, userId, await seal(tx, userId, secret)]);
    return secret;
  }

  return {
    seal,
    open,
    resealAll: (db, organizationId, onFault) =>
      db.inOrganization(organizationId, async (tx) => {
        const { rows } = await tx.query<TotpRow & { user_id: string }>(
          `SELECT user_id, sealed, sealed_secret FROM second_factors
           WHERE organization_id = $1 AND sealed_secret IS NOT NULL FOR UPDATE`,
          [organizationId],
        );
        let done = 0;
        for (const row of rows) {
          try {
            await open(tx, row.user_id, row);
            done++;
          } catch (error) {
            if (!(error instanceof OldSecretFault)) throw error;
            onFault(row.user_id);
          }
        }
        return done;
      }),
  };
}

/** A secret of the old kind does not open: it was changed, or the server's own secret was. */
class OldSecretFault extends Error {}

/** Version (1 byte) ‖ nonce ‖ tag ‖ data, AES-256-GCM, bound to whose it is. */
function openOld(serverSecret: string, owner: string, bytes: Buffer): Buffer {
  if (bytes[0] !== version || bytes.length <= 1 + nonceSize + tagSize) throw new OldSecretFault("damaged");
  const key = Buffer.from(hkdfSync("sha256", serverSecret, "", "vigil second factors", 32));
  const nonce = bytes.subarray(1, 1 + nonceSize);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagSize });
  decipher.setAAD(Buffer.from(`second_factors/sealed_secret/${owner}`));
  decipher.setAuthTag(bytes.subarray(1 + nonceSize, 1 + nonceSize + tagSize));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(1 + nonceSize + tagSize)), decipher.final()]);
  } catch {
    throw new OldSecretFault("does not open");
  }
}
