/** The organization's data keys: made when first needed, counted before they are used, replaced long before their limit. */
import { randomBytes } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import type { Database, Tx } from "../db.ts";
import { contextOf, createKeyCache, type WrappedKey } from "./key-cache.ts";
import type { KeyService } from "./key-service.ts";

export interface DataKey {
  id: string;
  key: Buffer;
}

export interface DataKeysOptions {
  db: Pick<Database, "inOrganization" | "query">;
  service: KeyService;
  now: () => number;
  /** A data key is replaced after this many uses. Random nonces are safe up to 2^32 (NIST SP 800-38D). */
  rotateAfter?: number;
  /** Called in the transaction that replaces a key. */
  onRotated?: (tx: Tx, newKeyId: string) => Promise<void>;
}

export const sealPurpose = "seal";
const block = 65_536; // uses reserved at once, so that counting costs no statement a batch
const safeUses = 2 ** 28;

const selectCurrent = `SELECT id, kek_id, wrapped FROM data_keys
  WHERE organization_id = $1 AND current_purpose = $2 FOR KEY SHARE`;

export type DataKeys = ReturnType<typeof createDataKeys>;

export function createDataKeys({ db, service, now, rotateAfter = safeUses, onRotated }: DataKeysOptions) {
  const cache = createKeyCache(service, now);
  const reserved = new Map<string, { keyId: string; left: number }>(); // by organization: uses already counted

  async function make(tx: Tx, purpose: string): Promise<string> {
    const id = uuidv7({ msecs: now() });
    const key = randomBytes(32);
    const { keyId, wrapped } = await service.wrap(key, contextOf(tx.organizationId, id));
    const { rowCount } = await tx.query(
      `INSERT INTO data_keys (organization_id, id, purpose, state, kek_id, wrapped) VALUES ($1, $2, $3, 'CURRENT', $4, $5)
       ON CONFLICT (organization_id, current_purpose) DO NOTHING`,
      [tx.organizationId, id, purpose, keyId, wrapped],
    );
    if (rowCount === 1) cache.keep(id, key);
    return id;
  }

  /** Locks the row against being replaced until the transaction ends: then no record of an old key is still to come. */
  async function currentRow(tx: Tx, purpose: string): Promise<WrappedKey> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const { rows } = await tx.query<WrappedKey>({
        name: "current_data_key",
        text: selectCurrent,
        values: [tx.organizationId, purpose],
      });
      if (rows[0]) return rows[0];
      await make(tx, purpose); // or it was replaced this moment: then this makes nothing, and the next look finds it
    }
    throw new Error(`the organization has no current data key for ${purpose}`);
  }

  /** Puts a new current key in place of the organization's sealing key; the old one goes on opening. */
  async function rotate(tx: Tx): Promise<string> {
    await tx.query("SELECT pg_advisory_xact_lock(hashtextextended('vigil.data_keys:' || $1, 0))", [tx.organizationId]);
    await tx.query(`UPDATE data_keys SET state = 'OLD' WHERE organization_id = $1 AND current_purpose = $2`, [
      tx.organizationId,
      sealPurpose,
    ]);
    const id = await make(tx, sealPurpose);
    await onRotated?.(tx, id);
    return id;
  }

  async function count(source: Pick<Tx, "query">, organizationId: string, uses: number) {
    const { rows } = await source.query<{ id: string; uses: string }>({
      name: "count_data_key_uses",
      text: `UPDATE data_keys SET uses = uses + $3 WHERE organization_id = $1 AND current_purpose = $2 RETURNING id, uses`,
      values: [organizationId, sealPurpose, uses],
    });
    return rows[0];
  }

  return {
    /** Makes sure that `uses` uses are counted before they happen. Call it outside of the transaction that seals. */
    async reserve(organizationId: string, uses: number): Promise<void> {
      if ((reserved.get(organizationId)?.left ?? 0) >= uses) return;
      const wanted = Math.max(block, uses);
      const direct = { query: ((text, values) => db.query(organizationId, text as string, values)) as Tx["query"] };
      let counted = await count(direct, organizationId, wanted);
      if (!counted) {
        await db.inOrganization(organizationId, (tx) => currentRow(tx, sealPurpose));
        counted = await count(direct, organizationId, wanted);
      } else if (Number(counted.uses) > rotateAfter) {
        await db.inOrganization(organizationId, rotate);
        counted = await count(direct, organizationId, wanted);
      }
      if (!counted) return; // replaced this moment: the sealing transaction counts for itself
      const before = reserved.get(organizationId);
      const left = before?.keyId === counted.id ? before.left : 0;
      reserved.set(organizationId, { keyId: counted.id, left: left + wanted });
      if (reserved.size > 10_000) reserved.delete(reserved.keys().next().value as string);
    },
    /** The key to seal `uses` records with. */
    async toSeal(tx: Tx, uses: number): Promise<DataKey> {
      const row = await currentRow(tx, sealPurpose);
      const allowance = reserved.get(tx.organizationId);
      if (allowance?.keyId === row.id && allowance.left >= uses) allowance.left -= uses;
      else await count(tx, tx.organizationId, uses);
      return { id: row.id, key: await cache.key(row, tx.organizationId, "SEAL") };
    },
    /** The key of a blind index. It is not replaced: equal values must stay equal. */
    async toIndex(tx: Tx, purpose: string): Promise<Buffer> {
      return cache.key(await currentRow(tx, purpose), tx.organizationId, "OPEN");
    },
    /** The keys with these ids. */
    async toOpen(tx: Tx, ids: Iterable<string>): Promise<Map<string, Buffer>> {
      const found = new Map<string, Buffer>();
      const missing: string[] = [];
      for (const id of new Set(ids)) {
        const key = cache.fresh(id);
        if (key) found.set(id, key);
        else missing.push(id);
      }
      if (missing.length === 0) return found;
      const { rows } = await tx.query<WrappedKey>({
        name: "data_keys_by_id",
        text: `SELECT id, kek_id, wrapped FROM data_keys WHERE organization_id = $1 AND id = ANY($2::uuid[]) AND state <> 'RETIRED'`,
        values: [tx.organizationId, missing],
      });
      for (const row of rows) found.set(row.id, await cache.key(row, tx.organizationId, "OPEN"));
      return found;
    },
    rotate,
  };
}
