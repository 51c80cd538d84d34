/**
 * What keeps organizations apart, as text: each table's policies, and what the server's role may do with it. A migration
 * that changes any of it changes prisma/policies.txt, which a second person reads (ACCEPTANCE T10).
 */
import type pg from "pg";

const read = `
SELECT c.relname AS name,
  CASE WHEN c.relkind = 'v' THEN 'view' WHEN c.relforcerowsecurity THEN 'forced' WHEN c.relrowsecurity THEN 'on' ELSE 'OFF' END AS security,
  ARRAY(SELECT format('%s %s for %s to %s using %s check %s', CASE WHEN p.polpermissive THEN 'policy' ELSE 'narrowed by' END, p.polname,
      CASE p.polcmd WHEN '*' THEN 'all' WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' ELSE 'delete' END,
      coalesce((SELECT string_agg(CASE WHEN r.oid = c.relowner THEN 'its owner' ELSE r.rolname END, ', ' ORDER BY r.rolname)
        FROM pg_roles r WHERE r.oid = ANY (p.polroles)), 'everybody'),
      coalesce(pg_get_expr(p.polqual, c.oid), 'nothing'), coalesce(pg_get_expr(p.polwithcheck, c.oid), 'nothing'))
    FROM pg_policy p WHERE p.polrelid = c.oid ORDER BY p.polname) AS policies,
  ARRAY(SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
    WHERE has_table_privilege('vigil_app', c.oid, privilege)) AS privileges,
  ARRAY(SELECT format('%s (%s)', privilege, string_agg(a.attname, ', ' ORDER BY a.attname))
    FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS privilege JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE has_column_privilege('vigil_app', c.oid, a.attnum, privilege) AND NOT has_table_privilege('vigil_app', c.oid, privilege)
    GROUP BY privilege ORDER BY privilege) AS columns
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
ORDER BY c.relname`;

const asked = "( SELECT current_organization() AS current_organization)";

interface Row {
  name: string;
  security: string;
  policies: string[];
  privileges: string[];
  columns: string[];
}

/** Of a migrated database: a line for each policy and each table's privileges, in an order that stays. */
export async function policiesOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<Row>(read);
  return rows.flatMap(({ name, security, policies, privileges, columns }) => [
    `${name}: row level security ${security}; the server may ${[...privileges, ...columns].join(", ") || "nothing"}`,
    ...policies.map((policy) => `${name}: ${policy.replaceAll(asked, "current_organization()")}`),
  ]);
}

/** What went and what came, `- ` and `+ ` before it; empty where they are the same. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  const [had, has] = [new Set(before), new Set(after)];
  const gone = before.filter((line) => !has.has(line)).map((line) => `- ${line}`);
  const fresh = after.filter((line) => !had.has(line)).map((line) => `+ ${line}`);
  return [...gone, ...fresh].sort((a, b) => a.slice(2).localeCompare(b.slice(2)));
}
