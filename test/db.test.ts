import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkServerRole } from "../src/database/role.ts";
import { openDatabase, type Tx } from "../src/db.ts";
import { withDeadline, withoutDeadline } from "../src/deadline.ts";
import { openStore } from "../src/queue/store.ts";
import { createMask } from "../src/server/mask.ts";
import { quiet, type TestDatabase, testDatabase } from "./support/database.ts";
import { Line } from "./support/line.ts";

let test: TestDatabase;
let ours: string;
let theirs: string;
const addChannel = (tx: Tx, name: string) =>
  tx.query("INSERT INTO alert_channels (organization_id, id, kind, name) VALUES ($1, gen_random_uuid(), 'EMAIL', $2)", [
    tx.organizationId,
    name,
  ]);

beforeAll(async () => {
  test = await testDatabase({ poolSize: 1 });
  [ours, theirs] = test.organizations.map(({ id }) => id) as [string, string];
  await test.db.inOrganization(ours, (tx) => addChannel(tx, "ours"));
  await test.db.inOrganization(theirs, (tx) => addChannel(tx, "theirs"));
});
afterAll(() => test.close());

describe("the server's database role", () => {
  it("T1: is accepted when it owns nothing", () => checkServerRole(test.serverUrl));

  it("T1: is refused when it is a superuser, with the way out", () =>
    expect(checkServerRole(test.ownerUrl)).rejects.toThrow(/superuser.*vigil migrate/s));

  it.each([
    ["BYPASSRLS", "bypass_role", "CREATE ROLE bypass_role LOGIN BYPASSRLS PASSWORD 'x'", /BYPASSRLS/],
    [
      "an owner's membership",
      "member_role",
      "CREATE ROLE member_role LOGIN PASSWORD 'x'; GRANT postgres TO member_role",
      /superuser/,
    ],
    [
      "TRUNCATE",
      "truncate_role",
      "CREATE ROLE truncate_role LOGIN PASSWORD 'x'; GRANT TRUNCATE ON users TO truncate_role",
      /TRUNCATE/,
    ],
    [
      "CREATE",
      "create_role",
      "CREATE ROLE create_role LOGIN PASSWORD 'x'; GRANT CREATE ON SCHEMA public TO create_role",
      /CREATE/,
    ],
  ])("T1: is refused with %s", async (_, role, sql, message) => {
    await test.asOwner(`DO $$ BEGIN ${sql}; END $$`).catch(async () => {
      for (const statement of sql.split(";")) await test.asOwner(statement);
    });
    const url = new URL(test.serverUrl);
    url.username = role;
    url.password = "x";
    await expect(checkServerRole(url.href)).rejects.toThrow(message);
    await test.asOwner(`DROP OWNED BY ${role}`);
    await test.asOwner(`DROP ROLE ${role}`);
  });
});

it("Connections begin with nothing that a pooler such as PgBouncer refuses, and have their limits all the same", async () => {
  const url = new URL(test.serverUrl);
  const port = Number(url.port);
  await using line = await Line.open(() => port);
  url.port = String(line.port);
  const asked = new Set<string>();
  const begun = new Set<number>();
  line.watcher = (way, piece, connection) => {
    if (way === "back" || begun.has(connection)) return true;
    begun.add(connection); // two numbers, then names and values by turns
    const words = piece.subarray(8).toString().split("\0");
    for (const [place, word] of words.entries()) if (place % 2 === 0 && word !== "") asked.add(word);
    return true;
  };
  const db = openDatabase({ url: url.href, log: quiet });
  const { rows } = await db.query(ours, "SELECT current_setting('statement_timeout') AS longest");
  expect(rows).toEqual([{ longest: "30s" }]);
  await db.close();
  const store = openStore({ postgresUrl: url.href }, quiet);
  const queue = store.queue("vigil-nothing");
  expect(await queue.getJobCounts("wait")).toEqual({ wait: 0 });
  await queue.close();
  await store.close();
  expect([...asked].sort()).toEqual(["application_name", "client_encoding", "database", "user"]);
});

