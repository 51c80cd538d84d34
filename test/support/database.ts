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
  /** Runs SQL as the owner of the tables. */
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
  await once(named(ownerUrl, "postgres"), `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const organizations = seeded
    ? await once<{ id: string; slug: string }>(ownerUrl, "SELECT id, slug FROM organizations ORDER BY slug")
    : await twoOrganizations(ownerUrl);
  const db = openDatabase({ url: serverUrl, log: quiet, ...options });
  return {
    db,
    organizations,
    ownerUrl,
    serverUrl,
    asOwner: async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      once<R>(ownerUrl, text, values),
    async close() {
      await db.close();
      await once(named(ownerUrl, "postgres"), `DROP DATABASE ${name} WITH (FORCE)`);
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
    for (const { id } of organizations) await seedOrganization(db, id, Date.now());
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

async function once<R extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(text, values)).rows;
  } finally {
    await client.end();
  }
}
