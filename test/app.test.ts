import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Client, createClient } from "graphql-ws";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import WebSocket from "ws";
import { createApiKey } from "../src/access/api-keys.ts";
import { type App, openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { workJobs } from "../src/queue/queue.ts";
import { createServer, type VigilServer } from "../src/server/server.ts";
import { serve } from "../src/server.ts";
import { quiet, type TestDatabase, testDatabase } from "./support/database.ts";
import { redisDatabase } from "./support/given-redis.ts";

interface Running {
  app: App;
  server: VigilServer;
  url: string;
}

let test: TestDatabase;
let dataDir: string;
let first: Running;
let second: Running;
let ours: string;
let theirs: string;
let admin: string;
let outsider: string;
let key: string;
const clients: Client[] = [];

async function run(): Promise<Running> {
  const config = parseConfig({
    DATABASE_URL: test.serverUrl,
    VIGIL_OWNER_DATABASE_URL: test.ownerUrl,
    REDIS_URL: inject("redisUrl"),
    VIGIL_DATA_DIR: dataDir,
  });
  const app = await openApp(config, { log: quiet });
  const server = createServer(app);
  return { app, server, url: await server.listen(0, "127.0.0.1") };
}

const token = (organizationId: string, role: "ADMIN" | "VIEWER") =>
  first.app.tokens.sign({ organizationId, userId: "cli", name: "tester", role }, 600);

async function graphql(query: string, variables: object = {}, as = admin, url = first.url) {
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(as ? { authorization: `Bearer ${as}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of many shapes
  return (await answer.json()) as { data?: any; errors?: { message: string; extensions: { code: string } }[] };
}

const failures = (user: string, times: number) =>
  Array.from({ length: times }, (_, n) => ({
    action: "login",
    category: "authentication",
    outcome: "failure",
    actor: { name: user },
    source: { ip: `198.51.100.${n}` },
  }));

async function ingest(body: BodyInit, headers: Record<string, string> = {}, as = key) {
  const answer = await fetch(`${first.url}/ingest`, {
    method: "POST",
    headers: { authorization: `Bearer ${as}`, "content-type": "application/x-ndjson", ...headers },
    body,
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}
const ndjson = (values: unknown[]) => values.map((value) => JSON.stringify(value)).join("\n");

function subscribe(url: string, query: string, as = admin) {
  const client = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${as}` },
    retryAttempts: 0,
  });
  clients.push(client);
  // biome-ignore lint/suspicious/noExplicitAny: as above
  return client.iterate<any>({ query });
}

beforeAll(async () => {
  test = await testDatabase();
  [ours, theirs] = test.organizations.map(({ id }) => id) as [string, string];
  dataDir = await mkdtemp(join(tmpdir(), "vigil-app-"));
  first = await run();
  second = await run();
  [admin, outsider] = await Promise.all([token(ours, "ADMIN"), token(theirs, "ADMIN")]);
  key = (
    await first.app.db.inOrganization(ours, (tx) =>
      createApiKey(tx, { name: "clinic", role: "INGEST", actor: "tester", now: Date.now() }),
    )
  ).secret;
});
afterAll(async () => {
  for (const client of clients) await client.dispose();
  for (const { server, app } of [first, second]) {
    await server.close();
    await app.close();
  }
  await rm(dataDir, { recursive: true, force: true });
  await test.close();
});

describe("POST /ingest", () => {
  it("takes NDJSON, a JSON array and gzip, and keeps the good events beside a bad one", async () => {
    const mixed = await ingest(ndjson([{ action: "a" }, { action: "b", source: { ip: "nowhere" } }, { action: "c" }]));
    expect(mixed).toMatchObject({
      status: 200,
      body: { accepted: 2, rejected: [{ index: 1, code: "INVALID_FIELD" }] },
    });
    const array = await ingest(JSON.stringify([{ action: "a" }]), { "content-type": "application/json" });
    expect(array).toMatchObject({ status: 200, body: { accepted: 1 } });
    const zipped = await ingest(new Uint8Array(gzipSync(ndjson([{ id: "z", action: "a" }]))), {
      "content-encoding": "gzip",
    });
    expect(zipped).toMatchObject({ status: 200, body: { accepted: 1, duplicates: 0 } });
    expect(await ingest(ndjson([{ id: "z", action: "a" }]))).toMatchObject({
      status: 200,
      body: { accepted: 0, duplicates: 1 },
    });
  });

  it("refuses strangers, readers, and batches without a single good event", async () => {
    expect((await ingest("{}", {}, "nobody")).status).toBe(401);
    expect((await ingest(ndjson([{ action: "a" }]), {}, await token(ours, "VIEWER"))).status).toBe(403);
    expect((await ingest(ndjson([{ no: "action" }]))).status).toBe(400);
  });
});

