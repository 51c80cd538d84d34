import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expiringClasses } from "../../src/retention/classes.ts";
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

const removalOfEntities = expiringClasses.find((one) => one.class === "METRICS")?.remove.at(-1)?.statement as string;

interface Count {
  class: string;
  cutoff: string;
  rows: number;
  partitions: number;
}

async function graphql<T>(
  query: string,
  as = server.admin,
): Promise<{ data: T; errors?: { extensions: { code: string } }[] }> {
  const answer = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${as}`, "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return (await answer.json()) as never;
}

async function run(dryRun: boolean, as = server.admin): Promise<Record<string, Count>> {
  const { data } = await graphql<{ cleanupRun: { counts: Count[]; userErrors: unknown[] } }>(
    `mutation { cleanupRun(dryRun: ${dryRun}) { counts { class cutoff rows partitions } userErrors { message } } }`,
    as,
  );
  expect(data.cleanupRun.userErrors).toEqual([]);
  return Object.fromEntries(data.cleanupRun.counts.map((count) => [count.class, count]));
}

const keep = (name: string, days: number, as = server.admin) =>
  graphql<{
    retentionPolicyUpdate: {
      retentionPolicy: { days: number } | null;
      userErrors: { message: string; path: string[] }[];
    };
  }>(
    `mutation { retentionPolicyUpdate(input: { class: ${name}, days: ${days} }) {
      retentionPolicy { days updatedBy } userErrors { code message path } } }`,
    as,
  );

const ids = async (organizationId: string, table: string): Promise<string[]> =>
  (
    await old.sql<{ id: string }>(organizationId, `SELECT id FROM ${table} WHERE organization_id = $1 ORDER BY id`, [
      organizationId,
    ])
  ).map(({ id }) => id);

const audited = (organizationId: string) =>
  old.sql<{ actor: string; detail: { dryRun: boolean; counts: Count[] } }>(
    organizationId,
    "SELECT actor, detail FROM security_audit_log WHERE organization_id = $1 AND action = 'CLEANUP_RUN' ORDER BY seq",
    [organizationId],
  );

const auditEntries = (organizationId: string) =>
  old.sql(organizationId, "SELECT FROM security_audit_log WHERE organization_id = $1", [organizationId]);

const dayPartitions = async (): Promise<string[]> =>
  (await old.sql<{ name: string }>(server.ours, "SELECT event_partitions_before('9999-01-01') AS name")).map(
    ({ name }) => name,
  );

describe("retention policies", () => {
  it("are the defaults until an administrator chooses, within bounds, and every choice is audited", async () => {
    const read = "{ retentionPolicies { class days defaultDays minimumDays updatedBy } }";
    type Read = { retentionPolicies: { class: string; days: number; updatedBy: string | null }[] };
    const before = (await graphql<Read>(read)).data.retentionPolicies;
    expect(Object.fromEntries(before.map((policy) => [policy.class, policy.days]))).toEqual({
      EVENTS: 90,
      METRICS: 400,
      NOTIFICATIONS: 90,
      ALERTS: 400,
      INCIDENTS: 2190,
      AUDIT: 2190,
    });
    expect((await keep("EVENTS", 30)).data.retentionPolicyUpdate).toEqual({
      retentionPolicy: { days: 30, updatedBy: "tester" },
      userErrors: [],
    });
    await keep("EVENTS", 90);
    const [first] = await old.sql(
      server.ours,
      "SELECT actor, entity_id, detail FROM security_audit_log WHERE organization_id = $1 AND action = 'RETENTION_POLICY_CHANGED' ORDER BY seq",
      [server.ours],
    );
    expect(first).toEqual({ actor: "tester", entity_id: "EVENTS", detail: { from: 90, to: 30 } });
    const auditor = await server.token("AUDITOR");
    expect((await graphql<Read>(read, auditor)).data.retentionPolicies).toHaveLength(6);
    expect((await keep("EVENTS", 30, auditor)).errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    expect((await graphql(read, await server.token("VIEWER"))).errors?.[0]?.extensions.code).toBe("FORBIDDEN");
  });

  it.each([
    ["INCIDENTS", 2189],
    ["AUDIT", 365],
    ["EVENTS", 6],
    ["ALERTS", 29],
    ["METRICS", 36_501],
  ])("refuse %s of %i days, here and in the database", async (name, days) => {
    const { retentionPolicy, userErrors } = (await keep(name, days)).data.retentionPolicyUpdate;
    expect(retentionPolicy).toBeNull();
    expect(userErrors[0]?.path).toEqual(["input", "days"]);
    expect(userErrors[0]?.message).toContain(`not ${days}`);
    const direct = server.app.db.query(server.ours, "INSERT INTO retention_policies VALUES ($1, $2, $3, now(), 'x')", [
      server.ours,
      name,
      days,
    ]);
    await expect(direct).rejects.toThrow("retention_policies_days_check");
  });

  it("count six years with their leap days, and no moment that has not come", async () => {
    const [row] = await old.sql<{ enough: boolean; same: boolean }>(
      server.ours,
      `SELECT retention_cutoff('INCIDENTS', now()) <= now() - interval '6 years' AS enough,
         retention_cutoff('ALERTS', now() + interval '3 years') = retention_cutoff('ALERTS', now()) AS same`,
    );
    expect(row).toEqual({ enough: true, same: true });
  });
});

describe("a clean-up", () => {
  it("drops whole days that no organization keeps, and only counts them in a dry run", async () => {
    for (const age of [89, 91, 92]) await old.partition(daysAgo(age));
    await old.events(server.ours, daysAgo(92), 30);
    await old.events(server.ours, daysAgo(91), 20);
    const young = await old.events(server.ours, daysAgo(89), 10);
    await old.events(server.theirs, daysAgo(91), 5);
    const before = [await old.everything(server.ours, ["security_audit_log"]), await old.everything(server.theirs)];
    const partitions = await dayPartitions();
    const dry = await run(true);
    expect(dry.EVENTS).toMatchObject({ rows: 50, partitions: 2, cutoff: new Date(daysAgo(90)).toISOString() });
    expect([await old.everything(server.ours, ["security_audit_log"]), await old.everything(server.theirs)]).toEqual(
      before,
    );
    expect(await dayPartitions()).toEqual(partitions);

    expect((await run(false)).EVENTS).toEqual(dry.EVENTS);
    expect(await ids(server.ours, "realtime_monitoring")).toEqual(young);
    expect(await ids(server.theirs, "realtime_monitoring")).toEqual([]);
    expect(await dayPartitions()).toEqual(partitions.slice(2));
    expect(
      (await audited(server.ours)).map(({ actor, detail }) => [actor, detail.dryRun, detail.counts[0]?.rows]),
    ).toEqual([
      ["tester", true, 50],
      ["tester", false, 50],
    ]);
    // What went with a day that somebody else asked to drop is in the organization's own log.
    expect((await audited(server.theirs)).map(({ actor, detail }) => [actor, detail.counts[0]?.rows])).toEqual([
      ["vigil", 5],
    ]);
    expect((await run(false)).EVENTS).toMatchObject({ rows: 0, partitions: 0 });
  });

  it("of an organization with a shorter policy removes its events in batches and leaves the others' alone", async () => {
    await keep("EVENTS", 7);
    for (const age of [40, 7]) await old.partition(daysAgo(age));
    await old.events(server.ours, daysAgo(40), 11_000);
    const kept = await old.events(server.ours, daysAgo(7), 3);
    const theirs = await old.events(server.theirs, daysAgo(40), 7);
    const partitions = await dayPartitions();
    const due = 11_000 + 10; // and the ten of 89 days ago
    expect((await run(true)).EVENTS).toMatchObject({ rows: due, partitions: 0 });
    expect((await run(false)).EVENTS).toMatchObject({ rows: due, partitions: 0 });
    expect(await ids(server.ours, "realtime_monitoring")).toEqual(kept);
    expect(await ids(server.theirs, "realtime_monitoring")).toEqual(theirs);
    expect(await dayPartitions()).toEqual(partitions);
  });

  it("loses no event that an open incident names, neither with its day nor in a batch, until the incident is over", async () => {
    for (const age of [60, 20]) await old.partition(daysAgo(age));
    const far = await old.events(server.ours, daysAgo(60), 5);
    const near = await old.events(server.ours, daysAgo(20), 5);
    const foreign = await old.events(server.theirs, daysAgo(60), 3);
    const named = [far[1], near[2]] as string[];
    const incident = await old.incident(server.ours, { at: daysAgo(20), eventIds: named });
    await old.incident(server.ours, { at: daysAgo(20), status: "RESOLVED", eventIds: [far[3], near[3]] as string[] });
    await old.incident(server.theirs, { at: daysAgo(60), eventIds: [foreign[0]] as string[] });
    const contents = await old.sql(
      server.ours,
      "SELECT e::text FROM realtime_monitoring e WHERE id = ANY ($1) ORDER BY id",
      [named],
    );

    // First in batches: the other organization still keeps these days.
    expect((await run(false)).EVENTS).toMatchObject({ rows: 8, partitions: 0 });
    expect(await ids(server.ours, "realtime_monitoring")).toEqual(expect.arrayContaining(named));
    // Then with their days, once nobody does.
    await keep("EVENTS", 7, server.outsider);
    expect((await run(false)).EVENTS).toMatchObject({ partitions: 4, rows: 0 }); // of 89, 60, 40 and 20 days ago
    expect(
      await old.sql(server.ours, "SELECT e::text FROM realtime_monitoring e WHERE id = ANY ($1) ORDER BY id", [named]),
    ).toEqual(contents);
    expect(await ids(server.theirs, "realtime_monitoring")).toEqual([foreign[0]]);
    type Read = { incidents: { nodes: { detections: { nodes: { events: { receivedAt: string }[] }[] } }[] } };
    const { data } = await graphql<Read>(
      "{ incidents(first: 1, filter: { status: { eq: OPEN } }) { nodes { detections(first: 5) { nodes { events { receivedAt } } } } } }",
    );
    expect(data.incidents.nodes[0]?.detections.nodes[0]?.events).toHaveLength(2);
    // The kept events are under the same policy as every other.
    const foreignSeen = await server.app.db.query(
      server.theirs,
      "SELECT FROM realtime_monitoring WHERE id = ANY ($1)",
      [named],
    );
    expect(foreignSeen.rowCount).toBe(0);

    await old.sql(server.ours, "UPDATE security_incidents SET status = 'CLOSED' WHERE id = $1", [incident]);
    expect((await run(false)).EVENTS).toMatchObject({ rows: 2, partitions: 0 });
    expect(await ids(server.theirs, "realtime_monitoring")).toEqual([foreign[0]]);
  });

  it("loses no event that people added to an open incident as evidence, nor of one that was merged into it", async () => {
    const events = await old.events(server.ours, daysAgo(30), 5);
    const open = await old.incident(server.ours, { at: daysAgo(30) });
    const merged = await old.incident(server.ours, { at: daysAgo(30) });
    const over = await old.incident(server.ours, { at: daysAgo(30), status: "CLOSED" });
    const add = `INSERT INTO incident_evidence (organization_id, id, incident_id, event_id, author) VALUES ($1, gen_random_uuid(), $2, $3, 'ann')`;
    for (const [incident, event] of [
      [open, events[0]],
      [merged, events[1]],
      [over, events[2]],
    ])
      await old.sql(server.ours, add, [server.ours, incident, event]);
    await old.sql(
      server.ours,
      "UPDATE security_incidents SET status = 'MERGED', merged_from_status = 'OPEN', merged_into_id = $2 WHERE id = $1",
      [merged, open],
    );
    expect((await run(true)).EVENTS).toMatchObject({ rows: 3, partitions: 0 });
    expect((await run(false)).EVENTS).toMatchObject({ rows: 3, partitions: 0 });
    expect((await ids(server.ours, "realtime_monitoring")).filter((id) => events.includes(id))).toEqual(
      events.slice(0, 2),
    );
    await old.sql(server.ours, "UPDATE security_incidents SET status = 'CLOSED' WHERE id = $1", [open]);
    expect((await run(false)).EVENTS).toMatchObject({ rows: 2, partitions: 0 });
  });

  it("takes incidents that have been over for six years with all that belongs to them, and never an open one", async () => {
    const parts = [
      "security_incidents",
      "detections",
      "incident_entries",
      "incident_actions",
      "security_alerts",
      "alert_attempts",
    ];
    const counts = async (organizationId: string) => {
      const found: number[] = [];
      for (const table of parts) found.push((await ids(organizationId, table)).length);
      return found;
    };
    const before = await counts(server.ours);
    const foreign = await counts(server.theirs);
    const long = Date.now() - 2_195 * day;
    const goes = [
      await old.incident(server.ours, { at: long, status: "RESOLVED" }),
      await old.incident(server.ours, { at: long, status: "CLOSED" }),
    ];
    const stays = [
      await old.incident(server.ours, { at: long, status: "OPEN" }),
      await old.incident(server.ours, { at: Date.now() - 2_180 * day, status: "CLOSED" }),
    ];
    const reopenedLater = await old.incident(server.ours, { at: long, status: "CLOSED" });
    await old.sql(server.ours, "UPDATE security_incidents SET updated_at = now() WHERE id = $1", [reopenedLater]);
    expect((await run(true)).INCIDENTS?.rows).toBe(2);
    expect((await run(false)).INCIDENTS?.rows).toBe(2);
    const left = await ids(server.ours, "security_incidents");
    expect(left).toEqual(expect.arrayContaining([...stays, reopenedLater]));
    expect(left.filter((id) => goes.includes(id))).toEqual([]);
    const after = await counts(server.ours);
    // Alerts have their own, shorter time; those of the open incident stay.
    expect(after.map((count, index) => count - (before[index] as number))).toEqual([3, 3, 3, 3, 1, 1]);
    expect(await counts(server.theirs)).toEqual(foreign);
  });

  it("removes alerts past their time, but not those of open incidents", async () => {
    const at = Date.now() - 401 * day;
    const over = await old.incident(server.ours, { at, status: "RESOLVED" });
    const open = await old.incident(server.ours, { at });
    // Of no incident: a channel was tried, then and now.
    const tried = `INSERT INTO security_alerts (organization_id, id, kind, channel_id, status, created_at)
      SELECT $1, gen_random_uuid(), 'TEST', channel_id, 'SENT', $2 FROM security_alerts WHERE organization_id = $1 LIMIT 1`;
    for (const made of [at, Date.now()]) await old.sql(server.ours, tried, [server.ours, new Date(made)]);
    expect((await run(true)).ALERTS?.rows).toBe(2);
    expect((await run(false)).ALERTS?.rows).toBe(2);
    const tests = "SELECT FROM security_alerts WHERE organization_id = $1 AND kind = 'TEST'";
    expect(await old.sql(server.ours, tests, [server.ours])).toHaveLength(1);
    await old.sql(server.ours, "DELETE FROM security_alerts WHERE organization_id = $1 AND kind = 'TEST'", [
      server.ours,
    ]);
    const left = await old.sql<{ incident_id: string }>(
      server.ours,
      "SELECT incident_id FROM security_alerts WHERE organization_id = $1",
      [server.ours],
    );
    expect(left.map((row) => row.incident_id)).toContain(open);
    expect(left.map((row) => row.incident_id)).not.toContain(over);
    expect(await ids(server.ours, "security_incidents")).toContain(over);
  });

  it("removes no audit entry past its time that no checkpoint vouches for; test/audit/cut.test.ts has the others", async () => {
    const all = await auditEntries(server.theirs);
    await old.sql(
      server.theirs,
      "UPDATE security_audit_log SET at = now() - interval '7 years' WHERE organization_id = $1 AND seq = 1",
      [server.theirs],
    );
    expect((await run(true, server.outsider)).AUDIT?.rows).toBe(0);
    expect((await run(false, server.outsider)).AUDIT?.rows).toBe(0);
    expect(await auditEntries(server.theirs)).toHaveLength(all.length + 2);
  });

  it("removes detections that opened no incident once they are as old as incidents may get, and no others", async () => {
    const insert = `INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
        first_event_at, last_event_at, event_count, event_ids, created_at, updated_at)
      SELECT $1, gen_random_uuid(), id, 1, 'MONITOR', 'LOW', 'monitored', '[]', 'counted', $2, $2, 1, '{}', $2, $3
      FROM alert_rules WHERE organization_id = $1 LIMIT 1`;
    const times = [
      [2_195, 2_195],
      [2_195, 10],
      [2_000, 2_000],
    ].map((days) => days.map((n) => new Date(daysAgo(n))));
    for (const [made, changed] of times) await old.sql(server.ours, insert, [server.ours, made, changed]);
    expect((await run(true)).INCIDENTS?.rows).toBe(1);
    expect((await run(false)).INCIDENTS?.rows).toBe(1);
    const left = "SELECT created_at FROM detections WHERE organization_id = $1 AND fingerprint = 'monitored'";
    expect(await old.sql(server.ours, left, [server.ours])).toHaveLength(2);
    const { rows } = await server.app.db.query(server.ours, "SELECT expire_detections('infinity', 1000) AS removed");
    expect(rows).toEqual([{ removed: 0 }]);
  });

  it("runs every hour for every organization, and is audited where it removed something", async () => {
    const runs = [(await audited(server.ours)).length, (await audited(server.theirs)).length];
    await old.events(server.ours, daysAgo(7), 1); // still kept
    await server.app.sweep.cleanup();
    expect([(await audited(server.ours)).length, (await audited(server.theirs)).length]).toEqual(runs);
    await old.incident(server.ours, { at: Date.now() - 2_195 * day, status: "CLOSED" });
    await server.app.sweep.cleanup();
    const [last] = (await audited(server.ours)).slice(runs[0]);
    expect([last?.actor, last?.detail.counts.map((count) => [count.class, count.rows])]).toEqual([
      "vigil",
      [
        ["ALERTS", 1],
        ["INCIDENTS", 1],
      ],
    ]);
    expect(await audited(server.theirs)).toHaveLength(runs[1] as number);
  });

  it("removes metrics, performance samples and notifications past their time, and no others", async () => {
    const user = "(SELECT id FROM users WHERE organization_id = $1 LIMIT 1)";
    await old.sql(
      server.ours,
      "INSERT INTO users (organization_id, id, email, name, role) VALUES ($1, gen_random_uuid(), 'told@clinic.example', 'Told', 'VIEWER')",
      [server.ours],
    );
    for (const age of [1, 500]) {
      const at = new Date(daysAgo(age));
      await old.sql(
        server.ours,
        `INSERT INTO security_metrics (organization_id, name, resolution, at, labels, count, sum, min, max, last, last_at)
         VALUES ($1, 'aged', 3600, $2, '{}', 1, 1, 1, 1, 1, $2)`,
        [server.ours, at],
      );
      await old.sql(
        server.ours,
        "INSERT INTO security_performance VALUES ($1, gen_random_uuid(), 'aged', 1, 'ms', 'test', $2)",
        [server.ours, at],
      );
      await old.sql(
        server.ours,
        `INSERT INTO security_notifications (organization_id, id, user_id, kind, priority, title, body, created_at)
         VALUES ($1, gen_random_uuid(), ${user}, 'aged', 'NORMAL', 'Aged', 'Aged', $2)`,
        [server.ours, at],
      );
    }
    const counted = await run(true);
    expect([counted.METRICS?.rows, counted.NOTIFICATIONS?.rows]).toEqual([2, 1]);
    expect((await run(false)).METRICS?.rows).toBe(2);
    const left = await run(true);
    expect([left.METRICS?.rows, left.NOTIFICATIONS?.rows]).toEqual([0, 0]);
    for (const table of ["security_metrics", "security_performance", "security_notifications"]) {
      const rows = await old.sql(server.ours, `SELECT 1 FROM ${table} WHERE organization_id = $1`, [server.ours]);
      expect([table, rows.length]).toEqual([table, 1]);
    }
  });

  it("forgets whom nothing told of for two years, but what people told of them, and whom detections and open incidents name", async () => {
    const known = (organizationId: string, key: string, age: number, kind = "USER") =>
      old.sql(
        organizationId,
        `INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at, profile, learned)
         VALUES ($1, $2::entity_kind, $3, $4, $4, '{"old": 1}', '{"hours": 1}')`,
        [organizationId, kind, key, new Date(age === 0 ? 0 : daysAgo(age))],
      );
    const set = (key: string, what: string) =>
      old.sql(server.ours, `UPDATE entities SET ${what} WHERE organization_id = $1 AND key = $2`, [server.ours, key]);
    for (const key of ["gone", "imported", "blamed", "accused"]) await known(server.ours, key, 732);
    await known(server.ours, "192.0.2.1", 732, "ADDRESS");
    await known(server.ours, "accused", 732, "ROLE");
    await known(server.ours, "lately", 728);
    await known(server.ours, "expected", 0);
    await known(server.theirs, "theirs", 732);
    await set("imported", "department = 'Ward 1'");
    const incident = await old.incident(server.ours, { at: Date.now() });
    await old.sql(server.ours, "UPDATE security_incidents SET subjects = $2 WHERE id = $1", [
      incident,
      JSON.stringify([{ kind: "USER", key: "accused" }]),
    ]);
    await old.sql(
      server.ours,
      `INSERT INTO risk_contributions (organization_id, entity_kind, entity_key, detection_id, rule_id, weight, at, reason, rank)
       SELECT organization_id, 'USER', 'blamed', id, rule_id, 1, now(), '', 1 FROM detections WHERE organization_id = $1 LIMIT 1`,
      [server.ours],
    );
    const left = (organizationId = server.ours) =>
      old.sql<{ name: string }>(
        organizationId,
        `SELECT concat_ws(' ', kind, key, department, learned->>'hours', profile->>'old',
           CASE WHEN last_seen_at = to_timestamp(0) THEN 'never' END) AS name
         FROM entities WHERE organization_id = $1 AND learned IS NOT NULL ORDER BY key, kind`,
        [organizationId],
      );
    const names = async () => (await left()).map(({ name }) => name);
    expect((await run(true)).METRICS?.rows).toBe(4);
    expect((await run(false)).METRICS?.rows).toBe(4);
    const stays = ["USER accused 1 1", "USER blamed 1 1", "USER expected 1 1 never"];
    expect(await names()).toEqual([...stays, "USER imported Ward 1 never", "USER lately 1 1"]);
    expect(await left(server.theirs)).toHaveLength(1);
    // As long as its events and metrics are kept, and no longer named than its incident is open.
    await keep("METRICS", 900);
    await old.sql(server.ours, "UPDATE security_incidents SET status = 'CLOSED' WHERE id = $1", [incident]);
    expect((await run(true)).METRICS?.rows).toBe(0);
    await keep("METRICS", 7);
    expect((await run(false)).METRICS?.rows).toBe(1);
    await keep("METRICS", 400);
    expect((await run(false)).METRICS?.rows).toBe(0);
    expect(await names()).toEqual([...stays.slice(1), "USER imported Ward 1 never", "USER lately 1 1"]);
  });

  it("comes to whom nothing names behind the many that detections do, and lets events go on meanwhile", async () => {
    const version = async () =>
      (
        await old.sql<{ version: number }>(
          server.ours,
          "SELECT profiles_version AS version FROM detection_positions WHERE organization_id = $1",
          [server.ours],
        )
      )[0]?.version;
    expect((await server.ingest(JSON.stringify({ action: "login", actor: { name: "somebody" } }))).status).toBe(200);
    await old.incident(server.ours, { at: Date.now() });
    await old.sql(
      server.ours,
      `INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at)
       SELECT $1, 'ADDRESS', 'attacker ' || n, $2, $2 FROM generate_series(1, 1001) AS n`,
      [server.ours, new Date(daysAgo(800))],
    );
    await old.sql(
      server.ours,
      `INSERT INTO risk_contributions (organization_id, entity_kind, entity_key, detection_id, rule_id, weight, at, reason, rank)
       SELECT d.organization_id, 'ADDRESS', 'attacker ' || n, d.id, d.rule_id, 1, now(), '', 1
       FROM generate_series(1, 1001) AS n, (SELECT * FROM detections WHERE organization_id = $1 LIMIT 1) d`,
      [server.ours],
    );
    const looks = await server.app.db.inOrganization(server.ours, async (tx) => {
      await tx.query(removalOfEntities, [new Date(), 10, null]);
      const { rows } = await tx.query<{ looks: number }>(
        "SELECT idx_scan::int AS looks FROM pg_stat_xact_user_tables WHERE relname = 'risk_contributions'",
      );
      return rows[0]?.looks;
    });
    expect(looks).toBe(10);
    const before = await version();
    expect((await run(false)).METRICS?.rows).toBe(0);
    expect(await version()).toBe(before);
    await old.sql(
      server.ours,
      `INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at)
       VALUES ($1, 'ADDRESS', 'passer-by', $2, $2), ($1, 'ADDRESS', 'never seen', to_timestamp(0), to_timestamp(0))`,
      [server.ours, new Date(daysAgo(790))],
    );
    expect((await run(true)).METRICS?.rows).toBe(1);
    expect((await run(false)).METRICS?.rows).toBe(1);
    const left = await old.sql(
      server.ours,
      "SELECT key FROM entities WHERE organization_id = $1 AND kind = 'ADDRESS' AND key NOT LIKE 'attacker%'",
      [server.ours],
    );
    expect(left).toEqual([{ key: "never seen" }]);
  });

  it("knows nothing any more of whom it has forgotten, though the server had it in memory", async () => {
    const seen = async (minutesAgo: number): Promise<Date> => {
      const time = new Date(Math.floor(Date.now() / 60_000 - minutesAgo) * 60_000);
      const event = { time, action: "login", outcome: "success", category: "authentication", actor: { name: "back" } };
      expect((await server.ingest(JSON.stringify(event))).status).toBe(200);
      return time;
    };
    await seen(9);
    await old.sql(
      server.ours,
      "UPDATE entities SET last_seen_at = now() - interval '3 years' WHERE organization_id = $1 AND key = 'back'",
      [server.ours],
    );
    expect((await run(false)).METRICS?.rows).toBe(1);
    const again = await seen(5);
    expect(
      await old.sql(
        server.ours,
        "SELECT first_seen_at, last_seen_at FROM entities WHERE organization_id = $1 AND key = 'back'",
        [server.ours],
      ),
    ).toEqual([{ first_seen_at: again, last_seen_at: again }]);
  });

  it("forgets client ids when it may forget their events", async () => {
    for (const [id, age] of [
      ["young", 6],
      ["aged", 9],
    ] as const) {
      await old.sql(server.ours, "INSERT INTO event_keys VALUES ($1, $2, $3)", [
        server.ours,
        id,
        new Date(daysAgo(age)),
      ]);
    }
    await server.app.sweep.forget();
    expect(await old.sql(server.ours, "SELECT client_id FROM event_keys WHERE client_id IN ('young', 'aged')")).toEqual(
      [{ client_id: "young" }],
    );
  });

  it("forgets when a group of alerts was last sent once no interval is so long", async () => {
    for (const age of [7, 9])
      await old.sql(
        server.ours,
        `INSERT INTO alert_groups (organization_id, id, channel_id, last_sent_at)
         SELECT $1, gen_random_uuid(), id, now() - make_interval(days => $2) FROM alert_channels WHERE organization_id = $1 LIMIT 1`,
        [server.ours, age],
      );
    await server.app.sweep.forget();
    const left =
      "SELECT extract(day FROM now() - last_sent_at)::int AS age FROM alert_groups WHERE organization_id = $1";
    expect(await old.sql(server.ours, left, [server.ours])).toEqual([{ age: 7 }]);
  });

  it("takes incidents past their time whatever names them, those that were merged first, and none whose decision is in force", async () => {
    const long = Date.now() - 2_195 * day;
    const closed = () => old.incident(server.ours, { at: long, status: "CLOSED" });
    const [acted, used, told, target, source, inForce] = [
      await closed(),
      await closed(),
      await closed(),
      await closed(),
      await closed(),
      await closed(),
    ];
    const sql = (text: string, ...values: unknown[]) => old.sql(server.ours, text, [server.ours, ...values]);
    const decide = (incident: string, expiresAt: Date) =>
      sql(
        `INSERT INTO decisions (organization_id, id, action_id, type, scope, value, version, actor, reason, created_at, expires_at)
         SELECT $1, gen_random_uuid(), id, 'BLOCK_IP', 'IP', $2::uuid::text, 1, 'vigil', '', created_at, $3
         FROM incident_actions WHERE organization_id = $1 AND incident_id = $2::uuid`,
        incident,
        expiresAt,
      );
    await decide(acted, new Date(long + 3_600_000));
    await decide(inForce, new Date(Date.now() + 3_600_000));
    await sql(
      `INSERT INTO break_glass_uses (organization_id, id, user_id, actor, started_at, expires_at, incident_id)
       VALUES ($1, gen_random_uuid(), 'u', 'ann', $3, $3, $2)`,
      used,
      new Date(long),
    );
    await sql(
      `INSERT INTO security_notifications (organization_id, id, user_id, kind, priority, title, body, incident_id, created_at)
       SELECT $1, gen_random_uuid(), id, 'ASSIGNED', 'HIGH', 't', '', $2::uuid, now() FROM users WHERE organization_id = $1 LIMIT 1`,
      told,
    );
    await sql(
      "UPDATE security_incidents SET status = 'MERGED', merged_into_id = $2 WHERE organization_id = $1 AND id = $3",
      target,
      source,
    );
    await sql(
      "UPDATE detections SET incident_id = $2, home_incident_id = $3 WHERE organization_id = $1 AND incident_id = $3",
      target,
      source,
    );
    const left = async () =>
      (await ids(server.ours, "security_incidents")).filter((id) =>
        [acted, used, told, target, source, inForce].includes(id),
      );
    await server.app.sweep.cleanup();
    expect((await left()).sort()).toEqual([target, inForce].sort());
    await server.app.sweep.cleanup();
    expect(await left()).toEqual([inForce]);
    expect(await sql("SELECT incident_id FROM break_glass_uses WHERE organization_id = $1")).toEqual([
      { incident_id: null },
    ]);
  });

  it("of one organization that cannot be removed keep nobody else's, nor other classes, and the job says so", async () => {
    const [first] = await server.app.db.organizationIds();
    await server.database.asOwner(
      `CREATE FUNCTION refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$`,
    );
    for (const table of ["security_metrics", "event_keys"])
      await server.database.asOwner(
        `CREATE TRIGGER refuse_delete BEFORE DELETE ON ${table} FOR EACH ROW WHEN (OLD.organization_id = '${first}') EXECUTE FUNCTION refuse_delete()`,
      );
    const longAgo = new Date(daysAgo(2_195));
    const kept = (organizationId: string) =>
      old.sql(
        organizationId,
        `SELECT (SELECT count(*)::int FROM security_metrics WHERE organization_id = $1 AND at = $2) AS metrics,
           (SELECT count(*)::int FROM event_keys WHERE organization_id = $1 AND received_at = $2) AS keys,
           (SELECT count(*)::int FROM security_incidents WHERE organization_id = $1 AND created_at = $2) AS incidents`,
        [organizationId, longAgo],
      );
    for (const organizationId of [server.ours, server.theirs]) {
      await old.sql(
        organizationId,
        "INSERT INTO security_metrics (organization_id, name, resolution, at, labels, count, sum, min, max, last, last_at) VALUES ($1, 'x', 60, $2, '{}', 1, 1, 1, 1, 1, $2)",
        [organizationId, longAgo],
      );
      await old.sql(
        organizationId,
        "INSERT INTO event_keys (organization_id, client_id, received_at) VALUES ($1, 'long ago', $2)",
        [organizationId, longAgo],
      );
      await old.incident(organizationId, { at: longAgo.getTime(), status: "CLOSED" });
    }
    await expect(server.app.sweep.cleanup()).rejects.toThrow("not today");
    await expect(server.app.sweep.forget()).rejects.toThrow("not today");
    for (const organizationId of [server.ours, server.theirs])
      expect(await kept(organizationId)).toEqual([
        organizationId === first ? { metrics: 1, keys: 1, incidents: 0 } : { metrics: 0, keys: 0, incidents: 0 },
      ]);
    for (const table of ["security_metrics", "event_keys"])
      await server.database.asOwner(`DROP TRIGGER refuse_delete ON ${table}`);
  });
});

describe("the server's own role", () => {
  it.each([
    ["DELETE FROM realtime_monitoring", "permission denied"],
    ["DELETE FROM security_incidents", "permission denied"],
    ["SELECT drop_event_partitions(((now() AT TIME ZONE 'UTC')::date - 6))", "some organization keeps its events"],
    ["SELECT drop_event_partitions(NULL)", "some organization keeps its events"],
    ["SELECT expire_events(now(), 100000)", "a batch is 1 to 10000 rows"],
  ])("cannot do %s", async (statement, fault) => {
    await expect(server.app.db.query(server.ours, statement)).rejects.toThrow(fault);
  });

  it("cannot make an incident look older than its timeline", async () => {
    const id = await old.incident(server.ours, { at: Date.now() - 300 * day, status: "CLOSED" });
    await server.app.db.query(
      server.ours,
      "UPDATE security_incidents SET created_at = '2001-01-01', updated_at = '2001-01-01' WHERE id = $1",
      [id],
    );
    expect((await run(true)).INCIDENTS?.rows).toBe(0);
    expect((await run(false)).INCIDENTS?.rows).toBe(0);
    expect(await ids(server.ours, "security_incidents")).toContain(id);
  });

  it("cannot make the functions remove what is kept, whatever the cut-off it names", async () => {
    await old.events(server.ours, daysAgo(7), 2);
    await old.incident(server.ours, { at: Date.now() - 2_100 * day, status: "CLOSED" });
    await old.incident(server.ours, { at: Date.now() - 300 * day, status: "CLOSED" });
    const before = await old.everything(server.ours, ["security_alerts", "alert_attempts"]);
    for (const statement of ["expire_events", "expire_incidents"]) {
      const { rows } = await server.app.db.query(server.ours, `SELECT ${statement}('infinity', 1000) AS removed`);
      expect(rows).toEqual([{ removed: 0 }]);
    }
    expect(await old.everything(server.ours, ["security_alerts", "alert_attempts"])).toEqual(before);
    const { rows } = await server.app.db.query(server.ours, "SELECT expire_alerts('infinity', 1000) AS removed");
    expect(rows).toEqual([{ removed: 1 }]);
  });
});
