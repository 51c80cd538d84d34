/** Stored threat scores brought up to date: they decay without anything happening. */
import type { Tx } from "../../db.ts";
import { holdTurn } from "../turn.ts";
import type { EntityName } from "./contribute.ts";
import { type Crossing, type RefreshedRow, settleLevels } from "./settle.ts";

const pageSize = 100; // entities a transaction: batches, and people at incidents that it raises, wait that long

/** The scores of these entities as of now. The caller holds the organization's turn. */
export async function refreshRisk(tx: Tx, entities: readonly EntityName[], now: number): Promise<Crossing[]> {
  if (entities.length === 0) return [];
  const { rows } = await tx.query<RefreshedRow>({
    name: "refresh_risk",
    text: "SELECT * FROM refresh_risk($1, $2, $3)",
    values: [entities.map(({ kind }) => kind), entities.map(({ key }) => key), new Date(now)],
  });
  return (await settleLevels(tx, rows)).crossings;
}

/**
 * Every score above 0 of one organization, each page in a transaction that `change` makes; answers how many. Time lets no
 * score rise, but a threshold that was lowered is passed by those above it: `raise` is told of them.
 */
export async function decayRisks(
  change: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>,
  now: number,
  raise: (tx: Tx, crossings: readonly Crossing[]) => Promise<void>,
): Promise<number> {
  let after = "00000000-0000-0000-0000-000000000000";
  for (let count = 0; ; ) {
    const page = await change(async (tx) => {
      await holdTurn(tx);
      const { rows } = await tx.query<EntityName & { id: string }>(
        "SELECT id, kind, key FROM entities WHERE organization_id = $1 AND risk > 0 AND id > $2 ORDER BY id LIMIT $3",
        [tx.organizationId, after, pageSize],
      );
      await raise(tx, await refreshRisk(tx, rows, now));
      return rows;
    });
    count += page.length;
    if (page.length < pageSize) return count;
    after = (page.at(-1) as { id: string }).id;
  }
}