describe("from a failed log-in to an incident", () => {
  it("shows it in the queries of the contract, lets it be resolved once, and shows another organization nothing", async () => {
    const metrics = subscribe(
      first.url,
      "subscription Metrics { realtimeMetrics { at eventsPerSecond openIncidents activeThreats alertsQueued detectionsPerMinute ingestLagMs } }",
    );
    expect((await metrics.next()).value.data.realtimeMetrics.openIncidents).toBe(0);
    await metrics.return?.();
    expect(await ingest(ndjson(failures("ann", 10)))).toMatchObject({ status: 200, body: { accepted: 10 } });
    const incidents = `query Incidents { incidents(first: 50, orderBy: [{field: CREATED_AT, direction: DESC}]) { totalCount nodes { id number title severity status threatScore openedAt detectionCount subjects { kind key } rule { name } } pageInfo { hasNextPage endCursor } } }`;
    const list = (await graphql(incidents)).data.incidents;
    expect(list).toMatchObject({ totalCount: 1, nodes: [{ number: 1, status: "OPEN", detectionCount: 1 }] });
    const incident = `query Incident($number: Int!) { incident(number: $number) { id revision entries(first: 50) { nodes { kind at message actor } } actions(first: 20) { nodes { id type status target expiresAt } } alerts(first: 20) { nodes { id status channel { kind name } attempts { at outcome detail } heldBy { kind reason } } } detections(first: 20) { nodes { id rule { name } firstEventAt lastEventAt eventCount } } } }`;
    const one = (await graphql(incident, { number: 1 })).data.incident;
    expect(one.entries.nodes).toMatchObject([{ kind: "OPENED", actor: "vigil" }]);
    expect(one.detections.nodes).toMatchObject([{ eventCount: 10 }]);
    expect((await graphql(incidents, {}, outsider)).data.incidents.totalCount).toBe(0);
    const foreign = await graphql(
      "query($id: ID!) { incident(id: $id) { id } node(id: $id) { id } }",
      { id: one.id },
      outsider,
    );
    expect(foreign.data ?? { incident: null, node: null }).toEqual({ incident: null, node: null });
    const resolve = `mutation Resolve($id: ID!, $input: IncidentResolveInput!) { incidentResolve(id: $id, input: $input) { incident { status resolution revision } userErrors { code message path } cursor } }`;
    const input = { resolution: "TRUE_POSITIVE", reason: "blocked", expectedRevision: one.revision };
    const outside = await graphql(resolve, { id: one.id, input }, outsider);
    expect(outside.data.incidentResolve).toMatchObject({ incident: null, userErrors: [{ code: "NOT_FOUND" }] });
    const done = await graphql(resolve, { id: one.id, input });
    expect(done.data.incidentResolve).toMatchObject({
      incident: { status: "RESOLVED", revision: one.revision + 1 },
      userErrors: [],
    });
    const again = await graphql(resolve, { id: one.id, input });
    expect(again.data.incidentResolve).toMatchObject({
      incident: { status: "RESOLVED", revision: one.revision + 1 },
      userErrors: [{ code: "CONFLICT" }],
      cursor: null,
    });
    const audited = await test.db.query(ours, "SELECT action FROM security_audit_log WHERE entity_kind = 'Incident'");
    expect(audited.rows.length).toBeGreaterThan(0);
  });

  it("takes in Sigma rules, names the faulty one's line, and applies the good one to the next batch", async () => {
    const yaml = [
      "title: Export by night",
      "logsource:",
      "  product: clinic",
      "detection:",
      "  s:",
      "    event.action: export",
      "  condition: s",
      "---",
      "title: Broken",
      "logsource:",
      "  product: clinic",
      "detection:",
      "  s:",
      "    event.action|nonsense: export",
      "  condition: s",
    ].join("\n");
    const mutation = `mutation ImportRules($input: AlertRulesImportInput!) { alertRulesImport(input: $input) { imported rejected { document line code message } alertRules { id name } userErrors { code message path } } }`;
    const { data } = await graphql(mutation, { input: { yaml, mode: "ACTIVE" } });
    expect(data.alertRulesImport).toMatchObject({
      imported: 1,
      rejected: [{ document: 1, line: 14 }],
      alertRules: [{ name: "Export by night" }],
    });
    const send = `mutation Ingest($input: SecurityEventsIngestInput!) { securityEventsIngest(input: $input) { accepted duplicates rejected { index code message } userErrors { code message path } } }`;
    const events = [{ action: "export", logsource: { product: "clinic" }, actor: { name: "eve" } }];
    expect((await graphql(send, { input: { events } })).data.securityEventsIngest).toMatchObject({ accepted: 1 });
    const page = await graphql(
      "query Detections($first: Int!, $after: String) { detections(first: $first, after: $after) { nodes { id fingerprint rule { id name } subjects { kind key } firstEventAt lastEventAt eventCount } pageInfo { hasNextPage endCursor } } }",
      { first: 1 },
    );
    const [latest] = page.data.detections.nodes;
    const rest = await graphql(
      "query($after: String) { detections(first: 10, after: $after) { nodes { rule { name } } } }",
      { after: page.data.detections.pageInfo.endCursor },
    );
    const names = [latest, ...rest.data.detections.nodes].map((node: { rule: { name: string } }) => node.rule.name);
    expect(names.sort()).toEqual(["Brute force on one account", "Export by night"]);
  });
});

