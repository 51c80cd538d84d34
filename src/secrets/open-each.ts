import type { Tx } from "../db.ts";
import { RecordFault } from "./record.ts";
import type { Place } from "./sealed-columns.ts";
import type { Vault } from "./vault.ts";

/**
 * Opens records, by row id. One that was changed, or stands where it was not sealed, is told and left out, so that it
 * keeps nobody from the others.
 */
export async function openEach(
  tx: Tx,
  vault: Pick<Vault, "open">,
  place: Place,
  rows: readonly { id: string; sealed: Uint8Array | null }[],
  onFault: (id: string, fault: RecordFault) => void,
): Promise<Map<string, string>> {
  const items = rows.flatMap((row) => (row.sealed ? [{ rowId: row.id, record: Buffer.from(row.sealed) }] : []));
  const found = new Map<string, string>();
  const open = async (some: typeof items): Promise<void> => {
    const opened = await vault.open(tx, place, some);
    some.forEach(({ rowId }, index) => {
      found.set(rowId, String(opened[index]));
    });
  };
  try {
    await open(items);
  } catch (error) {
    if (!(error instanceof RecordFault)) throw error;
    for (const item of items) {
      await open([item]).catch((fault: unknown) => {
        if (!(fault instanceof RecordFault)) throw fault;
        onFault(item.rowId, fault);
      });
    }
  }
  return found;
}