describe("tenant isolation", () => {
  const tenantTables = `SELECT c.oid::regclass::text AS name, c.relrowsecurity, c.relforcerowsecurity,
      (SELECT count(*)::int FROM pg_policy p WHERE p.polrelid = c.oid AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL) AS policies
    FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('public'::regnamespace, 'event_partitions'::regnamespace)
      AND c.relname NOT IN ('_prisma_migrations', 'duties') ORDER BY 1`;

  it("T2: every table, each partition too, enables and forces Row Level Security with USING and WITH CHECK", async () => {
    const tables = await test.asOwner<{
      name: string;
      relrowsecurity: boolean;
      relforcerowsecurity: boolean;
      policies: number;
    }>(tenantTables);
    expect(tables.length).toBeGreaterThan(18);
    const open = tables.filter((table) => !table.relrowsecurity || !table.relforcerowsecurity || table.policies === 0);
    expect(open).toEqual([]);
  });

  it("T3: without an organization, or with an empty one, no tenant table shows a row", async () => {
    const tables = await test.asOwner<{ name: string }>(tenantTables);
    const pg = await import("pg");
    const client = new pg.default.Client({ connectionString: test.serverUrl });
    await client.connect();
    for (const { name } of tables.filter((table) => !table.name.startsWith("event_partitions."))) {
      for (const setting of ["", "SET LOCAL app.organization_id = ''"]) {
        await client.query("BEGIN");
        if (setting) await client.query(setting);
        const { rows } = await client.query(`SELECT count(*)::int AS n FROM ${name}`);
        await client.query("ROLLBACK");
        expect([name, rows[0]]).toEqual([name, { n: 0 }]);
      }
    }
    await client.end();
  });

  it("T4: mixed requests of two organizations over one connection, with errors and aborts, never show a foreign row", async () => {
    const names = { [ours]: "ours", [theirs]: "theirs" };
    const ask = async (n: number): Promise<void> => {
      const organizationId = n % 2 === 0 ? ours : theirs;
      const expected = [names[organizationId]];
      const kind = n % 5;
      if (kind === 0) {
        const found = await test.db.prisma(organizationId).alertChannel.findMany();
        expect(found.map((row) => row.name)).toEqual(expected);
      } else if (kind === 1) {
        const { rows } = await test.db.query<{ name: string }>(organizationId, "SELECT name FROM alert_channels");
        expect(rows.map((row) => row.name)).toEqual(expected);
      } else if (kind === 2) {
        await expect(test.db.query(organizationId, "SELECT 1 / 0 FROM alert_channels")).rejects.toThrow(/zero/);
      } else if (kind === 3) {
        const abort = test.db.inOrganization(organizationId, async (tx) => {
          const { rows } = await tx.query<{ name: string }>("SELECT name FROM alert_channels");
          expect(rows.map((row) => row.name)).toEqual(expected);
          await addChannel(tx, `rolled back ${n}`);
          throw new Error("abort");
        });
        await expect(abort).rejects.toThrow("abort");
      } else {
        const patience = { maxWait: 60_000, timeout: 60_000 }; // twenty wait for one connection, on a machine that may be busy
        const found = await test.db
          .prisma(organizationId)
          .$transaction(async (tx) => tx.alertChannel.findMany(), patience);
        expect(found.map((row) => row.name)).toEqual(expected);
      }
    };
    for (let start = 0; start < 10_000; start += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, n) => ask(start + n)));
    }
  }, 120_000);

  it("L10: a row cannot be written into, or moved to, another organization", async () => {
    const insert = test.db.query(
      ours,
      "INSERT INTO alert_channels (organization_id, id, kind, name) VALUES ($1, gen_random_uuid(), 'EMAIL', 'x')",
      [theirs],
    );
    await expect(insert).rejects.toThrow(/row-level security/);
    await expect(test.db.query(ours, "UPDATE alert_channels SET organization_id = $1", [theirs])).rejects.toThrow(
      /row-level security/,
    );
  });

  it("A2: the server cannot change, delete or truncate the audit log, events or timelines", async () => {
    for (const table of ["security_audit_log", "realtime_monitoring", "incident_entries"]) {
      for (const sql of [
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
        `UPDATE ${table} SET organization_id = organization_id`,
      ]) {
        await expect(test.db.query(ours, sql)).rejects.toThrow(/permission denied/);
      }
    }
  });
});

it("runs statements of a transaction in their order, also when they are asked for at once, and pg finds nothing to warn of", async () => {
  const warnings: string[] = [];
  const warned = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", warned);
  const answers = await test.db.inOrganization(ours, (tx) =>
    Promise.all([1, 2, 3].map((n) => tx.query<{ n: number }>("SELECT $1::int AS n, pg_sleep(0.01)", [n]))),
  );
  const failing = test.db.inOrganization(ours, async (tx) => {
    void tx.query("SELECT pg_sleep(0.01)");
    throw new Error("stopped half-way");
  });
  await expect(failing).rejects.toThrow("stopped half-way");
  expect((await test.db.query<{ n: number }>(ours, "SELECT 4 AS n")).rows).toEqual([{ n: 4 }]);
  process.off("warning", warned);
  expect(answers.map(({ rows }) => rows[0]?.n)).toEqual([1, 2, 3]);
  expect(warnings.filter((message) => message.includes("query"))).toEqual([]);
});