describe("subscriptions", () => {
  const live = (after?: string) =>
    `subscription { incidentEvents${after ? `(after: "${after}")` : ""} { cursor kind incident { id number severity status } } }`;
  const cursorNow = async () => (await graphql("{ realtime { cursor } }")).data.realtime.cursor as string;

  it("on another server, through Redis, hear of an incident at once, and resume with exactly what was missed", async () => {
    const stream = subscribe(second.url, live(await cursorNow()));
    const next = stream.next();
    await ingest(ndjson(failures("bob", 10)));
    const frame = (await next).value.data.incidentEvents;
    expect(frame).toMatchObject({ kind: "OPENED", incident: { status: "OPEN", severity: "HIGH" } });
    await stream.return?.();
    await ingest(ndjson(failures("carol", 10)));
    await ingest(ndjson(failures("dan", 10)));
    const resumed = subscribe(second.url, live(frame.cursor));
    const numbers = [(await resumed.next()).value, (await resumed.next()).value].map(
      (value) => value.data.incidentEvents.incident.number,
    );
    expect(numbers).toEqual([frame.incident.number + 1, frame.incident.number + 2]);
    await resumed.return?.();
  });

  it("work over server-sent events too", async () => {
    const after = await cursorNow();
    await ingest(ndjson(failures("frank", 10)));
    const abort = new AbortController();
    const answer = await fetch(`${first.url}/graphql`, {
      method: "POST",
      headers: { authorization: `Bearer ${admin}`, "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ query: live(after) }),
      signal: abort.signal,
    });
    let text = "";
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if (text.includes("OPENED")) break;
    }
    expect(text).toContain("event: next");
    abort.abort();
  });

  it("are refused without a token, and another organization's hear nothing", async () => {
    const stranger = subscribe(first.url, live(), "nobody");
    await expect(stranger.next()).rejects.toMatchObject({ code: 4403 });
    const after = await cursorNow();
    const theirStream = subscribe(first.url, live(after), outsider);
    const theirs = theirStream.next();
    const ourStream = subscribe(first.url, live(after));
    await ingest(ndjson(failures("grace", 10)));
    await ourStream.next();
    expect(await Promise.race([theirs, ourStream.return?.().then(() => "nothing")])).toBe("nothing");
  });
});

describe("access", () => {
  it("refuses every field to strangers and what a role may not do, by code", async () => {
    expect((await graphql("{ incidents { totalCount } }", {}, "")).errors?.[0]?.extensions.code).toBe(
      "UNAUTHENTICATED",
    );
    const viewer = await token(ours, "VIEWER");
    const denied = await graphql(
      'mutation { alertRulesImport(input: {yaml: "x", mode: ACTIVE}) { imported } }',
      {},
      viewer,
    );
    expect(denied.errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    expect((await graphql("{ incidents { totalCount } }", {}, key)).errors?.[0]?.extensions.code).toBe("FORBIDDEN");
  });
});

describe("scheduled jobs", () => {
  it("run by BullMQ on Redis", async () => {
    let ran: (name: string) => void = () => {};
    const done = new Promise<string>((resolve) => {
      ran = resolve;
    });
    const handlers = {
      ...first.app.sweep,
      partitions: async () => {
        await first.app.sweep.partitions();
        ran("partitions");
      },
    };
    const jobs = await workJobs({ redisUrl: redisDatabase(1) }, handlers, quiet);
    expect(await done).toBe("partitions");
    await jobs.close();
  });
});

it("a server whose list of documents cannot be read ends before it opens anything, its own PostgreSQL above all", async () => {
  const directory = join(dataDir, "none");
  const VIGIL_PERSISTED_DOCUMENTS = join(dataDir, "no-documents.json");
  const config = parseConfig({ VIGIL_DATA_DIR: directory, VIGIL_PERSISTED_DOCUMENTS, LOG_LEVEL: "silent" });
  await expect(serve(config)).rejects.toThrow(/no-documents\.json/);
  expect(existsSync(directory)).toBe(false);
});
