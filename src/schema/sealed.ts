import type { sealedColumns } from "../secrets/sealed-columns.ts";
import { type Context, viewerOf } from "./context.ts";

type Kind = keyof typeof sealedColumns;
type Row = { id: string; sealed: Uint8Array };

interface Batch {
  rows: Row[];
  opened: Promise<Map<string, string>>;
}
const batches = new WeakMap<Context, Map<Kind, Batch>>();

/**
 * The JSON that a row holds sealed. Rows that one request asks for at the same moment are opened together. Whoever asks
 * must have been seen to be allowed, and be written down.
 */
export async function openSealed<Secret>(context: Context, kind: Kind, row: Row): Promise<Secret | null> {
  const ofRequest = batches.get(context) ?? new Map<Kind, Batch>();
  batches.set(context, ofRequest);
  let batch = ofRequest.get(kind);
  if (!batch) {
    const rows: Row[] = [];
    const opened = new Promise<void>(setImmediate).then(() => {
      ofRequest.delete(kind);
      return context.services.openSealed(viewerOf(context).organizationId, kind, rows);
    });
    batch = { rows, opened };
    ofRequest.set(kind, batch);
  }
  if (!batch.rows.some(({ id }) => id === row.id)) batch.rows.push(row);
  const text = (await batch.opened).get(row.id);
  return text === undefined ? null : (JSON.parse(text) as Secret);
}
