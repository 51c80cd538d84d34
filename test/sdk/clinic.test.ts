import { request as requestHttp, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClinic, identify } from "../../examples/clinic/clinic.ts";
import { createApiKey } from "../../src/access/api-keys.ts";
import { ensureUser } from "../../src/access/users.ts";
import { monitorSecurity, type SecurityMonitor } from "../../src/sdk/index.ts";
import { type TestServer, testServer } from "../support/server.ts";

let vigil: TestServer;
let monitor: SecurityMonitor;
let clinic: Server;
let port: number;
let skip = 0; // ms that the SDK's clock is ahead
let stopped: number | undefined; // where it stands still, as closing a server takes its time
let isDown = false;
const errors: string[] = [];

beforeAll(async () => {
  vigil = await testServer({});
  const input = { name: "clinic", role: "ENFORCER" as const, actor: "tester", now: Date.now() };
  const { secret } = await vigil.app.db.inOrganization(vigil.ours, (tx) => createApiKey(tx, input));
  monitor = monitorSecurity<import("express").Request>({
    url: vigil.url,
    apiKey: secret,
    name: "clinic-1",
    identify,
    trustedProxies: ["127.0.0.0/8"],
    onError: ({ message }) => errors.push(message),
    clock: { now: Date.now, elapsed: () => (stopped ?? performance.now()) + skip },
  });
  clinic = createClinic(monitor).listen(0, "127.0.0.1");
  await new Promise((resolve) => clinic.once("listening", resolve));
  ({ port } = clinic.address() as AddressInfo);
});
afterAll(async () => {
  await monitor?.close();
  clinic?.close();
  clinic?.closeAllConnections();
  if (!isDown) await vigil?.close();
});

interface Sent {
  from: string;
  method?: string;
  json?: unknown;
  cookie?: string;
}

/** Asks the clinic as somebody behind its proxy. */
function ask(
  path: string,
  { from, method = "GET", json, cookie }: Sent,
): Promise<{ status: number; text: string; cookie: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      "x-forwarded-for": from,
      ...(json ? { "content-type": "application/json" } : {}),
      ...(cookie ? { cookie } : {}),
    };
    const request = requestHttp({ port, path, method, headers }, (response) => {
      let text = "";
      response.on("data", (part) => (text += part));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text, cookie: response.headers["set-cookie"]?.[0] ?? "" }),
      );
    });
    request.on("error", reject);
    request.end(json ? JSON.stringify(json) : undefined);
  });
}

