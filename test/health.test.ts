/** Vigil watching itself: its ailments as incidents, without loops, and the heartbeat that stops when any part does. */

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensureUser } from "../src/access/users.ts";
import { deliveryQueue } from "../src/alerting.ts";
import { ailmentsOf, type Signs } from "../src/health/ailments.ts";
import { beat, type Proofs } from "../src/health/heartbeat.ts";
import { judgeHealth } from "../src/health/keep.ts";
import { createMetricHistory } from "../src/metric-history.ts";
import { answerFromRedis } from "../src/queue/doorbell.ts";
import { ask } from "./audit/asking.ts";
import { quiet } from "./support/database.ts";
import { ownRedis } from "./support/redis.ts";
import { type TestServer, testServer } from "./support/server.ts";

const minute = 60_000;
let now = Date.now();
let server: TestServer;
let http: Server;
let sink: string;
/** What the sink answers, by path. */
const answers = new Map<string, number>();
const calls: string[] = [];

beforeAll(async () => {
  http = createServer((request, response) => {
    calls.push(request.url as string);
    response.writeHead(answers.get(request.url as string) ?? 200).end();
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  sink = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  server = await testServer({
    now: () => now,
    env: { VIGIL_ALLOW_PRIVATE_WEBHOOKS: "true", VIGIL_HEARTBEAT_URL: `${sink}/beat` },
  });
});
afterAll(async () => {
  await server.close();
  http.close();
});
const sql = <Row extends object>(text: string, values: unknown[] = []) =>
  server.database.asOwner<Row>(text, [server.ours, ...values]);
beforeEach(async () => {
  answers.clear();
  await sql(
    "UPDATE alert_channels SET removed_at = now(), name = id::text, failing_since = NULL WHERE organization_id = $1 AND removed_at IS NULL",
  );
  await sql(notSent);
  await sql(
    "UPDATE security_incidents SET status = 'RESOLVED', resolved_at = opened_at, resolved_by = 'test', opened_at = now() - interval '9 days' WHERE organization_id = $1",
  );
  await sql("UPDATE security_incidents SET resolved_at = opened_at WHERE organization_id = $1");
  const underWay = "SELECT FROM security_alerts WHERE organization_id = $1 AND status = 'SENDING'";
  await expect.poll(() => sql(underWay)).toEqual([]);
  calls.length = 0;
});
/** What nobody has begun to send is not sent. */
const notSent =
  "UPDATE security_alerts SET due_at = NULL, status = 'SENT', claim = NULL WHERE organization_id = $1 AND status <> 'SENDING'";

async function channel(path: string): Promise<string> {
  const id = uuidv7();
  const { errors, data } = await ask(
    server,
    `mutation ($input: AlertChannelCreateInput!) { alertChannelCreate(input: $input) { alertChannel { id } userErrors { message } } }`,
    { input: { name: `c ${id}`, kind: "WEBHOOK", test: false, webhook: { url: sink + path } } },
    { as: await fresh() },
  );
  expect([errors, data?.alertChannelCreate.userErrors]).toEqual([undefined, []]);
  return Buffer.from(data.alertChannelCreate.alertChannel.id, "base64").toString().split(":")[1] as string;
}
const fresh = () =>
  server.app.tokens.sign({ organizationId: server.ours, userId: "cli", name: "cli", role: "ADMIN" }, 3_600);
const own = () =>
  sql<{ cause: string; status: string; severity: string; resolved_by: string | null }>(
    `SELECT substr(fingerprint, 14) AS cause, status::text, severity::text, resolved_by FROM security_incidents
     WHERE organization_id = $1 AND fingerprint LIKE 'vigil:health:%' AND opened_at > now() - interval '8 days' ORDER BY id`,
  );
const look = () => server.app.sweep.health();

const well: Signs = {
  channels: [],
  givenUp: 0,
  dueSince: null,
  intake: { refused: 0, longestLagMs: 0 },
  unreached: [],
  apiKeys: [],
  heartbeat: { failingSince: null, fault: null },
};

describe("what is wrong", () => {
  const at = 100 * minute;
  const causes = (signs: Partial<Signs>): string[] =>
    ailmentsOf({ ...well, ...signs }, at).map(({ cause, severity }) => `${cause} ${severity}`);
  const one = (failingSince: number | null, id = "c", isSuspended = false) => ({
    id,
    name: id,
    failingSince,
    isSuspended,
    lastFailure: null,
  });

  it("begins at its limit, and is worse where nothing else works", () => {
    expect(causes({})).toEqual([]);
    expect(causes({ channels: [one(at - 10 * minute + 1), one(null, "d")] })).toEqual([]);
    expect(causes({ channels: [one(at - 10 * minute), one(null, "d")] })).toEqual(["channel:c HIGH"]);
    expect(causes({ channels: [one(at - 10 * minute), one(null, "d", true)] })).toEqual(["channel:c CRITICAL"]);
    expect(causes({ givenUp: 1 })).toEqual(["given-up HIGH"]);
    expect(causes({ dueSince: at - 5 * minute + 1 })).toEqual([]);
    expect(causes({ dueSince: at - 5 * minute })).toEqual(["queue HIGH"]);
    const intake = (refused: number, longestLagMs: number) => causes({ intake: { refused, longestLagMs } });
    expect([intake(0, minute - 1), intake(0, minute), intake(1, 0)]).toEqual([[], ["intake HIGH"], ["intake HIGH"]]);
    const key = (expiresAt: number) => causes({ apiKeys: [{ id: "k", name: "k", expiresAt }] });
    const day = 1_440 * minute;
    expect([key(at + 7 * day + 1), key(at + 7 * day), key(at), key(at - day)]).toEqual([
      [],
      ["api-key:k MEDIUM"],
      ["api-key:k HIGH"],
      [],
    ]);
    const heart = (failingSince: number | null) => causes({ heartbeat: { failingSince, fault: "x" } });
    expect([heart(null), heart(at - 2 * minute + 1), heart(at - 2 * minute)]).toEqual([[], [], ["heartbeat HIGH"]]);
    const step = (isNow: boolean) => ({ policyId: "p", policy: "p", step: 0, isNow });
    expect(causes({ unreached: [step(false)] })).toEqual(["responder:p MEDIUM"]);
    expect(causes({ unreached: [step(true), step(false)] })).toEqual(["responder:p HIGH"]);
  });

  it("is told once, rests when it comes and goes, and never more than ten times in an hour", () => {
    const ailment = (cause: string) => ({ cause, severity: "HIGH" as const, title: "t", message: "m" });
    const known = (cause: string, minutesAgo: number, resolvedBy: string | null = "vigil") => ({
      id: cause,
      fingerprint: `vigil:health:${cause}`,
      isOpen: resolvedBy === null,
      openedAt: new Date(at - 90 * minute),
      resolvedAt: resolvedBy === null ? null : new Date(at - minutesAgo * minute),
      resolvedBy,
    });
    const opened = (before: Parameters<typeof judgeHealth>[1], ...now: string[]) =>
      judgeHealth(now.map(ailment), before, at).open.map(({ cause }) => cause);
    expect(opened([], "a")).toEqual(["a"]);
    expect(opened([known("a", 0, null)], "a", "b")).toEqual(["b"]);
    expect(opened([known("a", 14)], "a")).toEqual([]);
    expect(opened([known("a", 15)], "a")).toEqual(["a"]);
    expect(opened([known("a", 1_439, "ann@clinic.example")], "a")).toEqual([]);
    const lately = Array.from({ length: 8 }, (_, n) => ({ ...known(`x${n}`, 0), openedAt: new Date(at - minute) }));
    expect(opened(lately, "a", "b", "c", "d")).toEqual(["a", "b"]);
    expect(
      judgeHealth([ailment("a")], [known("a", 0, null), known("b", 0, null)], at).over.map(({ id }) => id),
    ).toEqual(["b"]);
  });
});

it("a channel that does not deliver is one incident, whose own alerts are no further cause, and which ends with its cause", async () => {
  const id = await channel("/dead");
  await channel("/alive");
  answers.set("/dead", 302); // for ever: each alert is given up at once
  await server.failLogins("victim", { times: 10, from: "203.0.113.9" });
  await expect
    .poll(
      () =>
        sql("SELECT FROM security_alerts WHERE organization_id = $1 AND channel_id = $2 AND status = 'FAILED'", [id]),
      { timeout: 15_000 },
    )
    .toHaveLength(1);
  await look();
  expect((await own()).map(({ cause }) => cause)).toEqual(["given-up"]);
  await sql(
    "UPDATE security_alerts SET status = 'SENT', due_at = NULL WHERE organization_id = $1 AND channel_id = $2 AND status = 'FAILED'",
    [id],
  );
  for (let n = 0; n < 20; n++) {
    now += minute;
    await Promise.all([look(), look()]);
    await server.app.alerting.deliver(server.ours);
  }
  const all = await own();
  expect(all.map(({ cause, status, severity, resolved_by }) => [cause, status, severity, resolved_by])).toEqual([
    ["given-up", "RESOLVED", "HIGH", "vigil"],
    [`channel:${id}`, "OPEN", "HIGH", null],
  ]);
  // Its own alert was given up on the dead channel, and arrived on the other.
  const told = await sql<{ status: string; at: string }>(
    `SELECT a.status::text, a.channel_id AS at FROM security_alerts a JOIN security_incidents i ON i.organization_id = $1 AND i.id = a.incident_id
     WHERE a.organization_id = $1 AND i.fingerprint = 'vigil:health:channel:' || $2 ORDER BY a.status`,
    [id],
  );
  expect(told.map(({ status, at }) => [status, at === id])).toEqual(
    expect.arrayContaining([
      ["SENT", false],
      ["FAILED", true],
    ]),
  );
  expect(told).toHaveLength(2);
  answers.delete("/dead");
  const test = `mutation ($id: ID!) { alertTestSend(channelId: $id) { userErrors { message } } }`;
  const key = Buffer.from(`AlertChannel:${id}`).toString("base64");
  await ask(server, test, { id: key }, { as: await fresh() });
  await expect
    .poll(
      () => sql("SELECT FROM alert_channels WHERE organization_id = $1 AND id = $2 AND failing_since IS NULL", [id]),
      { timeout: 15_000 },
    )
    .toHaveLength(1);
  await look();
  expect((await own()).at(-1)).toMatchObject({ cause: `channel:${id}`, status: "RESOLVED", resolved_by: "vigil" });
}, 60_000);

it("events that are refused in any process are an incident, which ends five minutes after the last", async () => {
  const refuse = (perSecond: number) =>
    sql(
      `INSERT INTO live_processes (organization_id, process_id, at, clients, ingest_lag_ms, waiting_events, refused_per_second)
       VALUES ($1, $2, now(), 0, 0, 0, $3) ON CONFLICT (organization_id, process_id) DO UPDATE SET at = now(), refused_per_second = $3`,
      ["01900000-0000-7000-8000-00000000000e", perSecond],
    );
  const { sample } = createMetricHistory({
    db: server.app.db,
    gauges: server.app.gauges,
    processId: uuidv7(),
    log: quiet,
  });
  const intake = async () => (await own()).filter(({ cause }) => cause === "intake");
  await server.database.asOwner("DELETE FROM duties");
  await refuse(40);
  expect(await sample()).toBe(true);
  await look();
  expect(await intake()).toMatchObject([{ status: "OPEN", severity: "HIGH" }]);
  const { data } = await ask(server, "{ realtime { metrics { eventsRefusedPerSecond } } }", {}, { as: await fresh() });
  expect(data?.realtime.metrics).toEqual({ eventsRefusedPerSecond: 40 });
  await refuse(0);
  now += 4 * minute;
  await look();
  expect(await intake()).toMatchObject([{ status: "OPEN" }]);
  now += 3 * minute;
  await sample();
  await look();
  expect(await intake()).toMatchObject([{ status: "RESOLVED", resolved_by: "vigil" }]);
});

it("a step that reaches nobody, an alert that nobody sends and a key that ends are incidents; another organization has none", async () => {
  const policy = uuidv7();
  await sql(
    `INSERT INTO escalation_policies (organization_id, id, name, steps, repeats) VALUES ($1, $2, 'night', $3, 0)`,
    [policy, JSON.stringify([{ delayS: 0, tell: [{ kind: "USER", id: uuidv7() }] }])],
  );
  const late = await channel("/late");
  await sql(
    `INSERT INTO security_alerts (organization_id, id, channel_id, status, due_at) VALUES ($1, $2, $3, 'QUEUED', $4)`,
    [uuidv7(), late, new Date(now - 6 * minute)],
  );
  await sql("UPDATE api_keys SET expires_at = $2 WHERE organization_id = $1", [new Date(now + 1_440 * minute)]);
  const admin = { email: "ada@example.org", name: "Ada", role: "ADMIN" as const, now };
  await server.app.db.inOrganization(server.ours, (tx) => ensureUser(tx, admin));
  await look();
  const [key] = await sql<{ id: string }>("SELECT id FROM api_keys WHERE organization_id = $1");
  expect((await own()).map(({ cause }) => cause).sort()).toEqual(
    [`api-key:${key?.id}`, "queue", `responder:${policy}`].sort(),
  );
  const notices = await sql<{ body: string }>("SELECT body FROM security_notifications WHERE organization_id = $1");
  expect(notices.map(({ body }) => body)).toContainEqual(
    expect.stringMatching(/^The API key .+ ends soon\. It ends at /),
  );
  const theirs = await server.database.asOwner(
    "SELECT FROM security_incidents WHERE organization_id = $1 AND fingerprint LIKE 'vigil:health:%'",
    [server.theirs],
  );
  expect(theirs).toEqual([]);
  await sql("UPDATE api_keys SET expires_at = NULL WHERE organization_id = $1");
  await sql("UPDATE escalation_policies SET removed_at = now() WHERE organization_id = $1");
  await sql(notSent);
  await look();
  expect((await own()).every(({ status }) => status === "RESOLVED")).toBe(true);
});

describe("the heartbeat", () => {
  it("is not sent when any one part does not work", async () => {
    const names = ["serve", "ingest", "share", "tell", "send", "ping"] as const;
    for (const broken of [...names, undefined]) {
      const done: string[] = [];
      const proofs = Object.fromEntries(
        names.map((name) => [
          name,
          async () => {
            if (name === broken) throw new Error(`${name} is broken`);
            done.push(name);
          },
        ]),
      ) as unknown as Proofs;
      const fault = await beat(proofs, now);
      if (broken)
        expect([fault, done.includes("ping")]).toEqual([expect.stringContaining(`${broken} is broken`), false]);
      else expect([fault, done]).toEqual([undefined, [...names]]);
    }
  });

  it("goes the whole way, leaves no incident behind, is in status, and its absence is an incident", async () => {
    const part = async () => {
      const { data } = await ask(server, "{ status { parts { name ok detail } } }", {}, { as: await fresh() });
      return data.status.parts.find(({ name }: { name: string }) => name === "heartbeat");
    };
    const [before] = await sql<{ n: number }>("SELECT next_incident_number AS n FROM organizations WHERE id = $1");
    await server.app.sweep.heartbeat();
    expect(calls).toEqual([]); // as from a worker whose servers are all down
    expect(await part()).toMatchObject({ ok: false, detail: expect.stringContaining("no server answers") });
    await server.app.selfWatch.serves(server.url);
    await server.database.asOwner("UPDATE duties SET until = until + interval '1 hour' WHERE name = 'serving'");
    now += minute;
    const figures = `SELECT (SELECT count(*) FROM security_alerts) AS alerts, (SELECT count(*) FROM alert_attempts) AS tries,
      (SELECT count(*) FROM security_incidents) AS incidents, (SELECT count(*) FROM detections) AS detections,
      (SELECT count(*) FROM alert_rules) AS rules, (SELECT count(*) FROM alert_routes) AS routes,
      (SELECT count(*) FROM alert_channels WHERE removed_at IS NULL) AS channels, (SELECT count(*) FROM changes) AS changes,
      (SELECT count(*) FROM security_notifications) AS notifications`;
    const figuresBefore = await server.database.asOwner(figures);
    await server.app.sweep.heartbeat();
    expect(calls).toEqual(["/beat"]);
    expect(await part()).toEqual({ name: "heartbeat", ok: true, detail: "the last arrived 0 s ago" });
    const [after] = await sql<{ n: number }>("SELECT next_incident_number AS n FROM organizations WHERE id = $1");
    expect(after?.n).toBe(before?.n);
    expect(await server.database.asOwner(figures)).toEqual(figuresBefore); // nobody was told, no figure moved
    const carried = await server.database.asOwner("SELECT FROM realtime_monitoring WHERE client_id LIKE 'heartbeat %'");
    expect(carried).toHaveLength(1);

    const late = await channel("/late");
    await sql(
      `INSERT INTO security_alerts (organization_id, id, channel_id, status, due_at) VALUES ($1, $2, $3, 'QUEUED', $4)`,
      [uuidv7(), late, new Date(now - 6 * minute)],
    );
    now += minute;
    await server.app.sweep.heartbeat();
    expect(calls).toEqual(["/beat"]); // nothing sends alerts: nobody outside is told that all is well
    expect(await part()).toMatchObject({ ok: false, detail: expect.stringContaining("alerts are not sent") });
    await sql(notSent);

    answers.set("/beat", 503);
    now += minute;
    await server.app.sweep.heartbeat();
    now += 2 * minute;
    await server.app.sweep.heartbeat();
    const [carrier] = await server.database.asOwner<{ id: string }>("SELECT id FROM organizations ORDER BY id LIMIT 1");
    await look();
    const beats = () =>
      server.database.asOwner<{ status: string; organization_id: string }>(
        "SELECT status::text, organization_id FROM security_incidents WHERE fingerprint = 'vigil:health:heartbeat'",
      );
    expect(await beats()).toEqual([{ status: "OPEN", organization_id: carrier?.id }]);
    answers.clear();
    await server.app.sweep.heartbeat();
    await look();
    expect(await beats()).toEqual([{ status: "RESOLVED", organization_id: carrier?.id }]);
  }, 60_000);
});

describe("N10: the heartbeat of processes that share a Redis", () => {
  it("stops when any one part is stopped, and goes on when it works again", async () => {
    const redis = await ownRedis();
    const path = "/together";
    const env = { VIGIL_ALLOW_PRIVATE_WEBHOOKS: "true", VIGIL_HEARTBEAT_URL: sink + path };
    let clock = Date.now();
    const together = await testServer({ redisUrl: redis.url, env, now: () => clock });
    const { app, database } = together;
    const startSender = () => answerFromRedis(redis.url, app.alerting.deliver, app.log, deliveryQueue);
    let sender = startSender();
    const may = (verb: "GRANT" | "REVOKE", table: string) =>
      database.asOwner(`${verb} INSERT ON ${table} ${verb === "GRANT" ? "TO" : "FROM"} vigil_app`);
    const lock = (table: string) => ({ stop: () => may("REVOKE", table), mend: () => may("GRANT", table) });
    const name = new URL(database.serverUrl).pathname.slice(1);
    const besides = async (...statements: string[]) => {
      const client = new pg.Client(Object.assign(new URL(database.ownerUrl), { pathname: "/postgres" }).href);
      await client.connect();
      for (const statement of statements) await client.query(statement);
      await client.end();
    };
    const serving = async (ago: string) =>
      void (await database.asOwner(`UPDATE duties SET until = now() + interval '${ago}' WHERE name = 'serving'`));
    const parts: Record<string, { stop(): unknown; mend(): unknown; says?: string }> = {
      server: { stop: () => serving("-1 hour"), mend: () => serving("1 hour"), says: "no server answers" },
      ingest: { ...lock("realtime_monitoring"), says: "events are not taken in" },
      "rule engine": { ...lock("detections"), says: "incidents are not told: permission denied for table detections" },
      incident: { ...lock("security_incidents"), says: "permission denied for table security_incidents" },
      outbox: { ...lock("security_alerts"), says: "permission denied for table security_alerts" },
      sender: {
        stop: () => sender.close(),
        mend: () => void (sender = startSender()),
        says: "alerts are not sent: one was not sent within",
      },
      Redis: { stop: () => redis.kill(), mend: () => redis.start(), says: "Redis does not answer" },
      PostgreSQL: {
        stop: () =>
          besides(
            `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`,
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
          ),
        mend: () => besides(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`),
      },
    };
    const arrived = () => calls.filter((call) => call === path).length;
    const fault = async () =>
      (
        await database.asOwner<{ fault: string }>(
          "SELECT heartbeat_fault AS fault FROM organizations ORDER BY id LIMIT 1",
        )
      )[0]?.fault;
    const beats = async () => {
      const before = arrived();
      clock += minute; // one event a period
      await app.sweep.heartbeat();
      return arrived() - before;
    };
    await app.selfWatch.serves(together.url);
    await serving("1 hour");
    await expect.poll(beats, { timeout: 60_000 }).toBe(1);
    expect(await fault()).toBe(null);
    for (const [part, { stop, mend, says }] of Object.entries(parts)) {
      await stop();
      expect([part, await beats().catch(() => 0)]).toEqual([part, 0]);
      if (says) expect([part, await fault()]).toEqual([part, expect.stringContaining(says)]);
      await mend();
      await expect.poll(() => beats().catch(() => 0), { timeout: 60_000 }).toBe(1);
    }
    await sender.close();
    await together.close();
    await redis.close();
  }, 300_000);

  it("is not kept up by a server that answers and whose rules find nothing", async () => {
    await server.database.asOwner("DELETE FROM duties");
    await server.database.asOwner("REVOKE INSERT ON detections FROM vigil_app");
    now += minute;
    await expect(server.app.selfWatch.serves(server.url)).rejects.toThrow("detections");
    expect(await server.database.asOwner("SELECT FROM duties WHERE name = 'serving'")).toEqual([]);
    await server.database.asOwner("GRANT INSERT ON detections TO vigil_app");
    await server.app.selfWatch.serves(server.url);
    expect(await server.database.asOwner("SELECT FROM duties WHERE name = 'serving'")).toHaveLength(1);
  });
});

it("status tells versions, how fast each part answers, and what waits", async () => {
  const id = await channel("/backlog");
  await sql(
    `INSERT INTO security_alerts (organization_id, id, channel_id, status, due_at, created_at)
     VALUES ($1, gen_random_uuid(), $2, 'QUEUED', now() - interval '1 hour', now())`,
    [id],
  );
  const { data, errors } = await ask(
    server,
    "{ status { version node backlog { ingestMs alertsQueued alertsMs } parts { name ok version latencyMs queues { name waiting failed } } } }",
    {},
    { as: await fresh() },
  );
  expect(errors).toBeUndefined();
  const { version, node, backlog, parts } = data.status;
  expect([version, node]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+/), process.versions.node]);
  expect(backlog).toEqual({ ingestMs: 0, alertsQueued: 1, alertsMs: expect.any(Number) });
  expect(backlog.alertsMs).toBeGreaterThan(3_000_000);
  const database = parts.find(({ name }: { name: string }) => name === "database");
  expect(database).toMatchObject({ ok: true, version: expect.stringMatching(/^\d+/), latencyMs: expect.any(Number) });
  const queues = parts.find(({ name }: { name: string }) => name === "queues");
  const counts = { waiting: expect.any(Number), failed: expect.any(Number) };
  expect(queues.queues).toEqual(["vigil-sweep", "vigil-bulk"].map((name) => ({ name, ...counts })));
  const told = await (await fetch(`${server.url}/health/ready`)).json();
  expect(JSON.stringify(told)).not.toContain(database.version); // anybody may ask
});
