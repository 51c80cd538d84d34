/** People and programs over real HTTP and WebSocket, on two servers of one database. */
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { type TestServer, testServer } from "./support/server.ts";

const promised = 5_000; // ms: how long whoever is out may still be in

let here: TestServer;
let there: TestServer;

beforeAll(async () => {
  here = await testServer({});
  there = await testServer({ beside: { database: here.database, dataDir: here.dataDir } });
});
afterAll(async () => {
  await there?.close();
  await here?.close();
});

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of many shapes
  data: any;
  errors?: { message: string; extensions: { code: string; reason?: string } }[];
}

async function ask(query: string, variables: object = {}, as = here.admin, url = here.url): Promise<Answer> {
  const isCookie = as.startsWith("vigil_session_");
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-vigil-csrf": "1",
      ...(isCookie ? { cookie: `vigil_session=${as}` } : { authorization: `Bearer ${as}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  return { status: answer.status, ...((await answer.json()) as Omit<Answer, "status">) };
}

const create = `mutation ($input: UserCreateInput!) { userCreate(input: $input) {
  user { id email role suspendedAt } signInLink userErrors { code path } } }`;
const update = `mutation ($id: ID!, $input: UserUpdateInput!) { userUpdate(id: $id, input: $input) {
  user { role name suspendedAt } userErrors { code message path } } }`;
const suspend = `mutation ($id: ID!) { userSuspend(id: $id) { user { suspendedAt } userErrors { code message } } }`;
const createKey = `mutation ($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) {
  apiKey { id name role scopes expiresAt lastUsedAt } secret userErrors { code message path } } }`;
const revokeKey = `mutation ($id: ID!) { apiKeyRevoke(id: $id) { apiKey { revokedAt } userErrors { code } } }`;

let count = 0;
async function person(role: string, as = here.admin): Promise<{ id: string; session: string; email: string }> {
  const email = `person${++count}@example.org`;
  const { data } = await ask(create, { input: { email, name: "Grace", role } }, as);
  const answer = await fetch(`${here.url}${data.userCreate.signInLink}`, { redirect: "manual" });
  const session = /vigil_session=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1];
  if (!session) throw new Error(`no session: ${answer.status}`);
  return { id: data.userCreate.user.id, session, email };
}

async function open(url: string, session: string): Promise<WebSocket> {
  const headers = { cookie: `vigil_session=${session}`, origin: url };
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws", { headers });
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init" }));
  const [first] = await once(socket, "message");
  expect(JSON.parse(String(first)).type).toBe("connection_ack");
  socket.send(
    JSON.stringify({ id: "1", type: "subscribe", payload: { query: "subscription { realtimeMetrics { at } }" } }),
  );
  return socket;
}

const actions = async (entityId: string): Promise<string[]> => {
  const text = "SELECT action FROM security_audit_log WHERE entity_id = $1 ORDER BY seq";
  return (await here.app.db.query<{ action: string }>(here.ours, text, [entityId])).rows.map(({ action }) => action);
};
const rowId = (globalId: string): string => Buffer.from(globalId, "base64").toString().split(":")[1] ?? "";

describe("users", () => {
  it("are made with a link that signs them in, and listed to administrators and auditors only", async () => {
    const { id, session, email } = await person("AUDITOR");
    const { data } = await ask(
      `query ($id: ID!) { users(first: 100) { totalCount nodes { id email lastSeenAt hasSecondFactor } }
        node(id: $id) { ... on User { email } } viewer { name role permissions secondFactor } }`,
      { id },
      session,
    );
    expect(data.users.nodes).toContainEqual({ id, email, lastSeenAt: expect.any(String), hasSecondFactor: false });
    expect(data.users.totalCount).toBe(data.users.nodes.length);
    expect(data.node.email).toBe(email);
    expect(data.viewer).toMatchObject({ name: email, role: "AUDITOR", secondFactor: "NOT_ASKED" });
    expect(data.viewer.permissions).toContain("user.read");
    const viewer = await person("VIEWER");
    const refused = await ask("{ users { totalCount } }", {}, viewer.session);
    expect(refused.errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    expect(await actions(rowId(viewer.id))).toContain("PERMISSION_REFUSED");
  });

  it("keep one address each, and a bad one is told with its place", async () => {
    const { email } = await person("VIEWER");
    const input = { email: email.toUpperCase(), name: "Twin", role: "ADMIN" };
    const twice = await ask(create, { input });
    expect(twice.data.userCreate).toEqual({
      user: null,
      signInLink: null,
      userErrors: [{ code: "CONFLICT", path: ["email"] }],
    });
    const bad = await ask(create, { input: { ...input, email: "nobody" } });
    expect(bad.data.userCreate.userErrors).toEqual([{ code: "BAD_USER_INPUT", path: ["email"] }]);
  });

  it("of another organization, or made up, are not found", async () => {
    const { id } = await person("VIEWER");
    const random = Buffer.from("User:019365a0-0000-7000-8000-00000000beef").toString("base64");
    const answers = [];
    for (const [user, as] of [
      [id, here.outsider],
      [random, here.outsider],
      [random, here.admin],
    ] as const) {
      answers.push((await ask(update, { id: user, input: { role: "ADMIN" } }, as)).data.userUpdate.userErrors);
    }
    const [{ message }] = answers[0];
    for (const errors of answers) expect(errors).toEqual([{ code: "NOT_FOUND", message, path: [] }]);
  });

  // These two wait beside each other.
  it("W4 suspended on one server, are out of the other within 5 seconds: requests, sockets and streams", {
    concurrent: true,
  }, async ({ expect }) => {
    const { id, session } = await person("RESPONDER");
    expect((await ask("{ viewer { name } }", {}, session, there.url)).status).toBe(200);
    const closed = once(await open(there.url, session), "close");
    const stream = await fetch(`${there.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        "x-vigil-csrf": "1",
        cookie: `vigil_session=${session}`,
      },
      body: JSON.stringify({ query: "subscription { incidentEvents { cursor } }" }),
    });
    const started = Date.now();
    const { data } = await ask(suspend, { id });
    expect(data.userSuspend.user.suspendedAt).not.toBeNull();
    const [code] = await closed;
    expect(code).toBe(4403);
    await stream.text();
    expect(Date.now() - started).toBeLessThan(promised);
    expect((await ask("{ viewer { name } }", {}, session, there.url)).status).toBe(401);
    expect(await actions(rowId(id))).toContain("USER_SUSPENDED");
    // Let in again, the old session stays ended.
    expect((await ask(update, { id, input: { suspended: false } })).data.userUpdate.user.suspendedAt).toBeNull();
    await expect.poll(async () => (await ask("{ viewer { name } }", {}, session)).status).toBe(401);
  });

  it("W4 given another role on one server, have it on the other within 5 seconds, and their sockets end", {
    concurrent: true,
  }, async ({ expect }) => {
    const { id, session } = await person("ANALYST");
    const asked = () => ask("{ viewer { role permissions } }", {}, session, there.url);
    expect((await asked()).data.viewer.permissions).toContain("rule.write");
    const closed = once(await open(there.url, session), "close");
    const started = Date.now();
    await ask(update, { id, input: { role: "VIEWER" } });
    expect((await closed)[0]).toBe(4403);
    expect(Date.now() - started).toBeLessThan(promised);
    expect((await asked()).data.viewer).toMatchObject({ role: "VIEWER" });
  });

  it("never lose the last administrator, not even when two demote each other", async () => {
    const one = await person("ADMIN", here.outsider);
    const only = await ask(update, { id: one.id, input: { role: "VIEWER" } }, here.outsider);
    expect(only.data.userUpdate.userErrors).toEqual([
      { code: "CONFLICT", message: expect.stringContaining("last administrator"), path: ["role"] },
    ]);
    const last = await ask(suspend, { id: one.id }, here.outsider);
    expect(last.data.userSuspend.userErrors[0].code).toBe("CONFLICT");
    for (let round = 0; round < 5; round++) {
      const other = await person("ADMIN", here.outsider);
      const pair = [one.id, other.id].map((id) => ask(update, { id, input: { role: "VIEWER" } }, here.outsider));
      const errors = (await Promise.all(pair)).map(({ data }) => data.userUpdate.userErrors.length);
      expect(errors.sort()).toEqual([0, 1]);
      await ask(update, { id: one.id, input: { role: "ADMIN" } }, here.outsider);
      await ask(update, { id: other.id, input: { role: "VIEWER" } }, here.outsider);
    }
  });
});

