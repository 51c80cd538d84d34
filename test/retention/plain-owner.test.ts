/** On a database whose tables belong to a role that is no superuser: Row Level Security holds it too. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { migrate } from "../../src/database/migrate.ts";
import { createOrganization } from "../../src/database/organizations.ts";
import { type Database, openDatabase } from "../../src/db.ts";
import { cleanUpAll } from "../../src/retention/clean-up.ts";
import { quiet } from "../support/database.ts";
import { daysAgo, type Old, openOld } from "./old.ts";

const name = `plain_${randomBytes(6).toString("hex")}`;
let admin: pg.Client;
let db: Database;
let old: Old;
let first: string;
let second: string;
let again: () => Promise<string[]>;

beforeAll(async () => {
  const url = new URL(inject("ownerUrl"));
  url.pathname = "/postgres";
  admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  await admin.query(`CREATE ROLE ${name} LOGIN CREATEROLE PASSWORD 'plain'`);
  await admin.query(`CREATE DATABASE ${name} OWNER ${name}`);
  url.pathname = `/${name}`;
  url.username = name;
  url.password = "plain";
  const serverUrl = new URL(inject("serverUrl"));
  serverUrl.pathname = `/${name}`;
  again = () => migrate(url.href, serverUrl.href);
  await again();
  first = await createOrganization(url.href, "first", "First");
  second = await createOrganization(url.href, "second", "Second");
  db = openDatabase({ url: serverUrl.href, log: quiet });
  old = await openOld(url.href);
});
afterAll(async () => {
  await old?.close();
  await db?.close();
  await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.query(`DROP ROLE ${name}`);
  await admin.end();
});

const cutAudit = async () => 0; // nothing here is that old

const partitions = async () =>
  (await old.sql<{ name: string }>(first, "SELECT event_partitions_before('9999-01-01') AS name")).length;
const stored = async (organizationId: string) =>
  (await old.sql<{ id: string }>(organizationId, "SELECT id FROM realtime_monitoring")).map(({ id }) => id);

it("the longest policy of all organizations decides, and what open incidents name stays", async () => {
  const policy = "INSERT INTO retention_policies VALUES ($1, 'EVENTS', $2, now(), 'tester')";
  await old.sql(first, policy, [first, 30]);
  await old.sql(second, policy, [second, 200]);
  await old.partition(daysAgo(150));
  const ours = await old.events(first, daysAgo(150), 10);
  const theirs = await old.events(second, daysAgo(150), 10);
  await old.incident(first, { at: daysAgo(150), eventIds: ours.slice(4, 6) });
  await cleanUpAll({ db, log: quiet, now: Date.now(), cutAudit });
  expect(await stored(first)).toEqual(ours.slice(4, 6));
  expect(await stored(second)).toEqual(theirs);
  expect(await partitions()).toBe(1);

  await old.sql(second, "UPDATE retention_policies SET days = 100");
  await cleanUpAll({ db, log: quiet, now: daysAgo(60), cutAudit }); // 150 days ago was not yet 100 days ago
  expect(await partitions()).toBe(1);
});

it("a run gives up while a long statement holds the events, and the next one drops them", async () => {
  await old.sql(first, "BEGIN");
  await old.sql(first, "SELECT count(*) FROM realtime_monitoring");
  await cleanUpAll({ db, log: quiet, now: Date.now(), cutAudit });
  await old.sql(first, "COMMIT");
  expect(await partitions()).toBe(1);
  expect(await stored(second)).toHaveLength(10);
  await cleanUpAll({ db, log: quiet, now: Date.now(), cutAudit });
  expect(await partitions()).toBe(0);
  expect(await stored(second)).toEqual([]);
  expect(await stored(first)).toHaveLength(2);
});

it("what PostgreSQL has found of a table stays when the database is migrated again", async () => {
  for (const organization of [first, second])
    await old.sql(
      organization,
      `INSERT INTO users (organization_id, id, email, name, role)
       SELECT $1, gen_random_uuid(), n || '@clinic.example', 'Ann', 'VIEWER' FROM generate_series(1, 50) AS n`,
      [organization],
    );
  await old.sql(first, "ANALYZE users");
  await again();
  const superuser = new URL(inject("ownerUrl"));
  superuser.pathname = `/${name}`;
  const client = new pg.Client({ connectionString: superuser.href });
  await client.connect();
  const found = "SELECT n_distinct FROM pg_stats WHERE tablename = 'users' AND attname = 'organization_id'";
  expect((await client.query(found)).rows).toEqual([{ n_distinct: 2 }]);
  await client.end();
});
