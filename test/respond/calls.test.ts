/** CALL_WEBHOOK: a system of the organization's own is called, signed, and again when the action is over. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { ensureUser } from "../../src/access/users.ts";
import { isSigned } from "../../src/outbound/standard-webhook.ts";
import { type Called, callBody } from "../../src/respond/call-body.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { attack, attackRules, noRules, respondBy, timeline } from "./incidents.ts";

interface Call {
  path: string;
  headers: Record<string, string>;
  body: string;
}
let server: TestServer;
let http: Server;
let sink: string;
let now = Date.now();
let ada: string;
let bob: string;
let admin: string;
let incident: { id: string; raw: string };
let calls: Call[] = [];
let status = 200;
let address = 1;

beforeAll(async () => {
  http = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    calls.push({ path: request.url as string, headers: request.headers as Record<string, string>, body });
    response.writeHead(status).end("canary-of-the-receiver");
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  sink = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  server = await testServer({
    now: () => now,
    env: { VIGIL_ALLOW_PRIVATE_WEBHOOKS: "true", VIGIL_PUBLIC_URL: "https://vigil.example" },
  });
  await attackRules(server, ["critical"]);
  [ada, bob, admin] = (await Promise.all([
    person("ada", "RESPONDER"),
    person("bob", "RESPONDER"),
    person("root", "ADMIN"),
  ])) as [string, string, string];
});
afterAll(async () => {
  await server.close();
  http.close();
});
beforeEach(async () => {
  await noRules(server);
  calls = [];
  status = 200;
});

async function person(name: string, role: "ADMIN" | "RESPONDER"): Promise<string> {
  const user = { email: `${name}@clinic.example`, name, role, now: Date.now() };
  const userId = await server.app.db.inOrganization(server.ours, (tx) => ensureUser(tx, user));
  return server.app.tokens.sign({ organizationId: server.ours, userId, name: user.email, role }, 30 * 86_400);
}

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
async function ask(text: string, variables: object = {}, as = ada): Promise<any> {
  const { data, errors } = await server.query(text as never, variables as never, as);
  if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
  return data;
}
async function newIncident(user?: string): Promise<void> {
  await attack(server, [{ ip: `198.51.100.${address++}`, ...(user ? { user } : {}) }]);
  const { incidents } = await ask("{ incidents(first: 1) { nodes { id } } }");
  const { id } = incidents.nodes[0];
  incident = { id, raw: Buffer.from(id, "base64").toString().split(":")[1] as string };
}
const createText = `mutation ($input: ResponseWebhookCreateInput!) { responseWebhookCreate(input: $input) {
  responseWebhook { id name } secret userErrors { message path } } }`;
const create = async (input: object, as = admin) => (await ask(createText, { input }, as)).responseWebhookCreate;
const respondText = `mutation ($id: ID!, $input: IncidentRespondInput!) { incidentRespond(id: $id, input: $input) {
  action { id status target scope expiresAt } outcome refusal userErrors { message path } } }`;
const respond = async (input: object) =>
  (await ask(respondText, { id: incident.id, input: { type: "CALL_WEBHOOK", reason: "It attacks us", ...input } }))
    .incidentRespond;
const actionText = `query ($id: ID!) { node(id: $id) { ... on IncidentAction { status endedReason calls { webhookId event status tries answered detail nextTryAt } } } }`;
const action = async (id: string) => (await ask(actionText, { id })).node;
const revert = (id: string) =>
  ask(
    'mutation ($id: ID!) { incidentActionRevert(id: $id, input: { reason: "over" }) { action { status } userErrors { code } } }',
    { id },
    bob,
  );
const became = (id: string, expected: object) =>
  expect.poll(() => action(id), { timeout: 15_000 }).toMatchObject(expected);
/** The clock goes on, and what is due by then is done. */
async function later(ms: number): Promise<void> {
  now += ms;
  await server.app.sweep.respond();
}

