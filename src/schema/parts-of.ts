/** What belongs to the rows of a page: their own pages, and how many there are, read for all of them together. */
import { batched } from "./batched.ts";
import { type Context, viewerOf } from "./context.ts";
import { columnOf } from "./filter.ts";
import { checkPlace, rowNamedBy } from "./list.ts";
import type { Order } from "./page.ts";
import type { PlainParts } from "./plain.ts";

interface Page {
  take?: number;
  skip?: number;
  cursor?: object;
}

type Loaded = { id: string };
type Where = { where: { organizationId: string; id: { in: string[] } } };

/** How rows are told from their owners, each of which goes by one text. */
interface Link {
  table: string;
  /** The latest first, or whatever else is meant. */
  otherwise: Order;
  /** What an owner's text is in SQL. */
  type: "uuid" | "text" | "inet";
  /** Conditions of the rows of `owner`, in SQL, that no row fits two of; each by an index of its own. $1 is the organization. */
  where: readonly string[];
}

/** Rows of a table that name their owner's id in `field`. */
export function partsOf(table: string, field: string, otherwise: Order) {
  const parts = linked({ table, otherwise, type: "uuid", where: [`${columnOf(field, {})} = owner`] });
  const [by, descends] = [columnOf(otherwise.field, {}), otherwise.direction === "desc"];
  return { ...parts, plain: { table, owner: columnOf(field, {}), by, descends } satisfies PlainParts };
}

/**
 * Two statements for all owners of one selection; whoever goes on from a cursor, which is of one owner, is answered
 * alone.
 */
export function linked({ table, otherwise, type, where }: Link) {
  const by = columnOf(otherwise.field, {});
  const from = `FROM ${table} WHERE organization_id = $1`;
  const asked = new WeakMap<Context, Map<string, (ids: string[]) => PromiseLike<Loaded[]>>>();

  const counts = batched<number>(async (context, owners) => {
    const { organizationId } = viewerOf(context);
    const { rows } = await context.services.db.query<{ name: string; count: number }>(
      organizationId,
      `SELECT name, ${where.map((one) => `(SELECT count(*)::int ${from} AND ${one})`).join(" + ")} AS count
       FROM unnest($2::text[]) AS names(name), LATERAL (SELECT name::${type} AS owner) AS owners`,
      [organizationId, owners],
    );
    return new Map(rows.map(({ name, count }) => [name, count]));
  });

  /** The ids of each owner's page, in order (backward: in reverse), behind the row of that id. */
  async function idsOf(context: Context, owners: readonly string[], take: number, behind?: unknown) {
    const descends = (otherwise.direction === "desc") !== take < 0;
    const direction = descends ? "DESC" : "ASC";
    const inOrder = `ORDER BY ${by} ${direction}, id ${direction} LIMIT $3`;
    const onward = `AND (${by}, id) ${descends ? "<" : ">"} (SELECT ${by}, id ${from} AND id = $4)`;
    const each = where.map((one) => `(SELECT ${by}, id ${from} AND ${one} ${behind ? onward : ""} ${inOrder})`);
    const { rows } = await context.services.db.query<{ name: string; ids: string[] }>(
      viewerOf(context).organizationId,
      `SELECT name, ARRAY(SELECT id FROM (${each.join(" UNION ALL ")}) AS found ${inOrder}) AS ids
       FROM unnest($2::text[]) AS names(name), LATERAL (SELECT name::${type} AS owner) AS owners`,
      [viewerOf(context).organizationId, owners, Math.abs(take), ...(behind ? [behind] : [])],
    );
    return rows;
  }

  const pages = batched<Loaded[]>(async (context, owners, signature) => {
    const load = asked.get(context)?.get(signature) as (ids: string[]) => PromiseLike<Loaded[]>;
    const take = Number(signature.slice(0, signature.indexOf(" ")));
    const rows = await idsOf(context, owners, take);
    const all = rows.flatMap(({ ids }) => ids);
    const loaded = all.length === 0 ? [] : await load(all);
    const byId = new Map(loaded.map((row) => [row.id, row]));
    return new Map(
      rows.map(({ name, ids }) => {
        const page = ids.flatMap((id) => byId.get(id) ?? []);
        return [name, take < 0 ? page.reverse() : page];
      }),
    );
  });

  return {
    /** One owner's page, in order. `load` is Prisma's findMany. */
    async page<Query extends Page, Row extends Loaded>(
      context: Context,
      query: Query,
      owner: string,
      load: (query: Omit<Query, keyof Page> & Where) => PromiseLike<Row[]>,
    ): Promise<Row[]> {
      const { take = 50, skip: _skip, cursor, ...selection } = query;
      const where = (ids: string[]) => ({ organizationId: viewerOf(context).organizationId, id: { in: ids } });
      if (cursor) {
        const id = rowNamedBy({ cursor, take });
        const [{ ids } = { ids: [] }] = await idsOf(context, [owner], take, id);
        if (ids.length === 0) await checkPlace(context, { table, row: id, take });
        const rows = ids.length === 0 ? [] : await load({ ...selection, where: where(ids) });
        const page = ids.flatMap((each) => rows.find((row) => row.id === each) ?? []);
        return take < 0 ? page.reverse() : page;
      }
      const signature = `${take} ${JSON.stringify(selection)}`;
      const known = asked.get(context) ?? new Map();
      asked.set(context, known);
      known.set(signature, (ids: string[]) => load({ ...selection, where: where(ids) }));
      return ((await pages(context, owner, signature)) ?? []) as Row[];
    },

    /** How many there are of one owner. */
    count: async (context: Context, owner: string): Promise<number> => (await counts(context, owner)) ?? 0,
  };
}