describe("API keys", () => {
  // These two wait beside each other.
  it("C5 are shown once, listed without their secret, and a dump of the database holds none", {
    concurrent: true,
  }, async ({ expect }) => {
    const input = { name: "clinic", role: "INGEST", expiresAt: "2100-01-01T00:00:00Z" };
    const { data } = await ask(createKey, { input });
    const { apiKey, secret } = data.apiKeyCreate;
    expect(secret).toMatch(/^vigil_ingest_[0-9A-Za-z]{83}$/);
    expect(apiKey).toMatchObject({ name: "clinic", role: "INGEST", scopes: [], lastUsedAt: null });
    expect(new Date(apiKey.expiresAt)).toEqual(new Date(input.expiresAt));
    expect((await here.ingest(JSON.stringify({ action: "a" }), {}, secret)).status).toBe(200);
    const list = () => ask("{ apiKeys(first: 100) { nodes { id lastUsedAt revokedAt } } }");
    const listed = async () => (await list()).data.apiKeys.nodes.find(({ id }: { id: string }) => id === apiKey.id);
    await expect.poll(async () => (await listed()).lastUsedAt).not.toBeNull();
    expect(JSON.stringify(await list())).not.toContain(secret.slice(-39, -6));

    const tables = await here.database.asOwner<{ name: string }>(
      `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE relkind = 'r'
         AND relnamespace IN ('public'::regnamespace, 'event_partitions'::regnamespace)`,
    );
    expect(tables.length).toBeGreaterThan(15);
    for (const { name } of tables) {
      const text = `SELECT count(*)::int AS n FROM ${name} t WHERE t::text LIKE '%' || $1 || '%' OR t::text LIKE '%' || $2 || '%'`;
      const hex = Buffer.from(secret).toString("hex");
      const rows = await here.database.asOwner<{ n: number }>(text, [secret.slice(-39, -6), hex.slice(-66)]);
      expect([name, rows[0]?.n]).toEqual([name, 0]);
    }
  });

  it("C5 revoked on one server, stop on the other within 5 seconds", { concurrent: true }, async ({ expect }) => {
    const { data } = await ask(createKey, { input: { name: "old", role: "INGEST" } });
    const { apiKey, secret } = data.apiKeyCreate;
    const send = () => there.ingest(JSON.stringify({ action: "a" }), {}, secret);
    expect((await send()).status).toBe(200);
    const started = Date.now();
    expect((await ask(revokeKey, { id: apiKey.id })).data.apiKeyRevoke.apiKey.revokedAt).not.toBeNull();
    await expect.poll(async () => (await send()).status, { timeout: promised, interval: 100 }).toBe(401);
    expect(Date.now() - started).toBeLessThan(promised);
    expect(await actions(rowId(apiKey.id))).toEqual(["API_KEY_CREATED", "API_KEY_REVOKED", "SIGN_IN_REFUSED"]);
  });

  it("have no more permissions than their scopes", async () => {
    const wrong = await ask(createKey, { input: { name: "k", role: "INGEST", scopes: ["audit.read"] } });
    expect(wrong.data.apiKeyCreate).toMatchObject({
      apiKey: null,
      secret: null,
      userErrors: [{ code: "BAD_USER_INPUT", path: ["scopes"] }],
    });
    const good = await ask(createKey, { input: { name: "k", role: "INGEST", scopes: ["event.ingest"] } });
    const { data } = await ask("{ viewer { kind permissions } }", {}, good.data.apiKeyCreate.secret);
    expect(data.viewer).toEqual({ kind: "API_KEY", permissions: ["event.ingest"] });
  });

  it("of another organization are not found", async () => {
    const { data } = await ask(createKey, { input: { name: "k", role: "INGEST" } });
    const foreign = await ask(revokeKey, { id: data.apiKeyCreate.apiKey.id }, here.outsider);
    expect(foreign.data.apiKeyRevoke.userErrors).toEqual([{ code: "NOT_FOUND" }]);
  });
});

