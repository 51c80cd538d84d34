/**
 * Which rows a page of a connection holds: keyset pagination in SQL. The sort keys of the cursor's row are compared as
 * one row value, which PostgreSQL answers from an index, so a page deep in costs as much as the first; rows that arrive
 * meanwhile neither repeat nor hide others. Prisma then loads the rows with what the caller selected of them. (Prisma's
 * own cursors read everything behind the cursor, in PostgreSQL 18 with a sequential scan.)
 */
import { VigilError } from "../errors.ts";
import { type Context, viewerOf } from "./context.ts";
import { columnOf, conditionOf, type Filter, type Ranks, type Reading } from "./filter.ts";
import type { Order } from "./page.ts";
import { isRowId } from "./row-id.ts";

export interface Statement {
  text: string;
  values: unknown[];
}

export interface Asked {
  filter?: Filter | null | undefined;
  orderBy?: Order[] | null | undefined;
}

/** What Pothos hands to a connection's resolver: Prisma's cursor and how far to go (backward: below zero). */
export interface Page {
  take?: number;
  skip?: number;
  cursor?: object;
}

/** What a table's filters need before they can be read: another filter, and comparisons that are not of one column. */
export type Preparation = (
  context: Context,
  filter: Filter | null | undefined,
) => Promise<{ filter: Filter | null | undefined; special?: Reading["special"] }>;

const mostKeys = 5;

/** Where an empty page goes on from: the row that its cursor names, forward or (`take` below zero) backward. */
interface Place {
  table: string;
  id?: string;
  row: unknown;
  take: number | undefined;
}

/** The row that a page's cursor names. Errors: BAD_USER_INPUT (no row can have that id). */
export function rowNamedBy({ cursor = {}, take = 0 }: Page, id = "id"): string {
  const row = String((Object.values(cursor)[0] as Record<string, unknown>)[id]);
  if (id === "id" ? isRowId(row) : /^\d{1,18}$/.test(row)) return row;
  const name = take < 0 ? "before" : "after";
  throw new VigilError("BAD_USER_INPUT", `What ${name} names is no cursor of this list`, { path: [name] });
}

/** That a page is empty since nothing stands behind its cursor's row, not since that is gone. Errors: BAD_USER_INPUT. */
export async function checkPlace(context: Context, { table, id = "id", row, take = 0 }: Place): Promise<void> {
  const { organizationId } = viewerOf(context);
  const text = `SELECT FROM ${table} WHERE organization_id = $1 AND ${id} = $2`;
  const { rows } = await context.services.db.query(organizationId, text, [organizationId, row]);
  if (rows.length > 0) return;
  const name = take < 0 ? "before" : "after";
  const message = `What ${name} names is gone, and with it the place to go on from: start anew`;
  throw new VigilError("BAD_USER_INPUT", message, { path: [name] });
}

/**
 * The rows of one table in pages. Ties are broken by the `otherwise` order's column and then by `id`, in the direction
 * of the last key; every order on offer has an index of these columns. `type`: that of a row.
 */