describe("G11 a deadline", () => {
  const sleep = "SELECT pg_sleep(60) AS slept";
  const running = async (): Promise<number> => {
    const [row] = await test.asOwner<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%AS slept%' AND pid <> pg_backend_pid()",
    );
    return row?.n ?? 0;
  };

  it.each([
    ["a statement", () => test.db.query(ours, sleep)],
    ["a transaction", () => test.db.inOrganization(ours, (tx) => tx.query(sleep))],
    ["Prisma", () => test.db.prisma(ours).$queryRawUnsafe("SELECT pg_sleep(60)::text AS slept")],
  ])("cancels %s in PostgreSQL: none is left behind, and its connection is as good as new", async (_what, work) => {
    const began = Date.now();
    expect(await withDeadline<unknown>(300, work, () => "late")).toBe("late");
    await expect.poll(running, { timeout: 1_000 }).toBe(0);
    expect(Date.now() - began).toBeLessThan(20_000);
    const { rows } = await test.db.query<{ name: string }>(ours, "SELECT name FROM alert_channels"); // a pool of one
    expect(rows).toEqual([{ name: "ours" }]);
  });

  it("has a transaction that is between two statements do nothing more: what is told to be cancelled is not done", async () => {
    for (const asks of [true, false]) {
      let [goOn, isOver] = [(): void => undefined, Promise.resolve()];
      const computed = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const change = (): Promise<void> => {
        isOver = test.db.inOrganization(ours, async (tx) => {
          await tx.query("UPDATE alert_channels SET name = 'late'");
          await computed;
          if (asks) await tx.query("SELECT 1");
        });
        return isOver;
      };
      expect(await withDeadline<unknown>(100, change, () => "late")).toBe("late");
      goOn();
      await expect(isOver).rejects.toThrow("its time is over");
      expect((await test.db.query(ours, "SELECT name FROM alert_channels")).rows).toEqual([{ name: "ours" }]);
    }
  });

  it("leaves alone what is done in time, and what others wait for too", async () => {
    expect(
      await withDeadline(
        20_000,
        async () => (await test.db.query(ours, "SELECT 1 AS one")).rows,
        () => [],
      ),
    ).toEqual([{ one: 1 }]);
    let shared: Promise<unknown> | undefined;
    const first = withDeadline<unknown>(
      50,
      () => {
        shared = withoutDeadline(() => test.db.query(ours, "SELECT pg_sleep(0.3)::text, 2 AS two"));
        return shared as Promise<unknown>;
      },
      () => "late",
    );
    expect(await first).toBe("late");
    expect(((await shared) as { rows: object[] }).rows).toMatchObject([{ two: 2 }]);
  });
});

it("G12 an organization whose operations all hang leaves connections for others, and has its own again afterwards", async () => {
  const db = openDatabase({ url: test.serverUrl, log: quiet, poolSize: 5 });
  const holder = new pg.Client({ connectionString: test.ownerUrl });
  await holder.connect();
  await holder.query("SELECT pg_advisory_lock(12)");
  const opened = [ours, ours, ours, ours, theirs].map((organization) => db.query(organization, "SELECT pg_sleep(0.1)"));
  await Promise.all(opened); // on a busy machine it takes long to open one
  const hang = "SELECT pg_advisory_xact_lock(12)::text";
  const hanging = Array.from({ length: 7 }, () => [
    db.query(ours, hang),
    db.inOrganization(ours, (tx) => tx.query(hang)),
    db.prisma(ours).$queryRawUnsafe(hang),
  ]).flat();
  const done = Promise.all(hanging);
  await expect.poll(() => db.connections().waiting, { timeout: 20_000 }).toBe(17);
  for (let n = 0; n < 20; n++) {
    const { rows } = await db.query<{ name: string }>(theirs, "SELECT name FROM alert_channels"); // it waits for nobody
    expect(rows).toEqual([{ name: "theirs" }]);
    expect(await db.prisma(theirs).alertChannel.count()).toBe(1);
  }
  expect(db.connections()).toMatchObject({ open: 5, waiting: 17 });
  await holder.query("SELECT pg_advisory_unlock(12)");
  await done;
  expect(db.connections().waiting).toBe(0);
  await Promise.all(Array.from({ length: 20 }, () => db.query(ours, "SELECT 1")));
  await holder.end();
  await db.close();
}, 60_000);

it("G12 who waits too long for the organization's share is told to come back, whichever way they asked; its line is not held up", async () => {
  const db = openDatabase({ url: test.serverUrl, log: quiet, poolSize: 2, sharePatience: 50 });
  let leave = (): void => undefined;
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const entered: Promise<void>[] = [];
  const holding = [1, 2].map(() => {
    let enter = (): void => undefined;
    entered.push(new Promise((resolve) => (enter = resolve)));
    return db.inOrganization(ours, async () => {
      enter();
      await left;
    });
  });
  await Promise.all(entered);
  const refused = await Promise.allSettled([
    db.query(ours, "SELECT 1"),
    db.inOrganization(ours, (tx) => tx.query("SELECT 1")),
    db.prisma(ours).alertChannel.count(),
  ]);
  const told = createMask(quiet);
  for (const one of refused) {
    expect(told(one.status === "rejected" ? one.reason : new Error("it was let in"))).toMatchObject({
      message: expect.stringContaining("asks for too much at once"),
      extensions: {
        code: "RATE_LIMITED",
        retryAfterSeconds: 1,
        http: { status: 429, headers: { "retry-after": "1" } },
      },
    });
  }
  expect(db.connections().waiting).toBe(0);
  leave();
  await Promise.all(holding);
  expect((await db.query(ours, "SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  await db.close();
});