describe("the organization", () => {
  const change = `mutation ($input: OrganizationUpdateInput!) { organizationUpdate(input: $input) {
    organization { name sessionIdleMinutes secondFactorRequired } userErrors { code path } } }`;

  it("is renamed and set by administrators, within bounds", async () => {
    const changed = await ask(change, { input: { name: "Clinic", sessionIdleMinutes: 30 } });
    expect(changed.data.organizationUpdate.organization).toEqual({
      name: "Clinic",
      sessionIdleMinutes: 30,
      secondFactorRequired: false,
    });
    for (const sessionIdleMinutes of [1, 61]) {
      const { data } = await ask(change, { input: { sessionIdleMinutes } });
      expect(data.organizationUpdate.userErrors).toEqual([{ code: "BAD_USER_INPUT", path: ["sessionIdleMinutes"] }]);
    }
    const { data } = await ask("{ organization { name } }", {}, here.outsider);
    expect(data.organization.name).toBe("other");
    const { session } = await person("RESPONDER");
    expect((await ask(change, { input: { name: "Mine" } }, session)).errors?.[0]?.extensions.code).toBe("FORBIDDEN");
  });
});

describe("signing out", () => {
  it("ends the session on every server and takes the cookie back, for our own pages only", async () => {
    const { id, session } = await person("VIEWER");
    const socketClosed = once(await open(there.url, session), "close");
    const cookie = `vigil_session=${session}`;
    const leave = (headers: Record<string, string>) =>
      fetch(`${here.url}/sign-out`, { method: "POST", headers: { cookie, ...headers } });
    await leave({ origin: "https://evil.example" });
    expect((await ask("{ viewer { name } }", {}, session)).status).toBe(200);
    const answer = await leave({ origin: here.url });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("set-cookie")).toBe("vigil_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    expect((await socketClosed)[0]).toBe(4403);
    await expect.poll(async () => (await ask("{ viewer { name } }", {}, session)).status).toBe(401);
    expect(await actions(rowId(id))).toContain("SIGNED_OUT");
  });
});
