/** Filters of incidents that people keep, for themselves or for all. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";

const mostEach = 100; // filters of one person

export interface NewSavedFilter {
  name: string;
  /** As `incidents` takes them, checked by the caller. */
  filter: object;
  orderBy: object[];
  shared: boolean;
  owner: string;
  now: number;
}

/** Keeps it under its name, instead of the owner's own of that name. Returns its id. Errors: BAD_USER_INPUT. */
export async function saveFilter(
  tx: Tx,
  { name, filter, orderBy, shared, owner, now }: NewSavedFilter,
): Promise<string> {
  const title = name.trim();
  const bad = (message: string, field: string): never => {
    throw new VigilError("BAD_USER_INPUT", message, { path: ["input", field] });
  };
  if (title === "" || title.length > 100 || title.includes("\0")) bad("A name has 1 to 100 characters.", "name");
  const text = JSON.stringify(filter);
  if (text.length > 10_000 || text.includes("\\u0000")) bad("A saved filter has at most 10,000 characters.", "filter");
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO saved_filters (organization_id, id, name, filter, order_by, owner, shared, created_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8
     WHERE (SELECT count(*) FROM saved_filters WHERE organization_id = $1 AND owner = $6 AND name <> $3) < ${mostEach}
     ON CONFLICT (organization_id, owner, name)
     DO UPDATE SET filter = excluded.filter, order_by = excluded.order_by, shared = excluded.shared RETURNING id`,
    [tx.organizationId, uuidv7(), title, text, JSON.stringify(orderBy), owner, shared, new Date(now)],
  );
  return rows[0]?.id ?? bad(`You have ${mostEach} saved filters; remove one first.`, "name");
}

/** Removes one's own. Errors: NOT_FOUND. */
export async function deleteFilter(tx: Tx, { id, owner }: { id: string; owner: string }): Promise<void> {
  const { rowCount } = await tx.query(
    "DELETE FROM saved_filters WHERE organization_id = $1 AND id = $2 AND owner = $3",
    [tx.organizationId, id, owner],
  );
  if (rowCount !== 1) throw new VigilError("NOT_FOUND", "You have no such filter.", { path: ["id"] });
}
