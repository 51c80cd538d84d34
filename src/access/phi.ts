/** The one door to sealed PHI for people: who may not, gets none of it; who may, is written down before it leaves. */
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { Place } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";
import { audit } from "./audit.ts";
import { can } from "./permissions.ts";
import type { Viewer } from "./viewer.ts";

/** Opens records for a viewer, many at a time; gives their text by row id. */
export async function openForViewer(
  tx: Tx,
  vault: Vault,
  viewer: Viewer,
  place: Place,
  rows: readonly { id: string; record: Uint8Array }[],
): Promise<Map<string, string>> {
  if (!can(viewer.role, "phi.read")) throw new VigilError("FORBIDDEN", `The role ${viewer.role} may not read PHI`);
  if (rows.length === 0) return new Map();
  const items = rows.map(({ id, record }) => ({ rowId: id, record: Buffer.from(record) }));
  const opened = await vault.open(tx, place, items);
  await audit(tx, {
    actor: viewer.kind === "USER" ? viewer.name : viewer.id,
    action: "PHI_READ",
    entityKind: place.table,
    entityId: rows.length === 1 ? (rows[0]?.id ?? "") : "",
    detail: { column: place.column, ids: rows.map(({ id }) => id) },
  });
  return new Map(rows.map(({ id }, index) => [id, String(opened[index])]));
}
