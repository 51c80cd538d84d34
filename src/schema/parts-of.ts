/** What belongs to the rows of a page: their own pages, and how many there are, read for all of them together. */
import { batched } from "./batched.ts";
import { type Context, viewerOf } from "./context.ts";
import { columnOf, type Filter } from "./filter.ts";
import { listOf } from "./list.ts";
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
  /** A condition of the rows of `owner`, in SQL; $1 is the organization. */
  where: string;
  /** The same of one owner, for whoever goes on from a cursor. */
  filter(owner: string): Filter;
  /** Where `filter` is not of columns alone. */
  alone?: ReturnType<typeof listOf>;
}

/** Rows of a table that name their owner's id in `field`. */
export function partsOf(table: string, field: string, otherwise: Order) {
  const filter = (owner: string): Filter => ({ [field]: { eq: owner } });
  const parts = linked({ table, otherwise, type: "uuid", where: `${columnOf(field, {})} = owner`, filter });
  const [by, descends] = [columnOf(otherwise.field, {}), otherwise.direction === "desc"];
  return { ...parts, plain: { table, owner: columnOf(field, {}), by, descends } satisfies PlainParts };
}

/**
 * Two statements for all owners of one selection; whoever goes on from a cursor, which is of one owner, is answered
 * alone.
 */
export function linked({ table, otherwise, type, where, filter, alone = listOf(table, otherwise) }: Link) {
  const by = columnOf(otherwise.field, {});
  const asked = new WeakMap<Context, Map<string, (ids: string[]) => PromiseLike<Loaded[]>>>();

  const counts = batched<number>(async (context, owners) => {
    const { organizationId } = viewerOf(context);
    const { rows } = await context.services.db.query<{ name: string; count: number }>(
      organizationId,
      `SELECT name, (SELECT count(*)::int FROM ${table} WHERE organization_id = $1 AND ${where}) AS count
       FROM unnest($2::text[]) AS names(name), LATERAL (SELECT name::${type} AS owner) AS owners`,
      [organizationId, owners],
    );
    return new Map(rows.map(({ name, count }) => [name, count]));
  });

  const pages = batched<Loaded[]>(async (context, owners, signature) => {
    const { organizationId } = viewerOf(context);
    const load = asked.get(context)?.get(signature) as (ids: string[]) => PromiseLike<Loaded[]>;
    const take = Number(signature.slice(0, signature.indexOf(" ")));
    const isBackward = take < 0;
    const direction = (otherwise.direction === "desc") !== isBackward ? "DESC" : "ASC";
    const { rows } = await context.services.db.query<{ name: string; ids: string[] }>(
      organizationId,
      `SELECT name, ARRAY(SELECT id FROM ${table} WHERE organization_id = $1 AND ${where}
         ORDER BY ${by} ${direction}, id ${direction} LIMIT $3) AS ids
       FROM unnest($2::text[]) AS names(name), LATERAL (SELECT name::${type} AS owner) AS owners`,
      [organizationId, owners, Math.abs(take)],
    );
    const all = rows.flatMap(({ ids }) => ids);
    const loaded = all.length === 0 ? [] : await load(all);
    const byId = new Map(loaded.map((row) => [row.id, row]));
    return new Map(
      rows.map(({ name, ids }) => {
        const page = ids.flatMap((id) => byId.get(id) ?? []);
        return [name, isBackward ? page.reverse() : page];
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
      if (cursor) return alone.page(context, query, { filter: filter(owner) }, load as never);
      const signature = `${take} ${JSON.stringify(selection)}`;
      const known = asked.get(context) ?? new Map();
      asked.set(context, known);
      const where = (ids: string[]) => ({ organizationId: viewerOf(context).organizationId, id: { in: ids } });
      known.set(signature, (ids: string[]) => load({ ...selection, where: where(ids) }));
      return ((await pages(context, owner, signature)) ?? []) as Row[];
    },

    /** How many there are of one owner. */
    count: async (context: Context, owner: string): Promise<number> => (await counts(context, owner)) ?? 0,
  };
}
