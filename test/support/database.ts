import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { createOrganization } from "../../src/database/organizations.ts";
import { type Database, openDatabase } from "../../src/db.ts";
import { createLog, type Log } from "../../src/log.ts";

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

/** A database of its own for one test file, migrated, with two organizations. */
export async function testDatabase(options: { poolSize?: number } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  const admin = new URL(inject("ownerUrl"));
  const template = admin.pathname.slice(1);
  admin.pathname = "/postgres";
  await once(admin.href, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const ownerUrl = named(inject("ownerUrl"), name);
  const serverUrl = named(inject("serverUrl"), name);
  const organizations = [];
  for (const slug of ["demo", "other"])
    organizations.push({ id: await createOrganization(ownerUrl, slug, slug), slug });
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
      await once(admin.href, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

function named(url: string, database: string): string {
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