it("calls a system once, signed, without names where no agreement covers it, and tells it when that is taken back", async () => {
  const { responseWebhook, secret, userErrors } = await create({ name: "firewall", url: `${sink}/firewall` });
  expect(userErrors).toEqual([]);
  expect(responseWebhook.name).toBe("firewall");
  const stored = await server.database.asOwner<{ row: string }>("SELECT w::text AS row FROM response_webhooks w");
  expect(JSON.stringify(stored)).not.toContain(secret.slice("whsec_".length));
  await newIncident("zoe-canary");
  const { action: done, outcome } = await respond({ target: "firewall", ttl: "PT2H" });
  expect(outcome).toBe("APPLIED");
  await became(done.id, { status: "APPLIED", calls: [{ event: "APPLIED", status: "SENT", tries: 1, answered: 200 }] });
  const [applied] = calls as [Call];
  const told = new Webhook(secret).verify(applied.body, applied.headers);
  expect(told).toMatchObject({
    type: "response.applied",
    data: {
      action: { state: "APPLIED", sequence: 1 },
      incident: { severity: "CRITICAL", url: expect.stringMatching(/^https:..vigil.example.incidents/) },
    },
  });
  expect(applied.body).not.toContain("zoe-canary");
  expect(applied.headers["webhook-id"]).toBe((await action(done.id)).calls[0].webhookId);
  await revert(done.id);
  await became(done.id, { status: "REVERTED", calls: [{ event: "APPLIED" }, { event: "REVERTED", status: "SENT" }] });
  expect(calls.map(({ body }) => JSON.parse(body).data.action.sequence)).toEqual([1, 2]);
  await revert(done.id); // taken back already
  await later(3 * 3_600_000);
  expect(calls).toHaveLength(2);
});

it("tells tags that look like identifiers only where an agreement covers the receiver", () => {
  const called: Called = {
    id: "1",
    actionId: "2",
    event: "APPLIED",
    createdAt: new Date(0),
    reason: "It attacks us",
    actor: "ada@clinic.example",
    expiresAt: null,
    number: 7,
    severity: "HIGH",
    title: "Logins",
    tags: ["attack.t1110", "ward-3", "zoe@clinic.example", "mrn:00412345"],
    subjects: [],
    openedAt: new Date(0),
    coveredByBaa: false,
  };
  const tags = (coveredByBaa: boolean) => callBody({ ...called, coveredByBaa }, undefined);
  expect(tags(false)).toMatchObject({ data: { incident: { tags: ["attack.t1110", "ward-3"] } } });
  expect(tags(true)).toMatchObject({ data: { incident: { tags: called.tags } } });
});

it("ends by itself and says so; a call that had not arrived by then is not made any more", async () => {
  await create({ name: "ends", url: `${sink}/ends` });
  await newIncident();
  status = 500;
  const { action: done } = await respond({ target: "ends", ttl: "PT1M" });
  await became(done.id, { calls: [{ tries: 1 }] });
  status = 204;
  now += 61_000;
  await server.app.sweep.respond();
  await expect
    .poll(async () => (await action(done.id)).calls.at(-1), { timeout: 15_000 })
    .toMatchObject({ event: "EXPIRED", status: "SENT" });
  await later(3_600_000);
  expect(calls.map(({ body }) => JSON.parse(body).type).filter((type) => type === "response.expired")).toHaveLength(1);
  expect(await action(done.id)).toMatchObject({ status: "EXPIRED" });
});

it("waits for a second person where the webhook says so, and refuses a name that is none", async () => {
  await create({ name: "dangerous", url: `${sink}/dangerous`, needsApproval: true });
  await newIncident();
  const waits = await respond({ target: "dangerous" });
  expect(waits.outcome).toBe("AWAITING_APPROVAL");
  const preview = `query ($target: String!) { responsePreview(input: { type: CALL_WEBHOOK, target: $target }) { target scope requests needsApproval refusal } }`;
  expect((await ask(preview, { target: "dangerous" })).responsePreview).toEqual({
    target: "dangerous",
    scope: null,
    requests: 0,
    needsApproval: true,
    refusal: null,
  });
  expect((await ask(preview, { target: "nobody" })).responsePreview.refusal).toMatch(/no response webhook "nobody"/);
  expect(await respond({ target: "nobody" })).toMatchObject({
    outcome: "REFUSED",
    refusal: 'There is no response webhook "nobody".',
  });
  expect(calls).toEqual([]);
  await ask(
    "mutation ($id: ID!) { incidentActionApprove(id: $id) { action { status } } }",
    { id: waits.action.id },
    bob,
  );
  await became(waits.action.id, { status: "APPLIED", calls: [{ status: "SENT" }] });
});

