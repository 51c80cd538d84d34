/**
 * Replacing keys. Every step is a transaction of its own that leaves the rest as it was, so whatever ends a rotation,
 * starting it again goes on where it stopped.
 */
import type pg from "pg";
import type { Database, Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { contextOf, type WrappedKey } from "./key-cache.ts";
import type { KeyService } from "./key-service.ts";
import { keyIdInSql, RecordFault } from "./record.ts";
import { type Place, sealedColumns } from "./sealed-columns.ts";
import type { Vault } from "./vault.ts";

const places: readonly Place[] = Object.values(sealedColumns);
const longest = 600_000; // ms

/** A statement that may read whole tables: of a year's events that takes longer than others may. */
async function longQuery<R extends pg.QueryResultRow>(tx: Tx, text: string, values: unknown[]): Promise<R[]> {
  await tx.query(`SELECT set_config('statement_timeout', '${longest}', true)`);
  const statement = { text, values, query_timeout: longest + 10_000 };
  return (await tx.query<R>(statement)).rows;
}

/** Wraps the organization's data keys anew with the current key of the installation; returns how many were wrapped otherwise. */
export async function rewrap(db: Database, service: KeyService, organizationId: string): Promise<number> {
  for (let done = 0; ; done++) {
    const more = await db.inOrganization(organizationId, async (tx) => {
      const { rows } = await tx.query<WrappedKey>(
        `SELECT id, kek_id, wrapped FROM data_keys WHERE organization_id = $1 AND kek_id <> $2 AND state <> 'RETIRED'
         ORDER BY id LIMIT 1 FOR NO KEY UPDATE`,
        [organizationId, service.currentKeyId],
      );
      const [row] = rows;
      if (!row) return false;
      const context = contextOf(organizationId, row.id);
      const { keyId, wrapped } = await service.wrap(await service.unwrap(row.wrapped, row.kek_id, context), context);
      await tx.query("UPDATE data_keys SET kek_id = $3, wrapped = $4 WHERE organization_id = $1 AND id = $2", [
        organizationId,
        row.id,
        keyId,
        wrapped,
      ]);
      return true;
    });
    if (!more) return done;
  }
}

/**
 * Seals what older keys sealed anew under the organization's current key; returns how many records. One that does not open
 * is told and stays as it is: it keeps nobody from the others.
 */
export async function reencrypt(
  db: Database,
  vault: Vault,
  organizationId: string,
  options: {
    batchSize?: number;
    onProgress?: (records: number) => void;
    onFault?: (place: Place, id: string, fault: RecordFault) => void;
  } = {},
): Promise<number> {
  const { onFault = (_place, _id, fault) => raise(fault) } = options;
  let done = 0;
  for (const place of places) {
    let after = "00000000-0000-0000-0000-000000000000";
    for (;;) {
      await vault.reserve(organizationId, options.batchSize ?? 500);
      const last = await db.inOrganization(organizationId, async (tx) => {
        const rows = await outdated(tx, place, after, options.batchSize ?? 500);
        done += await resealed(tx, vault, place, rows, (id, fault) => onFault(place, id, fault));
        return rows.at(-1)?.id;
      });
      if (last === undefined) break;
      after = last;
      options.onProgress?.(done);
    }
  }
  return done;
}

interface SealedRow {
  id: string;
  record: Buffer;
}

async function outdated(
  tx: Tx,
  { table, column, key = "id" }: Place,
  after: string,
  limit: number,
): Promise<SealedRow[]> {
  return longQuery<SealedRow>(
    tx,
    `SELECT ${key} AS id, ${column} AS record FROM ${table} WHERE organization_id = $1 AND ${key} > $2 AND ${column} IS NOT NULL
       AND ${keyIdInSql(column)} NOT IN (SELECT k.id FROM data_keys k WHERE k.organization_id = $1 AND k.state = 'CURRENT')
     ORDER BY ${key} LIMIT $3 FOR UPDATE`,
    [tx.organizationId, after, limit],
  );
}

function raise(fault: RecordFault): never {
  throw fault;
}

type OnFault = (id: string, fault: RecordFault) => void;

async function resealed(
  tx: Tx,
  vault: Vault,
  place: Place,
  rows: readonly SealedRow[],
  onFault: OnFault,
): Promise<number> {
  const items = await opened(tx, vault, place, rows, onFault);
  if (items.length === 0) return 0;
  const { table, column, key = "id" } = place;
  await tx.query(
    `UPDATE ${table} t SET ${column} = n.record FROM unnest($2::uuid[], $3::bytea[]) AS n(id, record)
     WHERE t.organization_id = $1 AND t.${key} = n.id`,
    [tx.organizationId, items.map(({ rowId }) => rowId), await vault.seal(tx, place, items)],
  );
  return items.length;
}

async function opened(
  tx: Tx,
  vault: Vault,
  place: Place,
  rows: readonly SealedRow[],
  onFault: OnFault,
): Promise<{ rowId: string; data: Buffer }[]> {
  try {
    const found = await vault.open(
      tx,
      place,
      rows.map(({ id, record }) => ({ rowId: id, record })),
    );
    return rows.map(({ id }, index) => ({ rowId: id, data: found[index] as Buffer }));
  } catch (error) {
    if (!(error instanceof RecordFault)) throw error;
    const [only, ...others] = rows;
    if (only && others.length === 0) {
      onFault(only.id, error);
      return [];
    }
    const items: { rowId: string; data: Buffer }[] = [];
    for (const row of rows) items.push(...(await opened(tx, vault, place, [row], onFault)));
    return items;
  }
}

export interface KeyInventory {
  id: string;
  purpose: string;
  state: "CURRENT" | "OLD" | "RETIRED";
  kekId: string;
  uses: number;
  createdAt: Date;
  /** Records that only this key opens. */
  references: number;
}

/** The organization's data keys with what still needs them. */
export async function listKeys(tx: Tx): Promise<KeyInventory[]> {
  const counted = places
    .map(
      ({ table, column }) => `SELECT ${keyIdInSql(column)} AS id, count(*) AS n FROM ${table}
      WHERE organization_id = $1 AND ${column} IS NOT NULL GROUP BY 1`,
    )
    .join(" UNION ALL ");
  const rows = await longQuery<KeyInventory & { references: string; uses: string }>(
    tx,
    `SELECT k.id, k.purpose, k.state, k.kek_id AS "kekId", k.uses, k.created_at AS "createdAt",
       COALESCE(sum(r.n), 0) AS references
     FROM data_keys k LEFT JOIN (${counted}) r ON r.id = k.id
     WHERE k.organization_id = $1 GROUP BY k.organization_id, k.id ORDER BY k.id`,
    [tx.organizationId],
  );
  return rows.map((row) => ({ ...row, uses: Number(row.uses), references: Number(row.references) }));
}

/** Destroys an old data key. Refused while anything still needs it. */
export async function retireKey(tx: Tx, id: string): Promise<void> {
  await tx.query("SELECT 1 FROM data_keys WHERE organization_id = $1 AND id = $2 FOR UPDATE", [tx.organizationId, id]);
  const key = (await listKeys(tx)).find((one) => one.id === id);
  if (!key) throw new VigilError("NOT_FOUND", `The organization has no data key ${id}.`);
  if (key.state === "CURRENT") throw new VigilError("CONFLICT", `The data key ${id} is current: rotate first.`);
  if (key.references > 0) {
    const message = `${key.references} records are sealed with the data key ${id}. Run: vigil keys reencrypt`;
    throw new VigilError("CONFLICT", message, { detail: { references: key.references } });
  }
  await tx.query(`UPDATE data_keys SET state = 'RETIRED', wrapped = '' WHERE organization_id = $1 AND id = $2`, [
    tx.organizationId,
    id,
  ]);
}
