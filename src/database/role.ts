import pg from "pg";
import { outliveLoss } from "../database-away.ts";
import { connectBy } from "./connect.ts";

/**
 * Refuses a database role under which Row Level Security would not protect one organization from another
 * (ACCEPTANCE T1): the server must own nothing, and be neither superuser nor exempt. `source`: what the URL comes from.
 */
export async function checkServerRole(url: string, source = "DATABASE_URL"): Promise<void> {
  const client = outliveLoss(
    new pg.Client({ connectionString: url, application_name: "vigil", connectionTimeoutMillis: 10_000 }),
  );
  await connectBy(source, client);
  try {
    const { rows } = await client.query<{ role: string; faults: string[] }>(faultsOfRole);
    const { role = "", faults = [] } = rows[0] ?? {};
    if (faults.length > 0) {
      throw new Error(
        `The database role "${role}" of DATABASE_URL ${faults.join(", ")}. Vigil does not start with it, since it could see ` +
          "every organization's rows. Run `vigil migrate` with VIGIL_OWNER_DATABASE_URL set to the owner's URL and " +
          "DATABASE_URL to a role of the server's own, which it makes.",
      );
    }
  } finally {
    await client.end();
  }
}

const faultsOfRole = `
WITH RECURSIVE mine AS (
  SELECT oid FROM pg_roles WHERE rolname = session_user
  UNION SELECT m.roleid FROM pg_auth_members m JOIN mine ON m.member = mine.oid
)
SELECT session_user AS role, array_remove(ARRAY[
  CASE WHEN EXISTS (SELECT FROM mine JOIN pg_roles r USING (oid) WHERE r.rolsuper) THEN 'is (or may become) a superuser' END,
  CASE WHEN EXISTS (SELECT FROM mine JOIN pg_roles r USING (oid) WHERE r.rolbypassrls) THEN 'has (or may gain) BYPASSRLS' END,
  CASE WHEN EXISTS (SELECT FROM mine JOIN pg_class c ON c.relowner = mine.oid
    WHERE c.relnamespace = ANY (ARRAY['public'::regnamespace, to_regnamespace('event_partitions')]))
    THEN 'owns tables (or may act as their owner)' END,
  CASE WHEN EXISTS (SELECT FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
    AND has_table_privilege(session_user, c.oid, 'TRUNCATE')) THEN 'may TRUNCATE tables' END,
  CASE WHEN has_schema_privilege(session_user, 'public', 'CREATE') THEN 'may CREATE tables' END
], NULL) AS faults`;
