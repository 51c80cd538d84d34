import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { createOrganization } from "../../src/database/organizations.ts";
import { type Database, openDatabase } from "../../src/db.ts";
import { createLog, type Log } from "../../src/log.ts";
import { seedOrganization } from "../../src/seed.ts";

export const quiet: Log = createLog("silent");

export interface TestDatabase {
  db: Database;
  /** Two organizations. */
  organizations: { id: string; slug: string }[];
  ownerUrl: string;
  serverUrl: string;
  /** Runs SQL as the owner of the tables, on a connection that others get afterwards: settings are SET LOCAL. */
  asOwner<R extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
  close(): Promise<void>;
}

/** A database of its own for one test file, migrated, with two organizations; `seeded`: with what ships with Vigil. */
export async function testDatabase({
  seeded = false,
  ...options
}: {
  poolSize?: number;
  seeded?: boolean;
} = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  const [ownerUrl, serverUrl] = [named(inject("ownerUrl"), name), named(inject("serverUrl"), name)];
  const template = seeded ? await seededTemplate() : new URL(inject("ownerUrl")).pathname.slice(1);
  await databases().query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const owner = kept({ connectionString: ownerUrl, max: 4 });
  const organizations = seeded
    ? (await owner.query<{ id: string; slug: string }>("SELECT id, slug FROM organizations ORDER BY slug")).rows
    : await twoOrganizations(ownerUrl);
  const db = openDatabase({ url: serverUrl, log: quiet, ...options });
  return {
    db,
    organizations,
    ownerUrl,
    serverUrl,
    asOwner: async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await owner.query<R>(text, values)).rows,
    async close() {
      await db.close();
      await owner.end();
      await databases().query(`DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function twoOrganizations(ownerUrl: string): Promise<{ id: string; slug: string }[]> {
  const organizations = [];
  for (const slug of ["demo", "other"])
    organizations.push({ id: await createOrganization(ownerUrl, slug, slug), slug });
  return organizations;
}

/** The template with two seeded organizations: made by the first that asks for it, in this run of tests. */
async function seededTemplate(): Promise<string> {
  const [ownerUrl, serverUrl] = [named(inject("ownerUrl"), "seeding"), named(inject("serverUrl"), "seeding")];
  const admin = new pg.Client({ connectionString: named(ownerUrl, "postgres") });
  await admin.connect();
  try {
    await admin.query("SELECT pg_advisory_lock(1)");
    const { rowCount } = await admin.query("SELECT FROM pg_database WHERE datname = 'seeded'");
    if (rowCount) return "seeded";
    await admin.query("DROP DATABASE IF EXISTS seeding WITH (FORCE)");
    await admin.query(`CREATE DATABASE seeding TEMPLATE ${new URL(inject("ownerUrl")).pathname.slice(1)}`);
    const organizations = await twoOrganizations(ownerUrl);
    const db = openDatabase({ url: serverUrl, log: quiet });
    for (const { id } of organizations) await seedOrganization(db, id, Date.now(), quiet);
    await db.close();
    await admin.query("ALTER DATABASE seeding RENAME TO seeded");
    return "seeded";
  } finally {
    await admin.end();
  }
}

/** The URL of another database on the same server. */
export function named(url: string, database: string): string {
  const copy = new URL(url);
  copy.pathname = `/${database}`;
  return copy.href;
}

let admins: pg.Pool | undefined;

/** Where the databases of this worker's files are made and dropped. */
function databases(): pg.Pool {
  admins ??= kept({ connectionString: named(inject("ownerUrl"), "postgres"), max: 2, allowExitOnIdle: true });
  return admins;
}

/** Connections that are used again: a new one costs more than most statements. A test may end one that is idle. */
function kept(config: pg.PoolConfig): pg.Pool {
  return new pg.Pool(config).on("error", () => undefined);
}
