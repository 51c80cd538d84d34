/** PostgreSQL: whether it answers, whose role the server has, whether every tenant table is guarded, and what time it has. */
import pg from "pg";
import { pendingMigrations } from "../database/migrate.ts";
import { checkServerRole } from "../database/role.ts";
import { outliveLoss } from "../database-away.ts";
import { bad, care, type Finding, good } from "./finding.ts";

const oldest = 150_000; // PostgreSQL 15, as server_version_num: security_invoker views
const skewed = 1_000; // ms
/** Connections that one server or worker takes at most: its pool, what cancels statements, and the queues, where they are here. */
export const connections = { withRedis: 12, alone: 31 } as const;

const look = `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
  extract(epoch FROM clock_timestamp()) * 1000 AS now, current_setting('max_connections')::int AS most,
  current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
  ARRAY(SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('public'::regnamespace, to_regnamespace('event_partitions'))
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity)) AS unguarded`;

interface Looked {
  version: string;
  number: number;
  now: string;
  most: number;
  fsync: string;
  pages: string;
  unguarded: string[];
}

/** `ownerUrl`: with it, migrations that are not applied yet are found too. `each`: connections of one server. */
export async function checkDatabase(
  serverUrl: string,
  ownerUrl: string | undefined,
  each: number = connections.withRedis,
): Promise<Finding[]> {
  const client = outliveLoss(
    new pg.Client({
      connectionString: serverUrl,
      application_name: "vigil doctor",
      connectionTimeoutMillis: 5_000,
    }),
  );
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    const mend = "Check DATABASE_URL, that PostgreSQL runs, and that it lets this machine in (pg_hba.conf).";
    return [bad("database", `does not answer: ${(error as Error).message || (error as { code?: string }).code}`, mend)];
  }
  try {
    const began = Date.now();
    const { rows } = await client.query<Looked>(look);
    const ended = Date.now();
    const it = rows[0] as Looked;
    return [
      it.number >= oldest
        ? good("database", `PostgreSQL ${it.version} answers in ${ended - began} ms`)
        : bad(
            "database",
            `PostgreSQL ${it.version} is too old`,
            "Use PostgreSQL 15 or newer; 18 is what we test with.",
          ),
      await checkRole(serverUrl),
      it.unguarded.length === 0
        ? good("row security", "every table of organizations enables and forces it")
        : bad(
            "row security",
            `is not forced on ${it.unguarded.join(", ")}`,
            "Run `vigil migrate`; then find out who changed it.",
          ),
      ...(ownerUrl === undefined ? [] : [await checkMigrations(ownerUrl)]),
      checkClock(Number(it.now), (began + ended) / 2),
      it.fsync === "on" && it.pages === "on"
        ? good("durability", "fsync and full_page_writes are on")
        : bad(
            "durability",
            "PostgreSQL does not write safely",
            "Set fsync and full_page_writes to on in postgresql.conf.",
          ),
      it.most >= 3 * each
        ? good("connections", `${it.most} at most; each server and worker takes up to ${each}`)
        : care(
            "connections",
            `${it.most} at most`,
            `Each server and worker takes up to ${each}: raise max_connections.`,
          ),
    ];
  } finally {
    await client.end();
  }
}

async function checkRole(serverUrl: string): Promise<Finding> {
  const fault = await checkServerRole(serverUrl).then(
    () => undefined,
    (error: Error) => error.message,
  );
  const [says = "", ...mend] = fault?.split(/(?<=\.) /) ?? [];
  return fault === undefined
    ? good("role", "owns nothing and is exempt from nothing")
    : bad("role", says, mend.join(" "));
}

async function checkMigrations(ownerUrl: string): Promise<Finding> {
  const mend = "Run `vigil migrate`, or start the server with VIGIL_OWNER_DATABASE_URL.";
  return pendingMigrations(ownerUrl, "VIGIL_OWNER_DATABASE_URL").then(
    (pending) =>
      pending.length === 0
        ? good("schema", "every migration is applied")
        : bad("schema", `${pending.length} migration(s) are not applied: ${pending[0]} …`, mend),
    (error: Error) => bad("schema", `cannot be looked at: ${error.message}`, "Check VIGIL_OWNER_DATABASE_URL."),
  );
}

/** Both in epoch ms. */
export function checkClock(theirs: number, ours: number): Finding {
  const apart = Math.round(Math.abs(theirs - ours));
  return apart <= skewed
    ? good("clock", `${apart} ms apart from the database's`)
    : care(
        "clock",
        `${apart} ms apart from the database's`,
        "Let both keep time by NTP: events and windows go by the clock.",
      );
}
