/**
 * What must hold in the catalog of a migrated database, whatever tables and functions there are (ACCEPTANCE T2, T6,
 * T7): each entry of the answer is one fault, by the name of what has it.
 */
import type pg from "pg";

/** Tables without organization_id, and why. */
const exceptions: Record<string, string> = {
  organizations: "is the tenants themselves; its policy compares id",
  _prisma_migrations: "is not readable by the server",
  duties: "names duties of processes and who has them: nothing of any organization",
};

/** SECURITY DEFINER functions, each reviewed: what it gives away, and why that is needed. */
const definers: Record<string, string> = {
  organization_ids: "ids only, for jobs that visit each organization in turn",
  organizations_without: "ids only, for seeding those that lack what this version ships",
  organization_id_by_slug: "one id, for the command line",
  sign_in_users: "the ids of whoever has one e-mail address, to whom a sign-in link is sent",
  organizations_telling_by_sms: "ids of organizations that have sent SMS lately, for one of which an answer may be",
  ensure_event_partitions: "makes empty partitions within 31 days",
  event_partitions_bound: "one day: the first whose events some organization keeps",
  drop_event_partitions: "drops partitions that no organization keeps, and refuses any other",
  expire_events: "removes the current organization's events that its policy no longer keeps",
  expire_alerts: "removes the current organization's alerts that its policy no longer keeps",
  heartbeat_forget: "removes the current organization's alerts that the heartbeat sent to itself",
  expire_detections:
    "removes the current organization's detections without an incident that its policy no longer keeps",
  audit_cut:
    "removes the current organization's audit entries up to a checkpoint, where its policy no longer keeps them",
  expire_incidents: "removes the current organization's incidents that its policy no longer keeps",
};

const policy = "(organization_id = ( SELECT current_organization() AS current_organization))";

const checks: { title: string; sql: string; values?: unknown[] }[] = [
  {
    title: "has no organization_id and is not a written exception",
    sql: `SELECT c.oid::regclass::text AS name FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relname = ANY ($1)
        AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND a.attnotnull)`,
    values: [Object.keys(exceptions)],
  },
  {
    title: "T2: does not enable and force Row Level Security",
    sql: `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
      WHERE c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
  },
  {
    title:
      "T2: has not exactly the one tenant policy (and such as narrow it), in USING and in WITH CHECK, for every role and command",
    sql: `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
      LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polpermissive
      WHERE c.relkind IN ('r', 'p') GROUP BY c.oid
      HAVING count(p.oid) <> 1 OR NOT bool_and(coalesce(p.polcmd = '*' AND p.polroles = '{0}'
        AND pg_get_expr(p.polqual, c.oid) = $1 AND pg_get_expr(p.polwithcheck, c.oid) = $1, false))`,
    values: [policy],
  },
  {
    title:
      "T2: does not keep organizations from reading one another's row, or lets another than its owner administer it",
    sql: `SELECT 'organizations' AS name FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid
      WHERE c.oid = 'public.organizations'::regclass GROUP BY c.oid
      HAVING NOT (c.relrowsecurity AND c.relforcerowsecurity) OR count(p.oid) <> 2 OR NOT bool_and(CASE p.polname
        WHEN 'tenant' THEN pg_get_expr(p.polqual, c.oid) = $1 AND pg_get_expr(p.polwithcheck, c.oid) = $1
        ELSE p.polname = 'administration' AND p.polroles = ARRAY[c.relowner] END)`,
    values: [policy.replace("organization_id", "id")],
  },
  {
    title: "T6: is a view that does not run as whoever asks (security_invoker)",
    sql: `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace
      AND NOT coalesce(c.reloptions, '{}') && ARRAY['security_invoker=true', 'security_invoker=on']`,
  },
  {
    title: "T6: is a materialized view that the server may read",
    sql: `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relkind = 'm' AND has_table_privilege('vigil_app', c.oid, 'SELECT')`,
  },
  {
    title: "T6: is a SECURITY DEFINER function that nobody reviewed, or whose search_path is not fixed",
    sql: `SELECT p.oid::regprocedure::text AS name FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
      AND (NOT p.proname = ANY ($1) OR NOT coalesce(p.proconfig, '{}') && ARRAY['search_path=pg_catalog, public'])`,
    values: [Object.keys(definers)],
  },
  {
    title: "T6: is a SECURITY DEFINER function that everybody may call",
    sql: `SELECT p.oid::regprocedure::text AS name FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
      WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace AND acl.grantee = 0`,
  },
  {
    title: "T7: is a key or unique that leaves organization_id out",
    sql: `SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = 'organization_id'
      WHERE i.indisunique AND NOT a.attnum = ANY (i.indkey::int2[])
        AND (SELECT relnamespace FROM pg_class WHERE oid = i.indrelid) IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'event_partitions'))`,
  },
  {
    title: "T7: is a foreign key that leaves organization_id out",
    sql: `SELECT k.conrelid::regclass || '.' || k.conname AS name FROM pg_constraint k
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attname = 'organization_id'
      WHERE k.contype = 'f' AND NOT a.attnum = ANY (k.conkey)`,
  },
  {
    title: "is a tenant table on which the server holds TRUNCATE, REFERENCES or TRIGGER",
    sql: `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND has_table_privilege('vigil_app', c.oid, 'TRUNCATE, REFERENCES, TRIGGER')`,
  },
  {
    title: "is a partition of the events that the server can reach past the table",
    sql: `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'event_partitions'
      WHERE c.relkind = 'r' AND has_table_privilege('vigil_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE')`,
  },
];

/** Every fault of the catalog, as `name: what is wrong`; [] when all is well. */
export async function catalogFaults(owner: pg.ClientBase): Promise<string[]> {
  const faults: string[] = [];
  for (const { title, sql, values = [] } of checks) {
    const { rows } = await owner.query<{ name: string }>(sql, values);
    faults.push(...rows.map(({ name }) => `${name} ${title}`));
  }
  return faults;
}
