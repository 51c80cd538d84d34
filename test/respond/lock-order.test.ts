/** What two do at once about one target, or one call: they lock in one order, so that neither waits for ever. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureUser } from "../../src/access/users.ts";
import { riskBySeverity } from "../../src/detect/risk.ts";
import { holdTurn } from "../../src/detect/turn.ts";
import type { VigilError } from "../../src/errors.ts";
import { mergeIncident } from "../../src/incident/merge.ts";
import { lockIncident } from "../../src/incident/move.ts";
import { revertAction } from "../../src/respond/carry-out.ts";
import { makeDecision } from "../../src/respond/decide.ts";
import { lockAction } from "../../src/respond/lock-action.ts";
import { requestAction } from "../../src/respond/request.ts";
import { respondOnce } from "../../src/respond/respond.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { somebodyWaits } from "../support/waiting.ts";
import { attack, attackRules, noRules, respondBy } from "./incidents.ts";

let server: TestServer;
let http: Server;
let sink: string;
let ada: string;
let admin: string;
let address = 1;
/** Calls that the receiver has not answered yet. */
const asked: ((status: number) => void)[] = [];

beforeAll(async () => {
  http = createServer((request, response) => {
    request.resume();
    asked.push((status) => void response.writeHead(status).end());
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  sink = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  server = await testServer({ env: { VIGIL_ALLOW_PRIVATE_WEBHOOKS: "true" } });
  await attackRules(server, ["critical", "medium"]);
  await noRules(server);
  [ada, admin] = [await person("ada", "RESPONDER"), await person("root", "ADMIN")];
});
afterAll(async () => {
  for (const answer of asked.splice(0)) answer(200);
  await server.close();
  http.close();
});

async function person(name: string, role: "ADMIN" | "RESPONDER"): Promise<string> {
  const user = { email: `${name}@clinic.example`, name, role, now: Date.now() };
  const userId = await server.app.db.inOrganization(server.ours, (tx) => ensureUser(tx, user));
  return server.app.tokens.sign({ organizationId: server.ours, userId, name: user.email, role }, 600);
}

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
async function ask(text: string, variables: object, as = ada): Promise<any> {
  const { data, errors } = await server.query(text as never, variables as never, as);
  if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
  return data;
}
const raw = (id: string): string => Buffer.from(id, "base64").toString().split(":")[1] as string;

/** An action that was done in an incident of its own. */
async function done(input: { type: string; target: string }): Promise<{ id: string; incidentId: string }> {
  await attack(server, [{ ip: `198.51.100.${address++}` }]);
  const { incidents } = await ask("{ incidents(first: 1) { nodes { id } } }", {});
  const { id } = incidents.nodes[0];
  const { incidentRespond } = await ask(
    `mutation ($id: ID!, $input: IncidentRespondInput!) { incidentRespond(id: $id, input: $input) {
      action { id } outcome userErrors { message } } }`,
    { id, input: { ...input, reason: "It attacks us" } },
  );
  expect(incidentRespond).toMatchObject({ outcome: "APPLIED", userErrors: [] });
  return { id: raw(incidentRespond.action.id), incidentId: raw(id) };
}

const back = (id: string) => ({ id, actor: "bob", auditActor: "bob", reason: "Because", now: Date.now() });
const block = (value: string) => ({
  type: "BLOCK_IP" as const,
  target: { scope: "IP" as const, value },
  ttl: 3_600_000,
  reason: "It attacks us",
  actor: "bob",
  now: Date.now(),
});

it.each([
  ["the list of decisions", "203.0.113.61"],
  ["its incident", "203.0.113.62"],
])("taking an action back waits for whoever has %s and then replaces it", async (has, target) => {
  const { id, incidentId } = await done({ type: "BLOCK_IP", target });
  let reverted: Promise<unknown> = Promise.resolve();
  await server.app.change(server.ours, async (tx) => {
    if (has === "its incident") await lockIncident(tx, { id: incidentId });
    else await makeDecision(tx, block("203.0.113.60"));
    reverted = server.app
      .change(server.ours, (other) => revertAction(other, back(id)))
      .catch(({ code, message }: VigilError) => `${code}: ${message}`);
    await somebodyWaits(server.database);
    await makeDecision(tx, block(target));
  });
  expect(await reverted).toBe("CONFLICT: The action is SUPERSEDED: there is nothing to take back.");
});

it("a call that has failed for good waits for whoever takes its action back, and leaves them the call", async () => {
  const { responseWebhookCreate } = await ask(
    "mutation ($input: ResponseWebhookCreateInput!) { responseWebhookCreate(input: $input) { userErrors { message } } }",
    { input: { name: "firewall", url: sink } },
    admin,
  );
  expect(responseWebhookCreate.userErrors).toEqual([]);
  const { id } = await done({ type: "CALL_WEBHOOK", target: "firewall" });
  await expect.poll(() => asked.length, { timeout: 15_000 }).toBe(1);
  await server.app.change(server.ours, async (tx) => {
    await lockAction(tx, id);
    asked.shift()?.(410);
    await somebodyWaits(server.database);
    const call = "SELECT FROM response_calls WHERE organization_id = $1 AND action_id = $2 FOR UPDATE SKIP LOCKED";
    expect((await tx.query(call, [server.ours, id])).rowCount).toBe(1);
    await revertAction(tx, back(id));
  });
  await expect.poll(() => asked.length, { timeout: 15_000 }).toBe(1); // that it was taken back
  asked.shift()?.(200);
  const became = () =>
    server.database.asOwner(
      `SELECT a.status::text AS action, c.event::text, c.status::text AS call FROM incident_actions a
         JOIN response_calls c ON c.action_id = a.id WHERE a.id = $1 ORDER BY c.event`,
      [id],
    );
  await expect.poll(became, { timeout: 15_000 }).toEqual([
    { action: "REVERTED", event: "APPLIED", call: "FAILED" },
    { action: "REVERTED", event: "REVERTED", call: "SENT" },
  ]);
});

const one = async <R>(text: string, ...values: unknown[]): Promise<R> =>
  (await server.database.asOwner(text, values))[0] as R;
/** Until at least so many wait for what others have locked. */
const waiters = (many: number) => {
  const waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
  const count = async () => (await server.database.asOwner(waiting)).length;
  return expect.poll(count, { timeout: 10_000 }).toBeGreaterThanOrEqual(many);
};
const incidentOf = (title: string) =>
  one<{ id: string; severity: string }>("SELECT id, severity FROM security_incidents WHERE title = $1", title);
const tookEffect = (work: Promise<unknown>) =>
  work.then(
    () => "it did",
    ({ code, message }: VigilError) => `${code}: ${message}`,
  );

const force = { type: "FORCE_MFA" as const, ttl: undefined, reason: "It attacks us", dryRun: false };
const unmerge = "mutation ($id: ID!) { incidentUnmerge(id: $id) { userErrors { message } } }";
it.each([
  [
    "asks for an action about that one",
    (incidentId: string, user: string) => {
      const viewer = { kind: "user", id: "0198f0c0-0000-7000-8000-000000000001", name: "bob", role: "RESPONDER" };
      const asker = {
        viewer: viewer as never,
        auditActor: "bob",
        address: undefined,
        ownAddresses: [],
        now: Date.now(),
      };
      return server.app.change(server.ours, (tx) => requestAction(tx, { ...force, incidentId, target: user }, asker));
    },
  ],
  [
    "takes a third out of that one",
    async (incidentId: string) => {
      const { id } = await one<{ id: string }>(
        "SELECT id FROM security_incidents WHERE merged_into_id = $1",
        incidentId,
      );
      const answer = await ask(unmerge, { id: Buffer.from(`Incident:${id}`).toString("base64") });
      expect(answer.incidentUnmerge.userErrors).toEqual([]);
    },
  ],
  [
    "responds to that one",
    () =>
      server.app.change(server.ours, (tx) =>
        respondOnce(tx, { now: Date.now(), ownAddresses: [], canAsk: false }).then(({ responded }) => responded),
      ),
  ],
])("a batch that opens one incident and raises another, and whoever %s, both come through", async (what, act) => {
  const user = `mallory-${what.length}`;
  await server.database.asOwner("UPDATE organizations SET risk_high_at = 25, risk_critical_at = 90");
  await attack(server, [{ user, level: "medium" }]);
  const title = `Attack medium user.name: ${user}`;
  const { id } = await incidentOf(title);
  await attack(server, [{ ip: `198.51.100.${address++}`, level: "medium" }]);
  const other = await incidentOf(`Attack medium source.ip: 198.51.100.${address - 1}`);
  await server.app.vault.reserve(server.ours, 10);
  const merge = {
    id: other.id,
    intoId: id,
    actor: "ada",
    reason: "One story",
    weights: riskBySeverity,
    now: Date.now(),
  };
  await server.app.change(server.ours, (tx) => mergeIncident(tx, server.app.vault, merge));
  const line = "(SELECT id FROM incident_entries WHERE incident_id = i.id LIMIT 1)";
  let batch: Promise<unknown> = Promise.resolve();
  let acted: Promise<unknown> = Promise.resolve();
  await server.app.change(server.ours, async (tx) => {
    await tx.query("SELECT FROM organizations WHERE id = $1 FOR NO KEY UPDATE", [server.ours]);
    batch = attack(server, [{ user }]);
    await waiters(1);
    await respondBy(server, { actions: [{ type: "FORCE_MFA" }] });
    await server.database.asOwner(`UPDATE security_incidents i SET response_entry_id = ${line} WHERE id = $1`, [id]);
    acted = tookEffect(act(id, user));
    await waiters(2);
  });
  expect(await acted).toBe("it did");
  expect(await batch).toMatchObject({ status: 200 });
  expect(await incidentOf(title)).toMatchObject({ severity: "HIGH" });
  await noRules(server);
});

const bulk = `mutation ($ids: [ID!]!) { incidentsUpdate(ids: $ids, input: { move: ACKNOWLEDGE }) {
  results { userErrors { message } } userErrors { message } } }`;
const merging = `mutation ($id: ID!, $into: ID!) { incidentMerge(id: $id, input: { intoId: $into, reason: "One story" }) {
  userErrors { message } } }`;
it.each([
  ["changes two incidents at once", bulk],
  ["merges an incident into another", merging],
])("whoever %s waits for a batch before it locks either", async (_what, text) => {
  await attack(server, [
    { ip: `198.51.100.${address++}`, level: "medium" },
    { ip: `198.51.100.${address++}`, level: "medium" },
  ]);
  const both = await Promise.all(
    [address - 2, address - 1].map((last) => incidentOf(`Attack medium source.ip: 198.51.100.${last}`)),
  );
  const ids = both.map(({ id }) => Buffer.from(`Incident:${id}`).toString("base64"));
  let changed: Promise<unknown> = Promise.resolve();
  await server.app.change(server.ours, async (tx) => {
    await holdTurn(tx);
    changed = ask(text, text === bulk ? { ids } : { id: ids[0], into: ids[1] });
    await somebodyWaits(server.database);
    const free = "SELECT FROM security_incidents WHERE organization_id = $1 AND id = ANY ($2) FOR UPDATE NOWAIT";
    await tx.query(free, [server.ours, both.map(({ id }) => id)]);
  });
  expect(JSON.stringify(await changed)).not.toContain("message");
});

describe("whoever responds while a batch has the list of decisions", () => {
  const respond = () =>
    server.app.change(server.ours, async (tx) => {
      await tx.query("SET LOCAL lock_timeout = '10s'");
      return respondOnce(tx, { now: Date.now(), ownAddresses: [], canAsk: false });
    });
  /** A medium incident that waits for a response, without a bell. */
  async function waiting(): Promise<string> {
    await noRules(server);
    await attack(server, [{ ip: `198.51.100.${address++}`, level: "medium" }]);
    await server.app.respond(server.ours);
    const { id } = await incidentOf(`Attack medium source.ip: 198.51.100.${address - 1}`);
    const line = "(SELECT id FROM incident_entries WHERE incident_id = i.id LIMIT 1)";
    await server.database.asOwner(`UPDATE security_incidents i SET response_entry_id = ${line} WHERE id = $1`, [id]);
    return id;
  }
  const holding = (work: () => Promise<unknown>) =>
    server.app.change(server.ours, async (tx) => {
      await tx.query("SELECT FROM organizations WHERE id = $1 FOR NO KEY UPDATE", [server.ours]);
      await work();
    });

  // The server looks for what waits by itself, too, every half minute: it may have been quicker.
  it("does not wait for it where no active rule fits", { retry: 2 }, async () => {
    await waiting();
    await respondBy(server, { conditions: { severityAtLeast: "CRITICAL" }, actions: [{ type: "BLOCK_IP" }] });
    await respondBy(server, { mode: "MONITOR", actions: [{ type: "BLOCK_IP" }] });
    await holding(async () => {
      expect(await respond()).toMatchObject({ responded: 1 });
      expect(await respond()).toMatchObject({ responded: 0 });
    });
  });

  it("does nothing by a rule that is switched off meanwhile", async () => {
    const incident = await waiting();
    const rule = await respondBy(server, { actions: [{ type: "BLOCK_IP" }] });
    let responded: Promise<unknown> = Promise.resolve();
    await holding(async () => {
      responded = respond();
      await waiters(1);
      await server.database.asOwner("UPDATE response_rules SET mode = 'DISABLED' WHERE id = $1", [rule]);
    });
    expect(await responded).toMatchObject({ responded: 1 });
    expect(
      await server.database.asOwner("SELECT FROM incident_actions WHERE incident_id = $1", [incident]),
    ).toHaveLength(0);
  });
});
