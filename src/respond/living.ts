/** Where a question goes on when its incident was merged meanwhile. */
import type { Tx } from "../db.ts";
import { livingOf } from "../incident/living.ts";
import { type LockedIncident, lockIncident } from "../incident/move.ts";

/** The incident that `id` lives on in, locked until the transaction ends. Errors: NOT_FOUND. */
export async function lockLiving(tx: Tx, id: string): Promise<LockedIncident> {
  for (;;) {
    const { rows } = await tx.query<{ id: string }>(`SELECT living.id FROM ${livingOf("$2::uuid")} AS living`, [
      tx.organizationId,
      id,
    ]);
    const incident = await lockIncident(tx, { id: rows[0]?.id ?? id });
    if (incident.status !== "MERGED") return incident; // otherwise it was merged between the two
  }
}