it("is called by a response rule, once an incident while it is in force", async () => {
  await create({ name: "by rule", url: `${sink}/rule` });
  await respondBy(server, { actions: [{ type: "CALL_WEBHOOK", webhook: "by rule", ttlS: 600 }] });
  await newIncident();
  await expect.poll(() => calls.length, { timeout: 15_000 }).toBe(1);
  // It changes again, and the rule is asked again.
  await server.database.asOwner(
    `UPDATE security_incidents i SET response_entry_id =
       (SELECT e.id FROM incident_entries e WHERE e.incident_id = i.id ORDER BY e.at DESC LIMIT 1) WHERE i.id = '${incident.raw}'`,
  );
  await server.app.respond(server.ours);
  expect((await timeline(server, incident.raw)).filter((line) => line.includes("The call of by rule"))).toHaveLength(1);
  expect(calls).toHaveLength(1);
  const refused = `mutation ($input: ResponseRuleCreateInput!) { responseRuleCreate(input: $input) { userErrors { path } } }`;
  const rule = (webhook: string | undefined, type = "CALL_WEBHOOK") =>
    ask(refused, { input: { name: `r ${webhook} ${type}`, actions: [{ type, webhook }] } });
  for (const given of [rule("nobody"), rule(undefined), rule("by rule", "BLOCK_IP")]) {
    expect((await given).responseRuleCreate.userErrors).toEqual([{ path: ["input", "actions", "0", "webhook"] }]);
  }
});

it("R5 is held by the circuit breaker in a flood, each with its reason; people still call, and resuming lets rules call again", async () => {
  await create({ name: "flood", url: `${sink}/flood` });
  await later(11 * 60_000); // what was done before counts no more
  await server.app.respond(server.ours); // what waits of earlier incidents meets no rule
  await respondBy(server, { actions: [{ type: "CALL_WEBHOOK", webhook: "flood", ttlS: 600 }] });
  await ask("mutation { organizationUpdate(input: { responseCap: 3 }) { userErrors { message } } }", {}, admin);
  // What rules did for earlier incidents in these ten minutes counts too.
  const [{ earlier } = { earlier: 0 }] = await server.database.asOwner<{ earlier: number }>(
    "SELECT count(*)::int AS earlier FROM incident_actions WHERE rule_id IS NOT NULL AND applied_at > $1",
    [new Date(now - 10 * 60_000)],
  );
  const flood = Array.from({ length: 12 }, () => ({ ip: `198.51.100.${address++}` }));
  await attack(server, flood);
  const byRule = async () => {
    await server.app.respond(server.ours);
    return server.database.asOwner<{ about: string; status: string; reason: string | null; calls: number }>(
      `SELECT i.subjects #>> '{0,key}' AS about, a.status::text, a.ended_reason AS reason,
         (SELECT count(*)::int FROM response_calls c WHERE c.action_id = a.id) AS calls
       FROM incident_actions a JOIN security_incidents i ON i.id = a.incident_id
       WHERE a.target = 'flood' AND a.rule_id IS NOT NULL ORDER BY a.created_at, a.id`,
    );
  };
  // What came first of each incident of the flood: one that goes on meets the open breaker again.
  const all = (await byRule()).filter(({ about }) => flood.some(({ ip }) => ip === about));
  const rows = all.filter((row, at) => all.findIndex(({ about }) => about === row.about) === at);
  const held = rows.filter(({ status }) => status === "REFUSED");
  expect([rows.length, held.length], JSON.stringify(all)).toEqual([12, 9 + earlier]);
  const why = "3 automatic actions were done within 10 minutes, as many as may be.";
  const [first, ...others] = held.map(({ reason }) => reason).sort();
  expect([first, new Set(others)]).toEqual([why, new Set([`The circuit breaker opened: ${why}`])]);
  expect(held.map((one) => one.calls)).toEqual(held.map(() => 0));
  const made = () => calls.filter(({ path }) => path === "/flood").length;
  await expect.poll(made, { timeout: 15_000 }).toBe(12 - held.length);

  now += 1_000;
  await newIncident();
  expect((await byRule()).at(-1)).toMatchObject({
    status: "REFUSED",
    reason: expect.stringMatching(/^The circuit breaker is open since/),
  });
  expect((await timeline(server, incident.raw)).at(-1)).toMatch(
    /^ACTION_REFUSED The call of flood was refused: The circuit/,
  );
  expect((await respond({ target: "flood" })).outcome).toBe("APPLIED"); // a person has looked at it
  await expect.poll(made, { timeout: 15_000 }).toBe(13 - held.length);

  const refused = async () => (await byRule()).filter(({ status }) => status === "REFUSED").length;
  const before = await refused();
  const resume = 'mutation { responseBreakerResume(reason: "It was a test") { breaker { isOpen } } }';
  expect(await ask(resume, {}, admin)).toEqual({ responseBreakerResume: { breaker: { isOpen: false } } });
  now += 1_000;
  await newIncident();
  await expect.poll(made, { timeout: 15_000 }).toBe(14 - held.length);
  // What was refused stays refused: a stale call is no answer to a new situation.
  expect(await refused()).toBe(before);
  await ask("mutation { organizationUpdate(input: { responseCap: 20 }) { userErrors { message } } }", {}, admin);
});

