/** A process is killed around the commit of a batch: whoever gets the resend finds what an uninterrupted run finds. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { freePort } from "../../../src/embedded/free-port.ts";
import type { RedisConnection } from "../../../src/redis.ts";
import { givenRedis, ofEach } from "../../support/given-redis.ts";
import { ndjson, type TestServer, testServer } from "../../support/server.ts";

const lock = 4_711; // who holds this advisory lock keeps commits of batches waiting
let survivor: TestServer;
let owner: pg.Client;
let redis: RedisConnection;
let child: ChildProcess;
let childUrl: string;
const start = Date.now() - 120_000;

/** Failed log-ins of one account: the same each time they are made. */
const failures = (user: string, from: number, to: number): object[] =>
  Array.from({ length: to - from }, (_, n) => ({
    id: `${user}-${from + n}`,
    time: new Date(start + (from + n) * 1_000).toISOString(),
    ...{ action: "login", category: "authentication", outcome: "failure" },
    actor: { name: user },
    source: { ip: `198.51.100.${from + n}` },
  }));

/** The rule fires at ten failures: for `late` only with the third batch, for `now` within the second, which is cut short. */
function batchesOf(scenario: string): [object[], object[], object[]] {
  const [late, now] = [`${scenario}-late`, `${scenario}-now`];
  const first = [...failures(late, 0, 5), ...failures(now, 0, 6)];
  return [first, [...failures(late, 5, 9), ...failures(now, 6, 12)], failures(late, 9, 10)];
}

async function send(url: string, batch: object[], key: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" };
  return (await fetch(`${url}/ingest`, { method: "POST", headers, body: ndjson(batch) })).json();
}

async function found(organizationId: string, scenario: string): Promise<object[]> {
  const { rows } = await survivor.database.db.query(
    organizationId,
    `SELECT r.reference, d.subjects, d.explanation, d.event_count, d.first_event_at, d.last_event_at,
       (SELECT array_agg(e.client_id ORDER BY e.client_id) FROM realtime_monitoring e WHERE e.id = ANY(d.event_ids)) AS events,
       i.event_count AS incident_events, i.detection_count
     FROM detections d JOIN alert_rules r ON r.organization_id = d.organization_id AND r.id = d.rule_id
     LEFT JOIN security_incidents i ON i.organization_id = d.organization_id AND i.id = d.incident_id
     WHERE d.subjects::text LIKE '%' || $1 || '%' ORDER BY r.reference, d.subjects::text, d.first_event_at`,
    [scenario],
  );
  return rows;
}

async function positions(): Promise<{ inRedis: string | null; committed: string }> {
  const keys = await ofEach(redis, (node) => node.keys(`{vigil:${survivor.ours}}:windows:*:state`));
  const [state] = keys.flat();
  const { rows } = await owner.query("SELECT batch_id FROM detection_positions WHERE organization_id = $1", [
    survivor.ours,
  ]);
  return { inRedis: await redis.hget(state ?? "", "batch"), committed: rows[0]?.batch_id };
}

