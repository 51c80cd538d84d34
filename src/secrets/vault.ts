/** Seals and opens fields of rows, many at a time, and makes the blind indexes by which sealed values are found. */
import { createHmac } from "node:crypto";
import type { Tx } from "../db.ts";
import { createDataKeys, type DataKeysOptions } from "./data-keys.ts";
import { keyIdBytes, keyIdOf, openRecord, RecordFault, sealRecord } from "./record.ts";
import type { Place } from "./sealed-columns.ts";

export interface Vault {
  /** Counts uses of the organization's key before they happen; call it before the transaction that seals begins. */
  reserve(organizationId: string, uses: number): Promise<void>;
  /** One record for each item, in order. Fails closed: without a key service that answers, nothing is sealed. */
  seal(tx: Tx, place: Place, items: readonly { rowId: string; data: Buffer | string }[]): Promise<Buffer[]>;
  /** What the records hold, in order. Throws RecordFault where one was changed or stood elsewhere. */
  open(tx: Tx, place: Place, items: readonly { rowId: string; record: Buffer }[]): Promise<Buffer[]>;
  /** Makes blind indexes: equal values of one organization and column have equal ones; nothing else can be told from them. */
  indexer(tx: Tx, place: Place): Promise<(value: string) => Buffer>;
  /** Replaces the organization's sealing key; returns the new one's id. */
  rotate(tx: Tx): Promise<string>;
}

const indexBytes = 8; // short enough to be no fingerprint of the value elsewhere, long enough not to collide

export function createVault(options: DataKeysOptions): Vault {
  const keys = createDataKeys(options);
  return {
    reserve: keys.reserve,
    rotate: keys.rotate,
    async seal(tx, place, items) {
      if (items.length === 0) return [];
      const { id, key } = await keys.toSeal(tx, items.length);
      const keyId = keyIdBytes(id);
      const prefix = prefixOf(tx, place);
      return items.map(({ rowId, data }) => sealRecord(key, keyId, prefix + rowId, data));
    },
    async open(tx, place, items) {
      if (items.length === 0) return [];
      const ids = items.map(({ record }) => keyIdOf(record));
      const found = await keys.toOpen(tx, ids);
      const prefix = prefixOf(tx, place);
      return items.map(({ rowId, record }, index) => {
        const key = found.get(ids[index] as string);
        if (!key) throw new RecordFault("a sealed record names a key that the organization does not have");
        return openRecord(key, prefix + rowId, record);
      });
    },
    async indexer(tx, place) {
      const key = await keys.toIndex(tx, `index:${place.table}.${place.column}`);
      return (value) => createHmac("sha256", key).update(value, "utf8").digest().subarray(0, indexBytes);
    },
  };
}

/** Organization, table and column: none of them can hold a line break, so the place is read in one way only. */
function prefixOf(tx: Tx, { table, column }: Place): string {
  return `${tx.organizationId}\n${table}\n${column}\n`;
}