it("is set up by administrators only, at public addresses only, and kept while a rule names it", async () => {
  await expect(create({ name: "mine", url: `${sink}/mine` }, ada)).rejects.toThrow();
  for (const [input, field] of [
    [{ name: "meta", url: "https://169.254.169.254/latest" }, "url"],
    [{ name: "bad\nname", url: `${sink}/x` }, "name"],
    [{ name: "short", url: `${sink}/x`, secret: "short" }, "secret"],
  ] as const) {
    expect((await create(input)).userErrors).toMatchObject([{ path: ["input", field] }]);
  }
  const { responseWebhook, secret } = await create({ name: "kept", url: `${sink}/kept` });
  const { id } = responseWebhook;
  const rotated = (
    await ask(
      "mutation ($id: ID!) { responseWebhookUpdate(id: $id, input: { rotateSecret: true }) { secret responseWebhook { revision } userErrors { message } } }",
      { id },
      admin,
    )
  ).responseWebhookUpdate;
  expect(rotated).toMatchObject({ responseWebhook: { revision: 2 }, userErrors: [] });
  await newIncident();
  const { action: done } = await respond({ target: "kept" });
  await became(done.id, { calls: [{ status: "SENT" }] });
  const call = calls.at(-1) as Call;
  // Both sign for a day.
  for (const key of [secret, rotated.secret]) expect(isSigned(key, call.headers, call.body, now)).toBe(true);
  await ask(
    `mutation { responseRuleCreate(input: { name: "names it", actions: [{ type: CALL_WEBHOOK, webhook: "kept" }] }) { userErrors { message } } }`,
  );
  const remove = "mutation ($id: ID!) { responseWebhookDelete(id: $id) { userErrors { code message } } }";
  expect((await ask(remove, { id }, admin)).responseWebhookDelete.userErrors).toMatchObject([
    { code: "CONFLICT", message: expect.stringContaining("names it") },
  ]);
  await noRules(server);
  expect((await ask(remove, { id }, admin)).responseWebhookDelete.userErrors).toEqual([]);
  const audited = await server.database.asOwner<{ action: string; detail: string }>(
    "SELECT action, detail::text FROM security_audit_log WHERE entity_kind = 'ResponseWebhook'",
  );
  expect(new Set(audited.map(({ action }) => action))).toEqual(
    new Set(["RESPONSE_WEBHOOK_CREATED", "RESPONSE_WEBHOOK_CHANGED", "RESPONSE_WEBHOOK_DELETED"]),
  );
  expect(JSON.stringify(audited)).not.toContain(secret);
});

// The last one: days go by, for which there are no partitions of events.
it("tries again as webhooks of alerts do, under one id, gives up at the end, and tells who asked", async () => {
  await create({ name: "slow", url: `${sink}/slow`, coveredByBaa: true });
  await newIncident("mallory");
  status = 503;
  const { action: done } = await respond({ target: "slow", ttl: "P7D" });
  await became(done.id, {
    calls: [{ status: "QUEUED", tries: 1, answered: 503, detail: expect.stringMatching(/^It answered 503/) }],
  });
  for (let tries = 2; tries <= 7; tries++) {
    await later(12 * 3_600_000);
    // Until the try is written down, not only begun: what is begun holds the call for a minute of this clock, so that
    // a clock that goes on before would have the next try wait for one more turn.
    await expect
      .poll(
        async () => {
          const [call] = (await action(done.id)).calls;
          const isWritten = call.status === "FAILED" || Date.parse(call.nextTryAt) > now + 60_000;
          return isWritten && call.tries;
        },
        { timeout: 20_000 },
      )
      .toBe(tries);
  }
  await became(done.id, {
    status: "FAILED",
    endedReason: expect.stringContaining("failed for good"),
    calls: [{ status: "FAILED", nextTryAt: null }],
  });
  const slow = calls.filter(({ path }) => path === "/slow");
  expect(slow).toHaveLength(7);
  expect(new Set(slow.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(new Set(slow.map(({ body }) => body)).size).toBe(1); // the same bytes each time
  expect((await timeline(server, incident.raw)).at(-1)).toMatch(/^ACTION_FAILED The call of slow/);
  const { notifications } = await ask("{ notifications(first: 5) { nodes { kind title } } }");
  expect(notifications.nodes).toContainEqual({
    kind: "response.failed",
    title: expect.stringContaining("The call of a webhook, which you asked for, was not done"),
  });
  const dump = await server.database.asOwner<{ row: string }>("SELECT c::text AS row FROM response_calls c");
  expect(JSON.stringify(dump)).not.toContain("canary-of-the-receiver");
});
