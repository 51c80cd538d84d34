import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkMigrations, migrate } from "../../src/database/migrate.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

const name = "20261212000000_kept_detections";
let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());

it("A server whose database lacks what it needs does not start, and says what to do", async () => {
  await checkMigrations(test.serverUrl);
  await test.asOwner(`ALTER TABLE detections DROP COLUMN kept_of; DROP INDEX decisions_with_aliases;
    DELETE FROM public._prisma_migrations WHERE migration_name = '${name}'`);
  await expect(checkMigrations(test.serverUrl)).rejects.toThrow(new RegExp(`lacks .*${name}.*vigil migrate`));
});

it("A migration that waits for a table lets whoever comes after it by, and is done once the table is free", async () => {
  const reader = new pg.Client({ connectionString: test.ownerUrl });
  await reader.connect();
  await reader.query("BEGIN; LOCK TABLE detections IN ACCESS SHARE MODE"); // as a dump does
  const migrating = migrate(test.ownerUrl, test.serverUrl, 1);
  const waiting = "SELECT FROM pg_stat_activity WHERE application_name = 'vigil migrate' AND wait_event_type = 'Lock'";
  await expect.poll(async () => (await test.asOwner(waiting)).length, { timeout: 10_000 }).toBe(1);
  await test.asOwner("SET LOCAL statement_timeout = '5s'; SELECT count(*) FROM detections"); // behind the migration
  await reader.query("ROLLBACK");
  await reader.end();
  expect(await migrating).toEqual([name]);
  await checkMigrations(test.serverUrl);
});

it("The server's role cannot change the ledger", async () => {
  const server = new pg.Client({ connectionString: test.serverUrl });
  await server.connect();
  await expect(server.query("DELETE FROM public._prisma_migrations")).rejects.toThrow(/permission denied/);
  await server.end();
});
