/**
 * What the planner is to believe of a tenant table before PostgreSQL has looked at one: that all of it is one
 * organization's. Without that it takes an organization's rows for a two-hundredth of any table, and in the first storm of
 * a new installation reads all of them, in each look-up by key and each check of a foreign key, until autovacuum comes by.
 */
import type pg from "pg";

const seed = `DO $$
DECLARE
  tenant record;
BEGIN
  FOR tenant IN
    SELECT n.nspname AS schema, c.relname AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
    WHERE c.relkind = 'r' AND c.reltuples <= 0 AND NOT EXISTS (
      SELECT FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = 'organization_id')
  LOOP
    PERFORM pg_restore_attribute_stats('schemaname', tenant.schema::text, 'relname', tenant.name::text, 'attname', 'organization_id',
      'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', 1::real);
  END LOOP;
END
$$`;

/**
 * Of tables that have no statistics yet; the first ANALYZE puts its own in their place. Where row security holds the owner, too,
 * pg_stats shows it none: then the number of rows tells that there was one. Before PostgreSQL 18 there is no way to.
 */
export async function seedStatistics(client: Pick<pg.Client, "query">): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  if ((rows[0]?.version ?? 0) >= 180_000) await client.query(seed);
}