/** The connection whose commit waits for the lock. */
async function waiting(): Promise<number | undefined> {
  const { rows } = await owner.query<{ pid: number }>(
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${lock} AND NOT granted
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows[0]?.pid;
}

beforeAll(async () => {
  survivor = await testServer({ redisUrl: inject("redisUrl") });
  redis = await givenRedis();
  owner = new pg.Client({ connectionString: survivor.database.ownerUrl });
  await owner.connect();
  await owner.query(
    `CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS
       'BEGIN PERFORM pg_advisory_xact_lock_shared(${lock}); RETURN NULL; END';
     CREATE CONSTRAINT TRIGGER wait_at_commit AFTER INSERT OR UPDATE ON detection_positions
       DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait_at_commit()`,
  );
});
afterAll(async () => {
  await owner?.end();
  redis?.disconnect();
  await survivor?.close();
});

beforeEach(async () => {
  const port = await freePort();
  childUrl = `http://127.0.0.1:${port}`;
  child = spawn(process.execPath, [join(import.meta.dirname, "../../../src/vigil.js"), "start"], {
    env: {
      ...process.env,
      DATABASE_URL: survivor.database.serverUrl,
      VIGIL_OWNER_DATABASE_URL: survivor.database.ownerUrl,
      VIGIL_DATA_DIR: survivor.dataDir,
      REDIS_URL: inject("redisUrl"),
      ...{ PORT: String(port), LOG_LEVEL: "fatal" },
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout ?? []) if (/is running/.test((text += chunk))) break;
});
afterEach(async () => {
  await owner.query("SELECT pg_advisory_unlock_all()");
  if (child.exitCode === null && child.signalCode === null) await kill();
});

async function kill(): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** Sends the first batch to the child, and the second, whose commit waits; gives the connection, and what the sender gets. */
async function stopAtCommit([first, second]: object[][]) {
  expect(await send(childUrl, first ?? [], survivor.key)).toMatchObject({ accepted: first?.length });
  await owner.query(`SELECT pg_advisory_lock(${lock})`);
  const answer = send(childUrl, second ?? [], survivor.key).then(
    () => "answered",
    () => "cut off",
  );
  await expect.poll(waiting, { timeout: 15_000 }).toBeTypeOf("number");
  return { pid: await waiting(), answer };
}

/** What the survivor makes of the resend and the rest, beside what the other organization's uninterrupted run makes. */
async function expectSame(scenario: string, batches: [object[], object[], object[]], resent: object): Promise<void> {
  const [first, second, third] = batches;
  expect(await send(survivor.url, second, survivor.key)).toMatchObject(resent);
  const users = async (organizationId: string) =>
    (await found(organizationId, scenario)).map((row) => JSON.stringify((row as { subjects: unknown }).subjects));
  expect((await users(survivor.ours)).join()).not.toContain(`${scenario}-late`);
  expect(await send(survivor.url, third, survivor.key)).toMatchObject({ accepted: 1 });
  for (const batch of [first, second, third]) await send(survivor.url, batch, survivor.otherKey);
  const whole = await found(survivor.theirs, scenario);
  expect(whole).toMatchObject([{ event_count: 10 }, { event_count: 12 }]);
  expect(await found(survivor.ours, scenario)).toEqual(whole);
}

describe("a process that is killed", { timeout: 60_000 }, () => {
  it("after its windows are in Redis and before the commit has detected nothing: the resend does, once", async () => {
    const batches = batchesOf("before");
    const { pid, answer } = await stopAtCommit(batches);
    const { inRedis, committed } = await positions();
    expect(inRedis).toMatch(/^[0-9a-f-]{36}$/);
    expect(inRedis).not.toBe(committed);
    await kill();
    await owner.query("SELECT pg_terminate_backend($1)", [pid]); // it would commit, once it need not wait
    await expect.poll(waiting).toBe(undefined);
    await owner.query(`SELECT pg_advisory_unlock(${lock})`);
    expect(await answer).toBe("cut off");
    expect(await positions()).toEqual({ inRedis, committed });
    const windows = async () => (await survivor.app.health()).parts.find(({ name }) => name === "windows")?.detail;
    await send(survivor.url, failures("nobody", 0, 1), survivor.otherKey); // the other organization has none yet
    const told = await windows();
    await expectSame("before", batches, { accepted: batches[1].length, duplicates: 0 });
    expect(await windows()).toBe(told); // taken back, and not built anew from an hour's events
  });

  it("after the commit and before the answer has detected: the resend adds nothing", async () => {
    const batches = batchesOf("after");
    const { answer } = await stopAtCommit(batches);
    const { inRedis } = await positions();
    child.kill("SIGSTOP");
    await owner.query(`SELECT pg_advisory_unlock(${lock})`);
    await expect.poll(positions).toEqual({ inRedis, committed: inRedis });
    await kill();
    expect(await answer).toBe("cut off");
    await expectSame("after", batches, { accepted: 0, duplicates: batches[1].length });
  });
});
