import type pg from "pg";

export interface TenantTable {
  name: string;
  /** Its primary key, quoted. */
  key: string[];
  /** Quoted. */
  columns: string[];
  /** Which column holds the organization's id. */
  owner: "organization_id" | "id";
}

/**
 * Every table that holds rows of organizations, read from the catalog so that none can be forgotten; a table stands
 * before those that it refers to, so that rows can be deleted in this order. Partitions are part of their table.
 */
export async function tenantTables(client: pg.ClientBase): Promise<TenantTable[]> {
  const { rows: tables } = await client.query<TenantTable & { parents: string[] }>(`
    SELECT c.relname AS name,
      CASE WHEN c.oid = 'public.organizations'::regclass THEN 'id' ELSE 'organization_id' END AS owner,
      ARRAY(SELECT quote_ident(attname) FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns,
      ARRAY(SELECT quote_ident(a.attname) FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(attnum, n)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE i.indrelid = c.oid AND i.indisprimary ORDER BY k.n) AS key,
      ARRAY(SELECT p.relname::text FROM pg_constraint f JOIN pg_class p ON p.oid = f.confrelid
        WHERE f.contype = 'f' AND f.conrelid = c.oid AND p.oid <> c.oid) AS parents
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND (c.oid = 'public.organizations'::regclass
        OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id'))
    ORDER BY c.relname`);
  const ordered: TenantTable[] = [];
  let waiting = tables;
  while (waiting.length > 0) {
    const free = waiting.filter(
      ({ name }) => !waiting.some((child) => child.name !== name && child.parents.includes(name)),
    );
    if (free.length === 0)
      throw new Error(`Tables refer to each other in a circle: ${waiting.map(({ name }) => name)}`);
    ordered.push(...free.map(({ name, key, columns, owner }) => ({ name, key, columns, owner })));
    waiting = waiting.filter((table) => !free.includes(table));
  }
  // The organization itself goes last: until then, whoever erases it can find it again.
  return ordered.sort((a, b) => Number(a.owner === "id") - Number(b.owner === "id"));
}
