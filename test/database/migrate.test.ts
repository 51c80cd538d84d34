import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectBy } from "../../src/database/connect.ts";
import { checkMigrations, migrate } from "../../src/database/migrate.ts";
import { checkServerRole } from "../../src/database/role.ts";
import { embeddedAddress } from "../../src/embedded/postgres.ts";
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
  const migrating = migrate(test.ownerUrl, test.serverUrl, undefined, 1);
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

it("A database that cannot be reached is told by the setting that leads there", async () => {
  const nowhere = "postgres://vigil:secret@127.0.0.1:1/vigil";
  const refused = /_URL leads to no database: connect ECONNREFUSED 127\.0\.0\.1:1$/;
  await expect(migrate(nowhere, undefined)).rejects.toThrow(refused);
  await expect(migrate(nowhere, undefined)).rejects.toThrow(/^VIGIL_OWNER_DATABASE_URL/);
  for (const check of [checkMigrations, checkServerRole]) {
    await expect(check(nowhere)).rejects.toThrow(refused);
    await expect(check(nowhere)).rejects.toThrow(/^DATABASE_URL/);
  }
  const ours = /^The address of the embedded PostgreSQL leads to no database: connect ECONNREFUSED/;
  await expect(migrate(nowhere, undefined, embeddedAddress)).rejects.toThrow(ours);
  await expect(checkServerRole(nowhere, embeddedAddress)).rejects.toThrow(ours);
  const wrong = new URL(test.serverUrl);
  wrong.password = "another";
  await expect(checkServerRole(wrong.href)).rejects.toThrow(/^DATABASE_URL .*password authentication failed/);
});

it("Of a name with several addresses it is told what each of them says", async () => {
  const addresses = ["::1", "127.0.0.1"].map((address) => new Error(`connect ECONNREFUSED ${address}:5432`));
  const connecting = connectBy("DATABASE_URL", { connect: () => Promise.reject(new AggregateError(addresses)) });
  await expect(connecting).rejects.toThrow(/ECONNREFUSED ::1:5432, connect ECONNREFUSED 127\.0\.0\.1:5432$/);
});

it("The server's role is made with the password that the server connects with, whatever is in it", async () => {
  const { host, pathname } = new URL(test.serverUrl);
  for (const [number, password] of ["100%", "a b%20c", "%C3%A9%2F%40"].entries()) {
    const role = `odd_${test.organizations[0]?.id.slice(-12)}_${number}`;
    const url = `postgres://${role}:${password}@${host}${pathname}`;
    await migrate(test.ownerUrl, url);
    await checkServerRole(url);
    await test.asOwner(`DROP ROLE ${role}`);
  }
});
