/** What belongs to the rows of a page: their own pages, and how many there are, read for all of them together. */
import { batched } from "./batched.ts";
import { type Context, viewerOf } from "./context.ts";
import { columnOf } from "./filter.ts";
import { listOf } from "./list.ts";
import type { Order } from "./page.ts";

interface Page {
  take?: number;
  skip?: number;
  cursor?: object;
}

type Loaded = { id: string };
type Where = { where: { organizationId: string; id: { in: string[] } } };

/**
 * Rows of `table` that name their owner in `field`. Two statements for all owners of one selection; whoever goes on from
 * a cursor, which is of one owner, is answered alone.
 */
export function partsOf(table: string, field: string, otherwise: Order) {
  const alone = listOf(table, otherwise);
  const column = columnOf(field, {});
  const by = columnOf(otherwise.field, {});
  const asked = new WeakMap<Context, Map<string, (ids: string[]) => PromiseLike<Loaded[]>>>();

  const counts = batched<number>(async (context, owners) => {
    const { organizationId } = viewerOf(context);
    const { rows } = await context.services.db.query<{ owner: string; count: number }>(
      organizationId,
      `SELECT ${column} AS owner, count(*)::int AS count FROM ${table}
       WHERE organization_id = $1 AND ${column} = ANY ($2::uuid[]) GROUP BY 1`,
      [organizationId, owners],
    );
    return new Map(rows.map(({ owner, count }) => [owner, count]));
  });

  const pages = batched<Loaded[]>(async (context, owners, signature) => {
    const { organizationId } = viewerOf(context);
    const load = asked.get(context)?.get(signature) as (ids: string[]) => PromiseLike<Loaded[]>;
    const take = Number(signature.slice(0, signature.indexOf(" ")));
    const isBackward = take < 0;
    const direction = (otherwise.direction === "desc") !== isBackward ? "DESC" : "ASC";
    const { rows } = await context.services.db.query<{ owner: string; ids: string[] }>(
      organizationId,
      `SELECT owner, ARRAY(SELECT id FROM ${table} WHERE organization_id = $1 AND ${column} = owner
         ORDER BY ${by} ${direction}, id ${direction} LIMIT $3) AS ids FROM unnest($2::uuid[]) AS owners(owner)`,
      [organizationId, owners, Math.abs(take)],
    );
    const all = rows.flatMap(({ ids }) => ids);
    const loaded = all.length === 0 ? [] : await load(all);
    const byId = new Map(loaded.map((row) => [row.id, row]));
    return new Map(
      rows.map(({ owner, ids }) => {
        const page = ids.flatMap((id) => byId.get(id) ?? []);
        return [owner, isBackward ? page.reverse() : page];
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
      if (cursor) return alone.page(context, query, { filter: { [field]: { eq: owner } } }, load as never);
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
