import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database, Tx } from "../../src/db.ts";
import { countExpiredEvents } from "../../src/retention/classes.ts";
import { cleanUpAll } from "../../src/retention/clean-up.ts";
import { duePartitions } from "../../src/retention/partitions.ts";
import { quiet } from "../support/database.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { day, daysAgo, type Old, openOld } from "./old.ts";

let server: TestServer;
let old: Old;

beforeAll(async () => {
  server = await testServer({});
  old = await openOld(server.database.ownerUrl);
});
afterAll(async () => {
  await old?.close();
  await server?.close();
});

/** The database of the server, of which one statement fails. */
function failing(text: string, code: string): Database {
  const { db } = server.app;
  const query = (organizationId: string, asked: unknown, values?: unknown[]) =>
    asked === text
      ? Promise.reject(Object.assign(new Error("canceling statement"), { code }))
      : db.query(organizationId, asked as string, values);
  return { ...db, query: query as Database["query"] };
}
const run = (db: Database) => cleanUpAll({ db, log: quiet, now: Date.now(), cutAudit: async () => 0 });
const stored = (): Promise<{ days: number }[]> =>
  old.sql(
    server.ours,
    "SELECT count(DISTINCT received_at::date)::int AS days FROM realtime_monitoring WHERE organization_id = $1",
    [server.ours],
  );

describe("days of events past their retention", () => {
  it("do not keep what is of other classes from going where they cannot be dropped", async () => {
    const over = await old.incident(server.ours, { at: Date.now() - 2_195 * day, status: "CLOSED" });
    await run(failing(duePartitions, "53200"));
    const left = await old.sql<{ id: string }>(
      server.ours,
      "SELECT id FROM security_incidents WHERE organization_id = $1",
      [server.ours],
    );
    expect(left.map(({ id }) => id)).not.toContain(over);
  });

  it("go also where they are too many to be counted in time, which the audit log says", async () => {
    await old.partition(daysAgo(500));
    await old.events(server.ours, daysAgo(500), 3);
    expect(await stored()).toEqual([{ days: 1 }]);
    await run(failing(countExpiredEvents, "57014"));
    expect(await stored()).toEqual([{ days: 0 }]);
    const entries = await old.sql<{ detail: { counts: object[] } }>(
      server.ours,
      "SELECT detail FROM security_audit_log WHERE organization_id = $1 AND action = 'CLEANUP_RUN' ORDER BY seq DESC LIMIT 1",
      [server.ours],
    );
    expect(entries[0]?.detail.counts).toContainEqual(
      expect.objectContaining({ class: "EVENTS", rows: 0, counted: false, partitions: expect.any(Number) }),
    );
  });

  it("take the ids that senders gave their events with them, also a great many", async () => {
    const keys = `INSERT INTO event_keys (organization_id, client_id, received_at)
      SELECT $1, 'key-' || n, now() - interval '1 day' * CASE WHEN n % 2 = 0 THEN 500 ELSE 1 END FROM generate_series(1, 50000) AS n`;
    await old.sql(server.ours, keys, [server.ours]);
    await server.app.sweep.forget();
    const left = await old.sql<{ keys: number }>(
      server.ours,
      "SELECT count(*)::int AS keys FROM event_keys WHERE organization_id = $1 AND client_id LIKE 'key-%'",
      [server.ours],
    );
    expect(left).toEqual([{ keys: 25_000 }]);
  });
});

describe("a clean-up that is stopped in the middle", () => {
  it("has told each organization of its whole days, though it came to none of them", async () => {
    await old.partition(daysAgo(480));
    await old.events(server.ours, daysAgo(480), 2);
    await old.events(server.theirs, daysAgo(480), 3);
    const { db } = server.app;
    let stopped = false;
    const mortal: Database = {
      ...db,
      inOrganization: (organizationId, work) =>
        db.inOrganization(organizationId, (tx) => {
          const query = (text: string, values?: unknown[]) => {
            stopped ||= text.includes("expire_events"); // the first thing that goes row by row
            return stopped ? Promise.reject(new Error("the process was stopped")) : tx.query(text, values);
          };
          return work({ ...tx, query: query as Tx["query"] });
        }),
    };
    await expect(run(mortal)).rejects.toThrow("stopped");
    for (const [organization, rows] of [
      [server.ours, 2],
      [server.theirs, 3],
    ] as const) {
      const [last] = await old.sql<{ detail: { counts: object[] } }>(
        organization,
        "SELECT detail FROM security_audit_log WHERE organization_id = $1 AND action = 'CLEANUP_RUN' ORDER BY seq DESC LIMIT 1",
        [organization],
      );
      expect(last?.detail.counts).toEqual([expect.objectContaining({ class: "EVENTS", rows, partitions: 1 })]);
    }
  });

  it("has what it removed in the audit log, and the next one goes on", async () => {
    await old.sql(
      server.ours,
      `INSERT INTO security_metrics (organization_id, name, resolution, at, labels, count, sum, min, max, last, last_at)
       SELECT $1, 'aged', 60, now() - interval '500 days' + n * interval '1 minute', '{}', 1, 1, 1, 1, 1, now()
       FROM generate_series(1, 12000) AS n`,
      [server.ours],
    );
    const left = async () =>
      (
        await old.sql(server.ours, "SELECT FROM security_metrics WHERE organization_id = $1 AND name = 'aged'", [
          server.ours,
        ])
      ).length;
    let stopped = false;
    const untilStopped = async <T>(work: () => Promise<T>): Promise<T> => {
      if (stopped) throw new Error("the process was stopped");
      const done = await work();
      stopped = (await left()) === 2_000;
      return done;
    };
    const { db } = server.app;
    const mortal: Database = {
      ...db,
      inOrganization: (organizationId, work) => untilStopped(() => db.inOrganization(organizationId, work)),
      query: ((organizationId, text, values) =>
        untilStopped(() => db.query(organizationId, text, values))) as Database["query"],
    };
    await expect(run(mortal)).rejects.toThrow("stopped");
    expect(await left()).toBe(2_000);
    const audited = async () => {
      const lines = await old.sql<{ line: { class: string; rows: number } }>(
        server.ours,
        `SELECT jsonb_array_elements(detail->'counts') AS line FROM security_audit_log
         WHERE organization_id = $1 AND action = 'CLEANUP_RUN' ORDER BY seq`,
        [server.ours],
      );
      return lines.flatMap(({ line }) => (line.class === "METRICS" ? [line.rows] : []));
    };
    expect(await audited()).toEqual([5_000, 5_000]);
    await run(db);
    expect(await audited()).toEqual([5_000, 5_000, 2_000]);
  });
});
