/**
 * Databases of earlier days, with a row in every table that there was, are migrated to today's: nothing of what they hold is
 * lost or changed, and the server answers from it.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, describe, expect, inject, it, onTestFinished } from "vitest";
import { openApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import { migrate } from "../../src/database/migrate.ts";
import { populateOnce, tenantTables } from "../isolation/populate.ts";
import { named, quiet } from "../support/database.ts";
import { executor } from "../support/executor.ts";

const directory = join(import.meta.dirname, "../../prisma/migrations");
const names = (await readdir(directory)).filter((name) => /^\d/.test(name)).sort();
const dayOf = (name: string): string => name.slice(0, 8);
/** The last migration of each day but the last one: what somebody has who stayed with that day's state. */
const days = names.filter((name, n) => n < names.length - 1 && dayOf(name) !== dayOf(names[n + 1] as string));

/** A column that was dropped on purpose: nothing of the organization's is in it. */
const givenUp = "change_id";

const admin = new pg.Client({ connectionString: named(inject("ownerUrl"), "postgres") });
await admin.connect();
const made: string[] = [];
afterAll(async () => {
  for (const name of made) await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await admin.end();
});

async function newDatabase(template: string): Promise<string> {
  const name = `upgrade_${randomBytes(6).toString("hex")}`;
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  made.push(name);
  return name;
}

/** The one that is brought on from day to day, and what it has by now: each day's is a copy of it. */
let past: string | undefined;
let done = 0;

/** A database as it was when that migration was the last; those of earlier days are asked for before. */
async function databaseOf(last: string): Promise<string> {
  past ??= await newDatabase("template1");
  const owner = new pg.Client({ connectionString: named(inject("ownerUrl"), past) });
  await owner.connect();
  await owner.query(`CREATE TABLE IF NOT EXISTS public._prisma_migrations (
    id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
    logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`);
  const until = names.indexOf(last) + 1;
  for (const migration of names.slice(done, until)) {
    const sql = await readFile(join(directory, migration, "migration.sql"), "utf8");
    await owner.query(`BEGIN; ${sql}; COMMIT; SET search_path TO DEFAULT`);
    const checksum = createHash("sha256").update(sql).digest("hex");
    await owner.query(
      `INSERT INTO public._prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, migration],
    );
  }
  done = until;
  await owner.end();
  return newDatabase(past);
}

type Rows = Map<string, Record<string, unknown>[]>;

async function everything(owner: pg.Client): Promise<Rows> {
  const all: Rows = new Map();
  for (const { name } of await tenantTables(owner)) {
    const { rows } = await owner.query(`SELECT to_jsonb(t) AS row FROM ${name} t ORDER BY to_jsonb(t)::text`);
    all.set(
      name,
      rows.map(({ row }) => row),
    );
  }
  return all;
}

/** What of the rows is not there any more, or is otherwise: by table, and column. */
function lost(before: Rows, after: Rows): string[] {
  return [...before].flatMap(([table, rows]) =>
    rows.flatMap((row) => {
      const differences = (after.get(table) ?? []).map((now) =>
        Object.keys(row).filter((column) => JSON.stringify(row[column]) !== JSON.stringify(now[column])),
      );
      const [nearest] = differences.sort((one, other) => one.length - other.length);
      return nearest?.map((column) => `${table}.${column}`) ?? [`${table}: a row`];
    }),
  );
}

const lists =
  `alertRules alertTemplates alerts apiKeys auditLog breakGlassUses dashboards decisions detections disclosures
  enforcers entities incidents notifications reviewPacks securityEvents silences users`.split(/\s+/);

/** What the server says of every list of the organization: how many there are, and what went wrong. */
async function served(name: string, organizationId: string): Promise<{ faults: unknown[]; counts: number[] }> {
  const dataDir = await mkdtemp(join(tmpdir(), "vigil-upgrade-"));
  const urls = {
    DATABASE_URL: named(inject("serverUrl"), name),
    VIGIL_OWNER_DATABASE_URL: named(inject("ownerUrl"), name),
  };
  const app = await openApp(parseConfig({ ...urls, VIGIL_DATA_DIR: dataDir }), { log: quiet });
  try {
    const query = `{ ${lists.map((list) => `${list}(first: 5) { nodes { __typename id } }`).join(" ")} }`;
    const response = await executor(app, organizationId)(query);
    const answer = (await response.json()) as { data?: Record<string, { nodes: object[] }>; errors?: unknown[] };
    return { faults: answer.errors ?? [], counts: lists.map((list) => answer.data?.[list]?.nodes.length ?? 0) };
  } finally {
    await app.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

describe.each(days)("a database whose last migration is %s", (last) => {
  it("keeps all that it holds, and is served", async () => {
    const name = await databaseOf(last);
    const owner = new pg.Client({ connectionString: named(inject("ownerUrl"), name) });
    await owner.connect();
    onTestFinished(() => owner.end().catch(() => undefined));
    await owner.query("SELECT ensure_event_partitions(current_date - 1, 3)");
    const id = randomUUID();
    await owner.query("INSERT INTO organizations (id, slug, name) VALUES ($1, 'old', 'Old')", [id]);
    const tables = await tenantTables(owner);
    await populateOnce(owner, tables, { id, slug: "old" });
    const before = await everything(owner);
    expect([...before.values()].filter((rows) => rows.length > 0).length).toBeGreaterThan(20);

    const applied = await migrate(named(inject("ownerUrl"), name), named(inject("serverUrl"), name));
    expect(applied).toEqual(names.slice(names.indexOf(last) + 1));
    const gone = tables.some(({ columns }) => columns.some((column) => column.name === givenUp))
      ? [`security_alerts.${givenUp}`]
      : [];
    expect(lost(before, await everything(owner))).toEqual(gone);

    const { faults, counts } = await served(name, id);
    expect(faults).toEqual([]);
    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(10);
  });
});