export function listOf(
  type: string,
  table: string,
  otherwise: Order,
  ranks: Ranks = {},
  prepare: Preparation = async (_context, filter) => ({ filter }),
  id = "id",
) {
  function keysOf({ filter, orderBy }: Asked): Order[] {
    const asked = orderBy && orderBy.length > 0 ? orderBy : [otherwise];
    if (asked.length > mostKeys) {
      throw new VigilError("BAD_USER_INPUT", `orderBy takes at most ${mostKeys} keys`, { path: ["orderBy"] });
    }
    const { direction } = asked[asked.length - 1] as Order;
    const keys = new Map<string, Order>();
    for (const key of [...asked, { field: otherwise.field, direction }, { field: id, direction }]) {
      const isConstant = (filter?.[key.field] as { eq?: unknown } | null | undefined)?.eq != null;
      if (!keys.has(key.field) && (key.field === id || !isConstant)) keys.set(key.field, key);
      if (key.field === id) break; // nothing ties behind it
    }
    return [...keys.values()];
  }

  async function statementOf(context: Context, asked: Asked, { take = 50, cursor }: Page): Promise<Statement> {
    const { organizationId } = viewerOf(context);
    const { orderBy } = asked;
    const { filter, special } = await prepare(context, asked.filter);
    const values: unknown[] = [organizationId];
    const isBackward = take < 0;
    const keys = keysOf({ filter, orderBy }).map(({ field, direction }) => ({
      field,
      column: columnOf(field, ranks),
      descends: (direction === "desc") !== isBackward,
    }));
    // An index scan starts at one bound: the cursor's, which is the closer one, and not the filter's on the same side.
    const [leading] = keys;
    const sameSide = leading?.descends ? ["lt", "lte", "in"] : ["gt", "gte", "in"];
    const aside = (field: string, comparator: string): boolean =>
      cursor !== undefined && field === leading?.field && sameSide.includes(comparator);
    const conditions = [
      "organization_id = $1",
      conditionOf(filter, values, { type, ranks, aside, ...(special ? { special } : {}) }),
    ];
    if (cursor) {
      values.push(rowNamedBy({ cursor, take }, id));
      conditions.push(behind(keys, `FROM ${table} WHERE organization_id = $1 AND ${id} = $${values.length}`));
    }
    return {
      text: `SELECT ${id} AS id FROM ${table} WHERE ${conditions.join(" AND ")}
       ORDER BY ${keys.map(({ column, descends }) => `${column} ${descends ? "DESC" : "ASC"}`).join(", ")} LIMIT ${Math.abs(take)}`,
      values,
    };
  }

  async function idsOf(context: Context, asked: Asked, page: Page): Promise<string[]> {
    const { text, values } = await statementOf(context, asked, page);
    const { rows } = await context.services.db.query<{ id: string }>(viewerOf(context).organizationId, text, values);
    const ids = rows.map(({ id }) => id);
    const { cursor, take } = page;
    if (cursor && ids.length === 0) await checkPlace(context, { table, id, row: rowNamedBy(page, id), take });
    return (page.take ?? 0) < 0 ? ids.reverse() : ids;
  }

  return {
    table,

    /** The statement that gives the ids of a page, in order (backward: in reverse); $1 is the organization. */
    statementOf,

    /** The rows of a page, in order. `load` is Prisma's findMany. */
    async page<Query extends Page, Row>(
      context: Context,
      query: Query,
      asked: Asked,
      load: (
        query: Omit<Query, keyof Page> & { where: { organizationId: string } },
        ids: string[],
      ) => PromiseLike<Row[]>,
    ): Promise<Row[]> {
      const { take, skip, cursor, ...selection } = query;
      const ids = await idsOf(context, asked, { take, cursor } as Page);
      if (ids.length === 0) return [];
      const where = { organizationId: viewerOf(context).organizationId, [id]: { in: ids } };
      const rows = await load({ ...selection, where }, ids);
      const byId = new Map(rows.map((row) => [String((row as Record<string, unknown>)[id]), row]));
      return ids.flatMap((id) => byId.get(id) ?? []);
    },

    /** Which of these rows fit a filter. */
    async fitting(context: Context, asked: Filter, ids: readonly string[]): Promise<Set<string>> {
      const { organizationId } = viewerOf(context);
      const { filter, special } = await prepare(context, asked);
      const values: unknown[] = [organizationId, ids];
      const condition = conditionOf(filter, values, { type, ranks, ...(special ? { special } : {}) });
      const { rows } = await context.services.db.query<{ id: string }>(
        organizationId,
        `SELECT id FROM ${table} WHERE organization_id = $1 AND id = ANY ($2::uuid[]) AND ${condition}`,
        values,
      );
      return new Set(rows.map(({ id }) => id));
    },

    /** How many rows fit a filter: reads all of them, so it is asked only where `totalCount` is selected. */
    async count(context: Context, asked: Filter | null | undefined): Promise<number> {
      const { organizationId } = viewerOf(context);
      const { filter, special } = await prepare(context, asked);
      const values: unknown[] = [organizationId];
      const condition = conditionOf(filter, values, { type, ranks, ...(special ? { special } : {}) });
      const { rows } = await context.services.db.query<{ count: number }>(
        organizationId,
        `SELECT count(*)::int AS count FROM ${table} WHERE organization_id = $1 AND ${condition}`,
        values,
      );
      return rows[0]?.count ?? 0;
    },
  };
}

interface Key {
  column: string;
  descends: boolean;
}

/** That a row stands behind the cursor's row. One direction: a row comparison; several: key by key, the first bounding the scan. */
function behind(keys: Key[], fromCursor: string): string {
  const first = keys[0] as Key;
  const columns = keys.map(({ column }) => column).join(", ");
  const sign = ({ descends }: Key): string => (descends ? "<" : ">");
  if (keys.every(({ descends }) => descends === first.descends)) {
    return `(${columns}) ${sign(first)} (SELECT ${columns} ${fromCursor})`;
  }
  const mark = ({ column }: Key): string => `(SELECT ${column} ${fromCursor})`;
  const steps = keys.map((key, depth) =>
    [
      ...keys.slice(0, depth).map((equal) => `${equal.column} = ${mark(equal)}`),
      `${key.column} ${sign(key)} ${mark(key)}`,
    ].join(" AND "),
  );
  return `${first.column} ${sign(first)}= ${mark(first)} AND (${steps.map((step) => `(${step})`).join(" OR ")})`;
}
