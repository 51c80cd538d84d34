/**
 * Applies prisma/migrations over pg, keeping Prisma's own ledger (`_prisma_migrations`), so that `prisma migrate deploy`
 * finds nothing left to do; no engine binary is needed. Then makes the server's role from its connection URL.
 */
import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runMigrations } from "bullmq";
import pg from "pg";
import { outliveLoss } from "../database-away.ts";
import { connectBy } from "./connect.ts";
import { seedStatistics } from "./first-statistics.ts";

/**
 * What waits for a table's lock holds up everybody who comes after it: behind a dump, which reads all tables for as long as
 * it takes, the servers would stand still. So a migration waits for seconds, lets the others by, and tries again.
 */
const lockTries = 60;
const lockNotAvailable = "55P03";

const directory = join(import.meta.dirname, "../../prisma/migrations");

/**
 * Returns the names of the migrations it applied. Safe to run from several processes at once. `source`: what the owner's URL
 * comes from. `lockPatience`: how long a migration waits for the lock of a table before it lets others by, s.
 */
export async function migrate(
  ownerUrl: string,
  serverUrl: string | undefined,
  source = "VIGIL_OWNER_DATABASE_URL",
  lockPatience = 5,
): Promise<string[]> {
  const client = outliveLoss(new pg.Client({ connectionString: ownerUrl, application_name: "vigil migrate" }));
  await connectBy(source, client);
  try {
    await client.query("SELECT pg_advisory_lock(72707369)"); // the lock Prisma Migrate itself takes
    await client.query(`SET lock_timeout = '${lockPatience}s'`);
    const applied = await applyAll(client, lockPatience);
    await client.query("GRANT SELECT ON public._prisma_migrations TO vigil_app"); // servers look before they start
    await seedStatistics(client);
    await makeQueue(client);
    if (serverUrl) await makeServerRole(client, serverUrl);
    return applied;
  } finally {
    await client.end();
  }
}

/** Names of those that are not applied yet, in their order; `setting` is where the URL comes from. Changes nothing. */
export async function pendingMigrations(url: string, setting: string): Promise<string[]> {
  const client = outliveLoss(new pg.Client({ connectionString: url, application_name: "vigil doctor" }));
  await connectBy(setting, client);
  try {
    const ledger = "SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS there";
    const { rows } = await client.query<{ there: boolean }>(ledger);
    const known = rows[0]?.there ? await appliedTo(client).catch(noneReadable) : new Map<string, string>();
    return (await migrationNames()).filter((name) => !known.has(name));
  } finally {
    await client.end();
  }
}

/** Servers may read the ledger since they look at it: until then it lacks what they need. */
function noneReadable(error: Error & { code?: string }): Map<string, string> {
  if (error.code === "42501") return new Map();
  throw error;
}

/** Name -> checksum. */
async function appliedTo(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    "SELECT migration_name, checksum FROM public._prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
}

async function migrationNames(): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

async function applyAll(client: pg.Client, lockPatience: number): Promise<string[]> {
  await client.query(`CREATE TABLE IF NOT EXISTS public._prisma_migrations (
    id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
    logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`);
  const known = await appliedTo(client);
  const applied: string[] = [];
  for (const name of await migrationNames()) {
    const sql = await readFile(join(directory, name, "migration.sql"), "utf8");
    const checksum = createHash("sha256").update(sql).digest("hex");
    if (known.has(name)) {
      if (known.get(name) === checksum) continue;
      throw new Error(
        `The migration ${name} was changed after it had been applied to this database; restore the file.`,
      );
    }
    for (let tries = 1; ; tries++) {
      const fault = await applyOne(client, name, sql, checksum);
      if (fault === undefined) break;
      if (fault.code !== lockNotAvailable || tries === lockTries)
        throw new Error(`The migration ${name} failed and was rolled back: ${fault.message}`, { cause: fault });
      await pause(1_000 * lockPatience);
    }
    applied.push(name);
  }
  return applied;
}

/** Answers what kept it from being applied, after which nothing of it is there. */
async function applyOne(
  client: pg.Client,
  name: string,
  sql: string,
  checksum: string,
): Promise<pg.DatabaseError | undefined> {
  await client.query("BEGIN");
  try {
    await client.query(sql);
    await client.query("SET search_path TO DEFAULT");
    await client.query(
      `INSERT INTO public._prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query("COMMIT");
    return undefined;
  } catch (fault) {
    await client.query("ROLLBACK").catch(() => undefined);
    return fault as pg.DatabaseError;
  }
}

/** BullMQ's own tables, which hold ids only: the server's role works with them and changes nothing of how they are made. */
async function makeQueue(client: pg.Client): Promise<void> {
  await runMigrations(client, "bullmq");
  await client.query(`GRANT USAGE ON SCHEMA bullmq TO vigil_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA bullmq TO vigil_app;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA bullmq TO vigil_app;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA bullmq TO vigil_app`);
  await client.query("SET search_path TO DEFAULT");
}

/** A login role that is a member of vigil_app and nothing else, named and authenticated as pg reads the server's URL. */
async function makeServerRole(client: pg.Client, serverUrl: string): Promise<void> {
  const { user: role, password } = new pg.Client({ connectionString: serverUrl });
  const { rows } = await client.query<{ exists: boolean; member: boolean; name: string; password: string }>(
    `SELECT format('%I', $1::text) AS name, format('%L', $2::text) AS password,
       EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS "exists",
       EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
               WHERE r.rolname = $1 AND m.roleid = 'vigil_app'::regrole) AS member`,
    [role, password],
  );
  const found = rows[0];
  if (!found) return;
  if (!found.exists) await client.query(`CREATE ROLE ${found.name} LOGIN PASSWORD ${found.password}`);
  if (!found.member) await client.query(`GRANT vigil_app TO ${found.name}`);
}

/** For a process that cannot migrate: what this version reads and writes must be there. `serverUrl` is the server's own. */
export async function checkMigrations(serverUrl: string): Promise<void> {
  const [first, ...others] = await pendingMigrations(serverUrl, "DATABASE_URL");
  if (first === undefined) return;
  const which = others.length > 0 ? `${first} and ${others.length} after it` : first;
  throw new Error(
    `The database lacks what this version of Vigil needs (${which}). Run \`vigil migrate\` of this version with VIGIL_OWNER_DATABASE_URL set to the owner's URL.`,
  );
}