async function until(what: string, holds: () => Promise<boolean> | boolean, most = 15_000): Promise<void> {
  const end = performance.now() + most;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${most} ms: ${what}; ${errors.join("; ")}`);
    await wait(5);
  }
}

const asAdmin = async (query: string, variables: object): Promise<Record<string, never>> => {
  const answer = await vigil.query<Record<string, never>, object>(query as never, variables);
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
};
const decide = (input: object) =>
  asAdmin(
    "mutation D($input: DecisionCreateInput!) { decisionCreate(input: $input) { decision { id expiresAt } userErrors { message } } }",
    { input: { reason: "guesses passwords", ...input } },
  );
/** As two people do it together, on an incident. */
async function suspend(target: string): Promise<void> {
  const { incidents } = (await asAdmin("{ incidents(first: 1) { nodes { id } } }", {})) as never as {
    incidents: { nodes: { id: string }[] };
  };
  const input = { type: "SUSPEND_USER", target, ttl: "PT1H", reason: "guesses passwords" };
  const { incidentRespond } = (await asAdmin(
    "mutation R($id: ID!, $input: IncidentRespondInput!) { incidentRespond(id: $id, input: $input) { action { id } } }",
    { id: incidents.nodes[0]?.id, input },
  )) as never as { incidentRespond: { action: { id: string } } };
  const user = { email: "second@clinic.example", name: "second", role: "RESPONDER" as const, now: Date.now() };
  const userId = await vigil.app.db.inOrganization(vigil.ours, (tx) => ensureUser(tx, user));
  const { name, role } = user;
  const second = await vigil.app.tokens.sign({ organizationId: vigil.ours, userId, name, role }, 600);
  const text = "mutation A($id: ID!) { incidentActionApprove(id: $id) { userErrors { message } } }";
  const { errors: faults } = await vigil.query(text as never, { id: incidentRespond.action.id } as never, second);
  if (faults) throw new Error(JSON.stringify(faults));
}
const badLogin = (from: string, n: number) =>
  ask("/sign-in", { from, method: "POST", json: { email: "ann@clinic.example", password: `guess ${n}` } });

const attacker = (n: number): string => `203.0.113.10${n}`;

describe("the clinic with Vigil in it", () => {
  it("tells of an attack, from the attacker's own address, and an incident is opened", async () => {
    for (let n = 0; n < 16; n++) expect((await badLogin("198.51.100.66", n)).status).toBe(401);
    await until("an incident about the address", async () => {
      const { incidents } = (await asAdmin(
        "{ incidents(first: 20) { nodes { subjects { kind key } } } }",
        {},
      )) as never;
      return JSON.stringify(incidents).includes("198.51.100.66");
    });
    expect(monitor.status()).toMatchObject({ dropped: 0, rejected: 0 });
  });

  it("refuses a blocked address, nobody else, and says that it does", async () => {
    await until("the first list", () => monitor.status().reached);
    for (let n = 0; n < 20; n++) {
      const from = `198.51.100.${100 + n}`;
      await decide({ type: "BLOCK_IP", scope: "IP", value: from, ttl: "PT1H" });
      await until("a refusal", async () => (await ask("/", { from })).status === 403);
    }
    expect((await ask("/", { from: "198.51.100.100" })).text).toContain("BLOCKED");
    expect((await ask("/", { from: "198.51.100.99" })).status).toBe(200);
    // A header that a client wrote itself does not count: the proxy added the true address behind it.
    expect((await ask("/", { from: "198.51.100.100, 198.51.100.99" })).status).toBe(200);
    expect((await ask("/", { from: "198.51.100.99, 198.51.100.100" })).status).toBe(403);
    await until("acknowledgements of all", async () => {
      const { rows: applied } = await vigil.app.db.inOrganization(vigil.ours, (tx) =>
        tx.query("SELECT FROM decision_acknowledgements WHERE organization_id = $1", [vigil.ours]),
      );
      return applied.length >= 20;
    });
  });

  it("blocks an attacker by the rules that it comes with, once a person has promoted the one on trial", async () => {
    const { responseRules } = (await asAdmin("{ responseRules { id name mode } }", {})) as never;
    const shipped = (responseRules as { id: string; name: string; mode: string }[]).find(
      ({ name }) => name === "Block the address of a critical brute force",
    );
    expect(shipped?.mode).toBe("MONITOR");
    await asAdmin(
      "mutation P($id: ID!) { responseRuleUpdate(id: $id, input: { mode: ACTIVE }) { userErrors { message } } }",
      { id: shipped?.id },
    );
    for (let n = 0; n < 5; n++) {
      const from = attacker(n);
      for (let guess = 0; guess < 60; guess++) expect((await badLogin(from, guess)).status).toBe(401);
      await until("the attacker is refused", async () => (await badLogin(from, 60)).status === 403);
    }
    expect((await ask("/", { from: "198.51.100.99" })).status).toBe(200);
    const { rows } = await vigil.app.db.inOrganization(vigil.ours, (tx) =>
      tx.query<{ target: string; rule: string; ttl: number }>(
        `SELECT a.target, r.name AS rule, a.ttl_s AS ttl FROM incident_actions a
         JOIN response_rules r ON r.organization_id = a.organization_id AND r.id = a.rule_id
         WHERE a.organization_id = $1 AND a.type = 'BLOCK_IP' AND a.status = 'APPLIED' ORDER BY a.target`,
        [vigil.ours],
      ),
    );
    const expected = Array.from({ length: 5 }, (_, n) => ({ target: attacker(n), rule: shipped?.name, ttl: 3_600 }));
    expect(rows).toEqual(expected);
  }, 60_000);

  it("lets somebody in again when a decision is revoked", async () => {
    const from = "198.51.100.31";
    const { decisionCreate } = (await decide({ type: "BLOCK_IP", scope: "IP", value: from })) as never;
    const { id } = (decisionCreate as { decision: { id: string } }).decision;
    await until("a refusal", async () => (await ask("/", { from })).status === 403);
    await asAdmin(
      'mutation R($id: ID!) { decisionRevoke(id: $id, input: { reason: "our own" }) { userErrors { message } } }',
      { id },
    );
    await until("an answer", async () => (await ask("/", { from })).status === 200);
  });

  it("suspends a user and demands a second factor, wherever the user comes from", async () => {
    const email = "ann@clinic.example";
    const signIn = { from: "192.0.2.10", method: "POST", json: { email, password: "a nurse's long password" } };
    const cookie = (await ask("/sign-in", signIn)).cookie.split(";")[0] as string;
    expect((await ask("/patients/p-1", { from: "192.0.2.10", cookie })).status).toBe(200);
    await decide({ type: "FORCE_MFA", scope: "USER", value: email, ttl: "PT1H" });
    await until("a demand", async () => (await ask("/patients", { from: "192.0.2.11", cookie })).status === 401);
    expect((await ask("/patients", { from: "192.0.2.11", cookie })).text).toContain("MFA_REQUIRED");
    await suspend(email.toUpperCase());
    await until("a suspension", async () => (await ask("/patients", { from: "192.0.2.12", cookie })).status === 403);
    expect((await ask("/", { from: "192.0.2.12" })).status).toBe(200);
  });

  it("R9: keeps a block while Vigil is down, ends it at its time by its own clock, and never fails its host", async () => {
    const from = "203.0.113.40";
    await decide({ type: "BLOCK_IP", scope: "IP", value: from, ttl: "PT10S" });
    await until("a refusal", async () => (await ask("/", { from })).status === 403);
    stopped = performance.now();
    await vigil.close();
    isDown = true;
    skip += 7_000;
    expect((await ask("/", { from })).status).toBe(403);
    for (let n = 0; n < 50; n++) expect((await badLogin("192.0.2.77", n)).status).toBe(401);
    skip += 5_000;
    expect((await ask("/", { from })).status).toBe(200);
    expect((await ask("/", { from: "198.51.100.100" })).status).toBe(403); // an hour is not over
    skip += 300_000; // five minutes without Vigil
    expect((await ask("/", { from: attacker(0) })).status).toBe(403); // nor is what it decided by itself
    skip += 3_300_000;
    expect((await ask("/", { from: attacker(0) })).status).toBe(200);
    expect((await ask("/", { from: "198.51.100.100" })).status).toBe(200);
    await until("the fault is told", () => !monitor.status().reached);
    expect(monitor.status().buffered).toBeGreaterThan(0);
  });
});
