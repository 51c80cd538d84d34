/** What two do at once about one target, or one call: they lock in one order, so that neither waits for ever. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureUser } from "../../src/access/users.ts";
import type { VigilError } from "../../src/errors.ts";
import { lockIncident } from "../../src/incident/move.ts";
import { revertAction } from "../../src/respond/carry-out.ts";
import { makeDecision } from "../../src/respond/decide.ts";
import { lockAction } from "../../src/respond/lock-action.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { somebodyWaits } from "../support/waiting.ts";
import { attack, attackRules, noRules } from "./incidents.ts";

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
  await attackRules(server, ["critical"]);
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
