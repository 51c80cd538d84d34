/** From an incident to the receiver's socket, over the real server: channels, tries, the ledger. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { ensureUser } from "../../src/access/users.ts";
import { claimDue } from "../../src/alert/ledger.ts";
import { attack, attackRules } from "../respond/incidents.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { smtpSink } from "../support/smtp-sink.ts";
import { dsn } from "./dsn.ts";

interface Taken {
  path: string;
  headers: Record<string, string>;
  body: string;
}
const mailToken = "mail-reports-canary";
let server: TestServer;
let now = Date.now();
let smtp: Awaited<ReturnType<typeof smtpSink>>;
let http: Server;
let sink: string;
let admin: string;
const taken: Taken[] = [];
/** Calls to /hangs: they are not answered until they are let go. */
const hanging: (() => void)[] = [];
/** How the sink answers, by path. */
const answers = new Map<
  string,
  { status: number; headers?: Record<string, string>; body?: string; afterMs?: number }
>();

/** What happens, by path, before the sink answers. */
const before = new Map<string, () => Promise<void>>();

beforeAll(async () => {
  smtp = await smtpSink({ reports: true });
  http = createServer(async (request: IncomingMessage, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const path = request.url as string;
    taken.push({ path, headers: request.headers as Record<string, string>, body });
    await before.get(path)?.();
    if (path === "/hangs") await new Promise<void>((resolve) => void hanging.push(resolve));
    const { status, headers = {}, body: said = "", afterMs = 0 } = answers.get(path) ?? { status: 200 };
    if (afterMs > 0) await pause(afterMs);
    response.writeHead(status, headers).end(said);
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  sink = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  server = await testServer({
    now: () => now,
    env: {
      VIGIL_ALLOW_PRIVATE_WEBHOOKS: "true",
      VIGIL_PUBLIC_URL: "https://vigil.example",
      SMTP_URL: `${smtp.url}&bounces=bounces@clinic.example`,
      VIGIL_MAIL_REPORTS_TOKEN: mailToken,
      TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
      TWILIO_AUTH_TOKEN: "twilio-canary-token",
      TWILIO_FROM: "+15125550100",
      TWILIO_API_URL: sink,
    },
  });
  const person = { email: "owner@clinic.example", name: "Owner", role: "ADMIN" as const, now };
  await server.app.db.inOrganization(server.ours, (tx) => ensureUser(tx, person));
  admin = await server.app.tokens.sign(
    { organizationId: server.ours, userId: "cli", name: "tester", role: "ADMIN" },
    60 * 86_400, // the clock goes on by days
  );
});
afterAll(async () => {
  await server.close();
  await smtp.close();
  http.close();
});
beforeEach(async () => {
  await server.database.asOwner(
    "UPDATE alert_channels SET removed_at = now(), suspended_at = now(), name = id::text WHERE removed_at IS NULL",
  );
  taken.length = 0;
  answers.clear();
  before.clear();
});

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
const ask = async (query: string, variables: object = {}, as = admin): Promise<any> => {
  const { data, errors } = await server.query(query as never, variables as never, as);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
};
const create = `mutation ($input: AlertChannelCreateInput!) { alertChannelCreate(input: $input) {
  alertChannel { id kind name hasSecret } secret userErrors { code message path } } }`;
let made = 0;
async function channel(input: object): Promise<{ id: string; secret: string }> {
  const { alertChannelCreate } = await ask(create, { input: { name: `channel ${++made}`, test: false, ...input } });
  expect(alertChannelCreate.userErrors).toEqual([]);
  return { id: alertChannelCreate.alertChannel.id, secret: alertChannelCreate.secret };
}
const webhook = (path: string, more: object = {}) =>
  channel({ kind: "WEBHOOK", webhook: { url: sink + path }, ...more });
async function test(channelId: string): Promise<string> {
  const { alertTestSend } = await ask(
    "mutation ($channelId: ID!) { alertTestSend(channelId: $channelId) { alert { id } userErrors { message } } }",
    { channelId },
  );
  return alertTestSend.alert.id;
}
const read = async (id: string) =>
  (
    await ask(
      "query ($id: ID!) { alert(id: $id) { kind status tries dueAt messageId attempts { outcome detail providerId latencyMs } channel { isSuspended suspendedReason failingSince lastSuccessAt } } }",
      { id },
    )
  ).alert;
const settled = (id: string, status: string) =>
  expect.poll(async () => (await read(id)).status, { timeout: 15_000 }).toBe(status);
/** Somebody has claimed and will not report. */
let holdsLease = false;
/** The clock goes on when nothing is under way, and what is due by then is sent. */
async function later(ms: number): Promise<void> {
  const sending = "SELECT FROM security_alerts WHERE status = 'SENDING' AND claim IS NOT NULL AND tries > 0";
  const inHand = async () => (await server.database.asOwner(sending)).length;
  if (!holdsLease) await expect.poll(inHand, { timeout: 15_000 }).toBe(0);
  now += ms;
  await server.app.alerting.deliver(server.ours);
}
/** Twilio tells what became of its last message, where it was asked to, signed with a token. */
async function twilioSays(fields: Record<string, string>, token = "twilio-canary-token"): Promise<Response> {
  const asked = taken.findLast(({ path }) => path.endsWith("/Messages.json"))?.body;
  const callback = new URL(new URLSearchParams(asked).get("StatusCallback") as string);
  const signed = String(callback) + Object.entries(fields).sort().flat().join("");
  const signature = createHmac("sha1", token).update(signed, "utf8").digest("base64");
  return fetch(server.url + callback.pathname + callback.search, {
    method: "POST",
    headers: { "x-twilio-signature": signature },
    body: new URLSearchParams(fields),
  });
}
const raw = (id: string): string => Buffer.from(id, "base64").toString().split(":")[1] as string;

it("signs a webhook so that the reference library takes it, and writes the try down", async () => {
  const { id, secret } = await webhook("/signed");
  const alert = await test(id);
  await settled(alert, "SENT");
  const [message] = taken;
  expect(secret).toMatch(/^whsec_/);
  expect(new Webhook(secret).verify(message?.body as string, message?.headers as never)).toMatchObject({
    type: "alert.test",
  });
  const seen = await read(alert);
  expect(seen).toMatchObject({
    kind: "TEST",
    messageId: message?.headers["webhook-id"],
    attempts: [{ outcome: "SENT", detail: expect.stringMatching(/^It answered 200 after \d+ ms\.$/) }],
    channel: { isSuspended: false, failingSince: null, lastSuccessAt: expect.any(String) },
  });
  const { alertChannels } = await ask("{ alertChannels { name hasSecret url } }");
  expect(alertChannels).toEqual([{ name: expect.any(String), hasSecret: true, url: `${sink}/signed` }]);
  const [row] = await server.database.asOwner<{ row: string }>(
    "SELECT c::text AS row FROM alert_channels c WHERE removed_at IS NULL",
  );
  expect(row?.row).not.toContain(secret.slice("whsec_".length));
});

it("tells every channel of an incident where no route is set up", async () => {
  await webhook("/incident");
  await server.failLogins("victim", { times: 10, from: "203.0.113.77" });
  await expect.poll(() => taken.length, { timeout: 15_000 }).toBe(1);
  const body = JSON.parse(taken[0]?.body as string);
  expect(body).toMatchObject({
    type: "alert.opened",
    data: { priority: "HIGH", incident: { severity: "HIGH", status: "OPEN" } },
  });
  expect(JSON.stringify(body)).not.toContain("victim"); // a user's name is no safe field, and no agreement covers the channel
  const sent = "SELECT FROM security_alerts WHERE status = 'SENT' AND incident_id IS NOT NULL";
  await expect.poll(async () => (await server.database.asOwner(sent)).length, { timeout: 15_000 }).toBe(1);
});

it("N14: shows the whole delivery of every alert, and p50 and p99 from detection to delivery beside the objective", async () => {
  await attackRules(server);
  const path = `/2010-04-01/Accounts/AC${"0".repeat(32)}/Messages.json`;
  await channel({ kind: "SMS", sms: { to: ["+15125550141"] } });
  now += 60_000;
  const from = new Date(now);
  const alerts = async () =>
    (
      await ask(`{ incidents(orderBy: [{ field: NUMBER, direction: DESC }], first: 1) { nodes { alerts { nodes {
        id status priority recipient createdAt sentAt deliveredAt attempts { at outcome detail latencyMs providerId } } } } } }`)
    ).incidents.nodes[0].alerts.nodes;
  const told = async (ip: string, sid: string, { after, first }: { after: number; first: number }) => {
    answers.set(path, { status: first, body: JSON.stringify({ sid }) });
    await attack(server, [{ ip, level: "critical" }]);
    const [{ id, createdAt }] = await alerts();
    await settled(id, first === 201 ? "SENT" : "RETRYING");
    answers.set(path, { status: 201, body: JSON.stringify({ sid }) });
    await later(after);
    await settled(id, "SENT");
    now += 100;
    expect((await twilioSays({ MessageSid: sid, MessageStatus: "delivered" })).status).toBe(200);
    return { detected: new Date(createdAt).getTime(), alert: (await alerts())[0] };
  };
  const quick = await told("203.0.113.141", "SMquick", { after: 0, first: 201 });
  const slow = await told("203.0.113.142", "SMslow", { after: 39_900, first: 503 });
  const time = (at: string) => new Date(at).getTime() - slow.detected;
  expect(slow.alert).toMatchObject({ status: "DELIVERED", priority: "CRITICAL" });
  expect([slow.alert.sentAt, slow.alert.deliveredAt].map(time)).toEqual([39_900, 40_000]);
  const attempt = ([outcome, detail, providerId]: unknown[]) => ({ outcome, detail, providerId });
  expect(slow.alert.attempts).toMatchObject(
    [
      ["RETRY", expect.stringMatching(/^It answered 503 after \d+ ms\.$/), null],
      ["SENT", expect.stringMatching(/^Twilio took it in \d parts?\.$/), "SMslow"],
      ["DELIVERED", "Twilio says that it has arrived.", "SMslow"],
    ].map(attempt),
  );
  expect(slow.alert.attempts.map(({ at }: { at: string }) => time(at))).toEqual([0, 39_900, 40_000]);
  expect(slow.alert.attempts.slice(0, 2).every(({ latencyMs }: { latencyMs: number }) => latencyMs >= 0)).toBe(true);
  expect(new Date(quick.alert.deliveredAt).getTime() - quick.detected).toBe(100);
  const times = "priority alerts p50Ms p99Ms withinObjective objectiveMs isMet";
  const asked = `query ($from: DateTime!, $to: DateTime!) { statistics(range: { from: $from, to: $to }) { deliveryTimes { ${times} } }
    status { criticalAlerts { ${times} } } }`;
  const range = { from, to: new Date(now + 1) };
  const both = {
    priority: "CRITICAL",
    alerts: 2,
    p50Ms: 100,
    p99Ms: 40_000,
    withinObjective: 0.5,
    objectiveMs: 30_000,
  };
  expect(await ask(asked, range)).toEqual({
    statistics: { deliveryTimes: [{ ...both, isMet: false }] },
    status: { criticalAlerts: { ...both, isMet: false } },
  });
  expect(await ask(asked, range, await server.token("ADMIN", server.theirs))).toEqual({
    statistics: { deliveryTimes: [] },
    status: { criticalAlerts: null },
  });
  const measured = await (await fetch(`${server.url}/metrics`)).text();
  expect(measured).toContain("\nvigil_critical_alert_p99_seconds 40\n");
}, 60_000);

it("N4 takes the answer for what it means: again, later, never, and no more at all", async () => {
  answers.set("/500", { status: 500 });
  answers.set("/429", { status: 429, headers: { "retry-after": "90" } });
  answers.set("/302", { status: 302, headers: { location: `${sink}/elsewhere` } });
  answers.set("/410", { status: 410, body: "canary-of-the-receiver" });
  const by = new Map<string, string>();
  for (const path of ["/500", "/429", "/302", "/410"]) by.set(path, await test((await webhook(path)).id));
  const of = (path: string): string => by.get(path) as string;
  await settled(of("/500"), "RETRYING");
  await settled(of("/429"), "RETRYING");
  await settled(of("/302"), "FAILED");
  await settled(of("/410"), "FAILED");
  expect(new Date((await read(of("/429"))).dueAt).getTime()).toBe(now + 90_000);
  const gone = await read(of("/410"));
  expect(gone.channel).toMatchObject({ isSuspended: true, suspendedReason: expect.stringContaining("wants no more") });
  expect(JSON.stringify(gone)).not.toContain("canary-of-the-receiver");
  expect(taken.some(({ path }) => path === "/elsewhere")).toBe(false);
  const told = await server.database.asOwner<{ title: string }>(
    "SELECT title FROM security_notifications WHERE kind = 'channel.stopped'",
  );
  expect(told.length).toBeGreaterThan(0);
  answers.set("/429", { status: 200 });
  await later(60_000); // too early for what waits 90 seconds
  expect((await read(of("/429"))).status).toBe("RETRYING");
  await later(31_000);
  await settled(of("/429"), "SENT");
  for (let tries = 0; tries < 7; tries++) await later(12 * 3_600_000);
  await settled(of("/500"), "FAILED");
  const tried = (await read(of("/500"))).attempts.map(({ outcome }: { outcome: string }) => outcome);
  expect(tried).toEqual(Array(7).fill("RETRY"));
  expect(new Set(taken.filter(({ path }) => path === "/500").map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  answers.delete("/500");
  const retried = await ask("mutation ($ids: [ID!]!) { alertsRetry(input: {ids: $ids}) { userErrors { message } } }", {
    ids: [of("/500")],
  });
  expect(retried.alertsRetry.userErrors).toEqual([]);
  await later(1_000);
  await settled(of("/500"), "SENT");
});

it("N5 stops a channel after five days of nothing but failures, not before", async () => {
  answers.set("/dead", { status: 503 });
  const { id } = await webhook("/dead");
  const first = await test(id);
  await settled(first, "RETRYING");
  const day = 86_400_000;
  const isSuspended = async () => (await read(first)).channel.isSuspended;
  await later(4.9 * day);
  expect(await isSuspended()).toBe(false);
  const second = await test(id);
  await settled(second, "RETRYING");
  await later(0.2 * day);
  await expect.poll(isSuspended).toBe(true);
});

it("N2 sends again with the same id what a sender had when it died", async () => {
  const { id } = await webhook("/died");
  // In one transaction: no sender of the server's own may take it first.
  const claimed = await server.app.db.inOrganization(server.ours, async (tx) => {
    await tx.query(
      `INSERT INTO security_alerts (organization_id, id, kind, channel_id, status, priority, due_at, created_at)
       VALUES ($1, gen_random_uuid(), 'TEST', $2, 'QUEUED', 'HIGH', $3, now())`,
      [server.ours, raw(id), new Date(now)],
    );
    return claimDue(tx, { most: 10, leaseMs: 60_000, perMinuteOf: () => 100, now });
  });
  const messageId = claimed?.plan.send[0]?.messageId; // and here it dies: whether it has sent, nobody knows
  holdsLease = true;
  await later(30_000);
  expect(taken).toEqual([]);
  await later(31_000);
  holdsLease = false;
  await expect.poll(() => taken.map(({ headers }) => headers["webhook-id"])).toEqual([messageId]);
});

it("N2 sends a part of a message under an id of its own, however many claim at once, and under the old one all that is left", async () => {
  const { id } = await webhook("/parts");
  const limits = { leaseMs: 60_000, perMinuteOf: () => 1_000 }; // so many that nobody takes turns
  type Claimant = Parameters<typeof claimDue>[0];
  const claim = async (tx: Claimant, most: number, after: number) => {
    const { plan } = (await claimDue(tx, { most, ...limits, now: now + after })) ?? {};
    return (plan?.send ?? []).map(({ messageId, alerts }) => [messageId, alerts.length]);
  };
  const messageId = await server.app.db.inOrganization(server.ours, async (tx) => {
    await tx.query(
      `INSERT INTO security_alerts (organization_id, id, kind, channel_id, status, priority, group_key, due_at, created_at)
       SELECT $1, gen_random_uuid(), 'TEST', $2, 'QUEUED', 'HIGH', 'together', $3, now() FROM generate_series(1, 9)`,
      [server.ours, raw(id), new Date(now)],
    );
    const [[first] = []] = await claim(tx, 10, 0); // and here it dies
    return first;
  });
  let here: (() => void) | undefined;
  let go: (() => void) | undefined;
  const claimed = new Promise<void>((resolve) => void (here = resolve));
  const both = new Promise<void>((resolve) => void (go = resolve));
  const slow = server.app.db.inOrganization(server.ours, async (tx) => {
    const part = await claim(tx, 3, 60_000);
    here?.();
    await both;
    return part;
  });
  await claimed;
  // The other has not committed: by what is seen here, its three are in the message still.
  const quick = await server.app.db.inOrganization(server.ours, (tx) => claim(tx, 4, 60_000));
  go?.();
  const rest = [
    await slow,
    quick,
    await server.app.db.inOrganization(server.ours, (tx) => claim(tx, 10, 60_000)),
  ].flat();
  expect(rest).toEqual([
    [expect.not.stringMatching(messageId as string), 3],
    [expect.not.stringMatching(messageId as string), 4],
    [messageId, 2],
  ]);
  const stored = await server.database.asOwner<{ message_id: string; n: number }>(
    "SELECT message_id, count(*)::int AS n FROM security_alerts WHERE group_key = 'together' GROUP BY 1",
  );
  expect(new Map(stored.map(({ message_id, n }) => [message_id, n]))).toEqual(new Map(rest as [string, number][]));
  await server.database.asOwner(
    "UPDATE security_alerts SET status = 'SENT', claim = NULL WHERE group_key = 'together'",
  );
});

it("keeps room for other channels, and for what is CRITICAL, while a receiver hangs", async () => {
  const { id: hangs } = await webhook("/hangs", { perMinute: 1_000 });
  const { id: other } = await webhook("/other");
  const queue = (channelId: string, priority: string, many: number) =>
    server.database.asOwner(
      `INSERT INTO security_alerts (organization_id, id, kind, channel_id, status, priority, due_at, created_at)
       SELECT '${server.ours}', gen_random_uuid(), 'TEST', '${raw(channelId)}', 'QUEUED', '${priority}', to_timestamp(${now / 1000}), now()
       FROM generate_series(1, ${many})`,
    );
  await queue(hangs, "HIGH", 200);
  const sent = server.app.alerting.deliver(server.ours);
  await expect.poll(() => hanging.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(32);
  await queue(hangs, "CRITICAL", 1);
  await queue(other, "LOW", 1);
  await expect.poll(() => taken.filter(({ path }) => path === "/other").length, { timeout: 10_000 }).toBe(1);
  const priorities = async () =>
    (
      await server.database.asOwner<{ priority: string }>(
        `SELECT DISTINCT priority FROM security_alerts WHERE channel_id = '${raw(hangs)}' AND status = 'SENDING' ORDER BY 1`,
      )
    ).map(({ priority }) => priority);
  await expect.poll(priorities).toEqual(["HIGH", "CRITICAL"]);
  expect(hanging.length).toBeLessThanOrEqual(64);
  const free = setInterval(() => hanging.splice(0).forEach((go) => void go()), 20);
  await sent;
  // Not only this delivery sends: the bell of what came meanwhile may have begun another.
  await expect.poll(() => taken.filter(({ path }) => path === "/hangs").length, { timeout: 15_000 }).toBe(201);
  clearInterval(free);
  hanging.splice(0).forEach((go) => void go()); // those that came since it ran last
});

/** Alerts of a channel that are due, each a message of its own. */
const due = (channelId: string, many: number) =>
  server.database.asOwner(
    `INSERT INTO security_alerts (organization_id, id, kind, channel_id, status, priority, due_at, created_at)
     SELECT '${server.ours}', gen_random_uuid(), 'TEST', '${raw(channelId)}', 'QUEUED', 'HIGH', to_timestamp(${now / 1000}), now()
     FROM generate_series(1, ${many})`,
  );
const statusesOf = (channelId: string) =>
  server.database.asOwner<{ status: string; n: number }>(
    `SELECT status, count(*)::int AS n FROM security_alerts WHERE channel_id = '${raw(channelId)}' GROUP BY 1 ORDER BY 1`,
  );

it("does not keep the sweep while receivers hang that have taken all the room", async () => {
  const channels = await Promise.all([1, 2, 3].map(() => webhook("/hangs", { perMinute: 1_000 })));
  for (const { id } of channels) await due(id, 32);
  const swept = server.app.sweep.deliver().then(() => "swept");
  const first = await Promise.race([swept, pause(5_000, "held")]);
  await expect.poll(() => hanging.length, { timeout: 15_000 }).toBe(96);
  // Nothing is free now, and the next run of the job does not wait either.
  const next = server.app.sweep.deliver().then(() => "swept");
  const second = await Promise.race([next, pause(5_000, "held")]);
  hanging.splice(0).forEach((go) => void go());
  for (const { id } of channels)
    await expect.poll(() => statusesOf(id), { timeout: 15_000 }).toEqual([{ status: "SENT", n: 32 }]);
  expect([first, second]).toEqual(["swept", "swept"]);
}, 60_000);

it("stops sending when it is told to, leaves nothing in hand, and the next one sends the rest, each once", async () => {
  answers.set("/slow", { status: 200, afterMs: 50 });
  const { id } = await webhook("/slow", { perMinute: 1_000 });
  const many = 250; // a channel has at most 64 in hand when it is told to stop
  await due(id, many);
  const sending = server.app.alerting.deliver(server.ours);
  await expect.poll(() => taken.length, { timeout: 15_000, interval: 5 }).toBeGreaterThanOrEqual(50);
  const began = performance.now();
  server.app.alerting.stopSending();
  await sending;
  // A bell of what came before may have begun another delivery, which ends as soon.
  const inHand = async () => (await statusesOf(id)).some(({ status }) => status === "SENDING");
  await expect.poll(inHand, { timeout: 5_000 }).toBe(false);
  expect(performance.now() - began).toBeLessThan(5_000);
  const sent = taken.length;
  expect(sent).toBeLessThan(many);
  expect(await statusesOf(id)).toEqual([
    { status: "QUEUED", n: many - sent },
    { status: "SENT", n: sent },
  ]);
  await server.restart();
  await server.app.alerting.deliver(server.ours);
  await expect.poll(() => statusesOf(id), { timeout: 15_000 }).toEqual([{ status: "SENT", n: many }]);
  expect(taken).toHaveLength(many);
  expect(new Set(taken.map(({ headers }) => headers["webhook-id"])).size).toBe(many);
}, 60_000);

it("folds what is above a channel's number a minute into one message, and loses none", async () => {
  const { id } = await webhook("/few", { perMinute: 3 });
  const ids = Array.from({ length: 20 }, (_, n) => `0190000000007000800000000000${String(1000 + n)}`);
  await server.database.asOwner(
    `INSERT INTO security_alerts (organization_id, id, kind, channel_id, status, priority, due_at, created_at)
     SELECT '${server.ours}', id::uuid, 'TEST', '${raw(id)}', 'QUEUED', 'MEDIUM', to_timestamp(${now / 1000}), now()
     FROM unnest('{${ids.join(",")}}'::text[]) AS id`,
  );
  for (let n = 0; n < 6; n++) await later(15_000);
  const rows = await server.database.asOwner<{ status: string; message_id: string }>(
    `SELECT status, message_id FROM security_alerts WHERE channel_id = '${raw(id)}'`,
  );
  expect(rows.map(({ status }) => status)).toEqual(Array(20).fill("SENT"));
  expect(new Set(rows.map(({ message_id }) => message_id)).size).toBeLessThanOrEqual(4);
  expect(taken.length).toBeLessThanOrEqual(4);
});

it("uses up no tries on a receiver that asks to be asked again at once, and others wait for no longer", async () => {
  answers.set("/soon", { status: 429, headers: { "retry-after": "1" } });
  const { id } = await webhook("/soon");
  const first = await test(id);
  await settled(first, "RETRYING");
  for (let n = 0; n < 10; n++) await later(60_000);
  expect((await read(first)).status).toBe("RETRYING");
  answers.clear();
  now += 2_000;
  await settled(await test(id), "SENT");
  await later(12 * 3_600_000);
  await settled(first, "SENT");
});

it("N7: folds a thousand alerts for a receiver that takes one a second, keeps to its wait, and holds no other up", async () => {
  const { id } = await webhook("/one-a-second", { perMinute: 60 });
  const { id: other } = await webhook("/other");
  answers.set("/one-a-second", { status: 429, headers: { "retry-after": "30" } });
  const first = await test(id);
  await settled(first, "RETRYING");
  await server.database.asOwner(
    `INSERT INTO security_alerts (organization_id, id, kind, channel_id, status, priority, due_at, created_at)
     SELECT '${server.ours}', gen_random_uuid(), 'TEST', '${raw(id)}', 'QUEUED', 'MEDIUM', to_timestamp(${now / 1000}), now()
     FROM generate_series(1, 999)`,
  );
  const calls = () => taken.filter(({ path }) => path === "/one-a-second");
  await settled(await test(other), "SENT"); // meanwhile
  await later(29_000);
  expect(calls()).toHaveLength(1); // the one that was refused
  answers.clear();
  taken.length = 0;
  now += 2_000;
  await server.app.alerting.deliver(server.ours);
  for (let n = 0; n < 4; n++) {
    await later(14_000);
    expect(calls().length).toBeLessThanOrEqual(60); // in this minute
  }
  for (let n = 0; n < 5; n++) await later(15_000);
  const rows = await server.database.asOwner<{ status: string; n: number }>(
    `SELECT status, count(*)::int AS n FROM security_alerts WHERE channel_id = '${raw(id)}' GROUP BY 1`,
  );
  expect(rows).toEqual([{ status: "SENT", n: 1_000 }]);
  const counted = calls().map(({ body }) => JSON.parse(body).data.counts.alerts as number);
  expect(counted.reduce((sum, n) => sum + n, 0)).toBe(1_000);
}, 60_000);

it("keeps a channel's minute over all processes that claim in the same moment", async () => {
  const { id } = await webhook("/shared", { perMinute: 20 });
  await server.database.asOwner(
    `INSERT INTO security_alerts (organization_id, id, kind, channel_id, recipient, status, priority, due_at, created_at)
     SELECT '${server.ours}', gen_random_uuid(), 'TEST', '${raw(id)}', 'r' || n, 'QUEUED', 'MEDIUM', to_timestamp(${now / 1000}), now()
     FROM generate_series(1, 100) n`,
  );
  let together = 0;
  let all: () => void;
  const here = new Promise<void>((resolve) => void (all = resolve));
  const processes = Array.from({ length: 3 }, () =>
    server.app.db.inOrganization(server.ours, async (tx) => {
      await tx.query("SELECT"); // each has its connection before any claims
      if (++together === 3) all();
      await here;
      return claimDue(tx, { most: 32, leaseMs: 60_000, perMinuteOf: () => 600, now });
    }),
  );
  const claims = await Promise.all(processes);
  const sending = claims.flatMap((claim) => claim?.plan.send ?? []);
  expect(sending.length).toBeGreaterThan(0);
  expect(sending.length).toBeLessThanOrEqual(20);
  holdsLease = true;
  await later(61_000); // they have died
  // What has waited since comes before what they had in hand, 32 at a time; the bell for the rest waits by the real clock.
  for (let n = 0; n < 3; n++) await server.app.alerting.deliver(server.ours);
  holdsLease = false;
  for (let n = 0; n < 20; n++) await later(15_000);
  const rows = await server.database.asOwner<{ status: string; n: number }>(
    `SELECT status, count(*)::int AS n FROM security_alerts WHERE channel_id = '${raw(id)}' GROUP BY 1`,
  );
  expect(rows).toEqual([{ status: "SENT", n: 100 }]);
}, 60_000);

it("sends e-mail with an id that stays, and never again to an address that is none", async () => {
  const { id } = await channel({ kind: "EMAIL", email: { to: ["ann@clinic.example"] } });
  const alert = await test(id);
  await settled(alert, "SENT");
  const mail = smtp.mails.at(-1);
  expect(mail?.to).toEqual(["ann@clinic.example"]);
  expect(mail?.source).toContain(`Message-ID: <${(await read(alert)).messageId}@`);
  expect(mail?.source).toMatch(/List-Id: /i);
  smtp.refusals.push("550 no such user");
  const refused = await test(id);
  await settled(refused, "FAILED");
  const again = await test(id);
  await settled(again, "FAILED");
  expect((await read(again)).attempts[0].detail).toMatch(/known not to arrive/);
});

it("tries an address or a number that was bad when somebody sends to it again, or gives it once more", async () => {
  const retry = "mutation ($ids: [ID!]!) { alertsRetry(input: { ids: $ids }) { userErrors { message } } }";
  const update = `mutation ($id: ID!, $input: AlertChannelUpdateInput!) {
    alertChannelUpdate(id: $id, input: $input) { userErrors { message } } }`;
  const { id } = await channel({ kind: "EMAIL", email: { to: ["moved@clinic.example"] } });
  smtp.refusals.push("550 5.1.1 no such user");
  const refused = await test(id);
  await settled(refused, "FAILED");
  await settled(await test(id), "FAILED");
  await ask(retry, { ids: [refused] });
  await settled(refused, "SENT");
  await settled(await test(id), "SENT");
  const path = `/2010-04-01/Accounts/AC${"0".repeat(32)}/Messages.json`;
  answers.set(path, { status: 400, body: JSON.stringify({ code: 21610 }) });
  const sms = await channel({ kind: "SMS", sms: { to: ["+15125550166"] } });
  await settled(await test(sms.id), "FAILED");
  answers.set(path, { status: 201, body: JSON.stringify({ sid: "SM9" }) });
  await settled(await test(sms.id), "FAILED");
  expect(await ask(update, { id: sms.id, input: { sms: { to: ["+15125550166"] } } })).toEqual({
    alertChannelUpdate: { userErrors: [] },
  });
  await settled(await test(sms.id), "SENT");
});

it("sends nothing that waited to an address that its channel no longer tells by then", async () => {
  const { id } = await channel({ kind: "EMAIL", email: { to: ["taken-off@clinic.example", "Stays@clinic.example"] } });
  await server.database.asOwner("UPDATE alert_channels SET wait_until = '9999-12-31' WHERE id = $1", [raw(id)]);
  const gone = await test(id);
  const update = `mutation ($id: ID!, $input: AlertChannelUpdateInput!) {
    alertChannelUpdate(id: $id, input: $input) { userErrors { message } } }`;
  await ask(update, { id, input: { email: { to: ["stays@clinic.example"] } } }); // it waits no longer
  await later(0);
  await settled(gone, "FAILED");
  const detail = "Not tried: the channel no longer tells this address or number.";
  expect(await read(gone)).toMatchObject({ attempts: [{ detail }], channel: { failingSince: null } });
  const waiting = `SELECT FROM security_alerts WHERE channel_id = '${raw(id)}' AND status <> 'SENT'`;
  await expect.poll(async () => (await server.database.asOwner(waiting)).length).toBe(1);
  expect(smtp.mails.at(-1)?.to).toEqual(["Stays@clinic.example"]);
  expect(smtp.mails.flatMap(({ to }) => to)).not.toContain("taken-off@clinic.example");
});

it("takes an address that is gone, or a number no longer kept, for no fault of their channel", async () => {
  const six = 6 * 86_400_000; // longer than a channel may fail
  const healthy = { isSuspended: false, failingSince: null };
  const { id } = await channel({ kind: "EMAIL", email: { to: ["left@clinic.example"] } });
  smtp.refusals.push("550 5.1.1 no such user");
  const refused = await test(id);
  await settled(refused, "FAILED");
  expect((await read(refused)).channel).toMatchObject(healthy);
  await later(six);
  const untried = await test(id);
  await settled(untried, "FAILED");
  expect((await read(untried)).channel).toMatchObject(healthy);
  // Nor does it stop one that has failed for long.
  const failing = "UPDATE alert_channels SET failing_since = to_timestamp($2) WHERE id = $1";
  await server.database.asOwner(failing, [raw(id), (now - six) / 1_000]);
  const again = await test(id);
  await settled(again, "FAILED");
  expect((await read(again)).channel).toMatchObject({ isSuspended: false, failingSince: expect.any(String) });
  const sms = await channel({ kind: "SMS", sms: { to: ["+15125550177"] } });
  await server.database.asOwner("DELETE FROM phone_numbers");
  const unknown = await test(sms.id);
  await settled(unknown, "FAILED");
  expect(await read(unknown)).toMatchObject({
    attempts: [{ detail: "The number is no longer kept." }],
    channel: healthy,
  });
});

it("sends SMS through Twilio's API and tells a number that is none from a fault that passes", async () => {
  const path = `/2010-04-01/Accounts/AC${"0".repeat(32)}/Messages.json`;
  answers.set(path, { status: 201, body: JSON.stringify({ sid: "SM1" }) });
  const { id } = await channel({ kind: "SMS", sms: { to: ["+15125550199"] } });
  const first = await test(id);
  await settled(first, "SENT");
  expect((await read(first)).attempts).toMatchObject([
    { providerId: "SM1", detail: expect.stringMatching(/in \d parts?\./) },
  ]);
  expect(new URLSearchParams(taken[0]?.body).get("To")).toBe("+15125550199");
  answers.set(path, { status: 429, body: JSON.stringify({ code: 20429 }) });
  const busy = await test(id);
  await settled(busy, "RETRYING");
  answers.set(path, { status: 400, body: JSON.stringify({ code: 21610 }) });
  await later(3_600_000);
  await settled(busy, "FAILED");
  const [contact] = await server.database.asOwner<{ address: string }>(
    "SELECT address FROM bad_contacts WHERE kind = 'SMS'",
  );
  expect(contact?.address).toMatch(/^…99\.[0-9a-f]{16}$/); // what stands for the number
});

it("N8 calls an SMS delivered when Twilio says so, and nobody else", async () => {
  const path = `/2010-04-01/Accounts/AC${"0".repeat(32)}/Messages.json`;
  answers.set(path, { status: 201, body: JSON.stringify({ sid: "SM2" }) });
  const { id } = await channel({ kind: "SMS", sms: { to: ["+15125550111"] } });
  const alert = await test(id);
  await settled(alert, "SENT");
  const fields = { MessageSid: "SM2", MessageStatus: "delivered", AccountSid: "AC" };
  const post = (token: string) => twilioSays(fields, token);
  now += 1_000; // attempts are shown in the order of their time
  expect((await post("another token")).status).toBe(403);
  expect((await read(alert)).status).toBe("SENT");
  expect((await post("twilio-canary-token")).status).toBe(200);
  expect(await read(alert)).toMatchObject({
    status: "DELIVERED",
    attempts: [{ outcome: "SENT" }, { outcome: "DELIVERED" }],
  });
});

it("N8 believes what Twilio says of an SMS before it is written down that Twilio took it", async () => {
  const path = `/2010-04-01/Accounts/AC${"0".repeat(32)}/Messages.json`;
  const told = async (to: string, sid: string, fields: Record<string, string>) => {
    answers.set(path, { status: 201, body: JSON.stringify({ sid }) });
    const taken: number[] = [];
    before.set(path, async () => {
      for (const _ of ["once", "and again"]) taken.push((await twilioSays({ MessageSid: sid, ...fields })).status);
    });
    const { id } = await channel({ kind: "SMS", sms: { to: [to] } });
    const alert = await test(id);
    const outcomes = async () => (await read(alert)).attempts.map((attempt: { outcome: string }) => attempt.outcome);
    await expect.poll(outcomes, { timeout: 15_000 }).toContain("SENT");
    return { status: (await read(alert)).status, outcomes: (await outcomes()).sort(), taken };
  };
  expect(await told("+15125550112", "SM3", { MessageStatus: "delivered" })).toEqual({
    status: "DELIVERED",
    outcomes: ["DELIVERED", "SENT"],
    taken: [200, 200],
  });
  expect(await told("+15125550113", "SM4", { MessageStatus: "undelivered", ErrorCode: "30003" })).toEqual({
    status: "FAILED",
    outcomes: ["PERMANENT", "SENT"],
    taken: [200, 200],
  });
  // What has failed by what is known here may have arrived all the same.
  before.delete(path);
  answers.set(path, { status: 400, body: JSON.stringify({ code: 21606 }) });
  const { id } = await channel({ kind: "SMS", sms: { to: ["+15125550114"] } });
  const alert = await test(id);
  await settled(alert, "FAILED");
  expect((await twilioSays({ MessageSid: "SM5", MessageStatus: "undelivered" })).status).toBe(200);
  expect((await read(alert)).status).toBe("FAILED");
  expect((await twilioSays({ MessageSid: "SM5", MessageStatus: "delivered" })).status).toBe(200);
  expect((await read(alert)).status).toBe("DELIVERED");
});

it("N8 calls an e-mail delivered when its mail server reports so, failed and its address bad when it reports that, once", async () => {
  const report = (raw: string, authorization = `Bearer ${mailToken}`) =>
    fetch(`${server.url}/callbacks/email`, { method: "POST", headers: { authorization }, body: raw });
  const sent = async (to: string) => {
    const { id } = await channel({ kind: "EMAIL", email: { to: [to] } });
    const [mail, alert] = await Promise.all([smtp.next(), test(id)]);
    await settled(alert, "SENT");
    now += 1_000;
    return { alert, mail, messageId: /^Message-ID: (\S+)/im.exec(mail.source)?.[1] as string };
  };
  const arrived = await sent("ruth@clinic.example");
  expect(arrived.mail.envelope).toEqual([
    expect.stringMatching(/^MAIL FROM:<bounces@clinic\.example> .*RET=HDRS ENVID=\S+$/),
    "RCPT TO:<ruth@clinic.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;ruth@clinic.example",
  ]);
  const delivered = dsn({
    id: arrived.messageId,
    organization: server.ours,
    to: "ruth@clinic.example",
    action: "delivered",
    status: "2.0.0",
  });
  expect((await report(delivered, "Bearer of another token")).status).toBe(403);
  expect((await report(delivered, "")).status).toBe(403);
  expect((await read(arrived.alert)).status).toBe("SENT");
  // A report about the same message of another organization is about none.
  expect((await report(delivered.replaceAll(server.ours, server.theirs))).status).toBe(200);
  expect((await read(arrived.alert)).status).toBe("SENT");
  const password = `Basic ${Buffer.from(`vigil:${mailToken}`).toString("base64")}`;
  expect(await (await report(delivered, password)).json()).toEqual({ ok: true, isReport: true });
  const failedLater = dsn({
    id: arrived.messageId,
    organization: server.ours,
    to: "ruth@clinic.example",
    action: "failed",
    status: "5.1.1",
  });
  expect(await (await report(failedLater)).json()).toEqual({ ok: true, isReport: true });
  expect(await read(arrived.alert)).toMatchObject({
    status: "DELIVERED",
    attempts: [{ outcome: "SENT" }, { outcome: "DELIVERED", detail: "A mail server reports that it has arrived." }],
  });
  const gone = await sent("gone@clinic.example");
  const failed = dsn({
    id: gone.messageId,
    organization: server.ours,
    to: "gone@clinic.example",
    action: "failed",
    status: "5.1.1",
  });
  expect((await report(failed)).status).toBe(200);
  expect(await read(gone.alert)).toMatchObject({
    status: "FAILED",
    attempts: [
      { outcome: "SENT" },
      {
        outcome: "PERMANENT",
        detail: "A mail server reports that it has not arrived: 5.1.1, there is no such mailbox.",
        providerId: gone.messageId,
      },
    ],
  });
  const bad = await server.database.asOwner(
    "SELECT address FROM bad_contacts WHERE kind = 'EMAIL' AND address IN ('ruth@clinic.example', 'gone@clinic.example')",
  );
  expect(bad).toEqual([{ address: "gone@clinic.example" }]);
  for (const raw of ["", "Subject: out of office\r\n\r\nBack on Monday", failed.replaceAll(server.ours, "nobody")])
    expect(await (await report(raw)).json()).toEqual({ ok: true, isReport: false });
  expect((await report("x".repeat(600_000))).status).toBe(413);
});

it("writes to Slack in its blocks, and never shows the webhook's URL", async () => {
  const { id } = await channel({ kind: "SLACK", slack: { webhookUrl: `${sink}/slack-canary` } });
  await settled(await test(id), "SENT");
  expect(JSON.parse(taken[0]?.body as string).blocks[0]).toMatchObject({ type: "header" });
  expect(JSON.stringify(await ask("{ alertChannels { id name url slackChannel to hasSecret } }"))).not.toContain(
    "slack-canary",
  );
  const dump = await server.database.asOwner<{ row: string }>("SELECT c::text AS row FROM alert_channels c");
  expect(JSON.stringify(dump)).not.toContain("slack-canary");
});

it("says what is wrong with a channel, and where", async () => {
  const faults: [object, string[]][] = [
    [{ kind: "WEBHOOK" }, ["input", "webhook"]],
    [{ kind: "WEBHOOK", webhook: { url: "https://169.254.169.254/latest" } }, ["input", "webhook", "url"]],
    [{ kind: "WEBHOOK", webhook: { url: "https://a:b@example.com/" } }, ["input", "webhook", "url"]],
    [{ kind: "WEBHOOK", webhook: { url: `${sink}/x`, secret: "short" } }, ["input", "webhook", "secret"]],
    [{ kind: "WEBHOOK", webhook: { url: `${sink}/x` }, email: { to: ["a@b.example"] } }, ["input", "email"]],
    [{ kind: "EMAIL", email: { to: [] } }, ["input", "email", "to"]],
    [{ kind: "EMAIL", email: { to: ["nobody"] } }, ["input", "email", "to", "0"]],
    [{ kind: "SMS", sms: { to: ["0151"] } }, ["input", "sms", "to", "0"]],
    [{ kind: "SLACK", slack: {} }, ["input", "slack"]],
    [{ kind: "EMAIL", email: { to: ["a@b.example"] }, perMinute: 0 }, ["input", "perMinute"]],
  ];
  for (const [input, path] of faults) {
    const { alertChannelCreate } = await ask(create, { input: { name: "faulty", ...input } });
    expect(alertChannelCreate).toMatchObject({ alertChannel: null, userErrors: [{ code: "BAD_USER_INPUT", path }] });
  }
});

it("a template that names persons is refused where a channel may not carry it, from whichever side it comes", async () => {
  const fault = async (name: string, type: string, id: string | undefined, input: object): Promise<string> => {
    const [args, given] = id === undefined ? ["", ""] : ["$id: ID!, ", "id: $id, "];
    const text = `mutation (${args}$input: ${type}!) { ${name}(${given}input: $input) { userErrors { message path } ${id === undefined ? "made: __typename" : ""} } }`;
    const { userErrors } = (await ask(text, { id, input }))[name];
    return userErrors.map(({ message, path }: { message: string; path: string[] }) => `${path}: ${message}`).join();
  };
  const ids = async (table: string): Promise<string[]> =>
    (await ask(`{ ${table} { id } }`))[table].map(({ id }: { id: string }) => id);
  const open = (await webhook("/open")).id;
  const body = "{{ incident.title }} {% for s in incident.subjects %}{{ s.kind }}{% endfor %}";
  const draft = { name: "named", channelKind: "WEBHOOK", body };
  expect(await fault("alertTemplateCreate", "AlertTemplateCreateInput", undefined, draft)).toBe(
    "input,body: It uses incident.title (PII), and no WEBHOOK channel is covered by an agreement (coveredByBaa).",
  );
  const covered = (await webhook("/covered", { coveredByBaa: true })).id;
  expect(await fault("alertTemplateCreate", "AlertTemplateCreateInput", undefined, draft)).toBe("");
  const route = { name: "worded", channelIds: [open, covered], template: "named" };
  expect(await fault("alertRouteCreate", "AlertRouteInput", undefined, route)).toMatch(
    /^input,template: The template "named" uses incident.title \(PII\), and the channel .* is covered by no agreement/,
  );
  expect(await ids("alertRoutes")).toEqual([]); // nothing of it stays
  expect(await fault("alertRouteCreate", "AlertRouteInput", undefined, { ...route, template: "nobody" })).toMatch(
    /^input,template: No template/,
  );
  expect(await fault("alertRouteCreate", "AlertRouteInput", undefined, { ...route, channelIds: [covered] })).toBe("");
  const [routeId] = await ids("alertRoutes");
  expect((await ask("{ alertRoutes { template } }")).alertRoutes).toEqual([{ template: "named" }]);
  expect(await fault("alertRouteUpdate", "AlertRouteInput", routeId, { channelIds: [open] })).toMatch(
    /^input,channelIds/,
  );
  expect(await fault("alertChannelUpdate", "AlertChannelUpdateInput", covered, { coveredByBaa: false })).toMatch(
    /^input,coveredByBaa/,
  );
  const templates = (await ask("{ alertTemplates { nodes { id } } }")).alertTemplates.nodes;
  const safe = { body: "{{ incident.number }}" };
  expect(await fault("alertTemplateUpdate", "AlertTemplateUpdateInput", templates[0].id, safe)).toBe("");
  expect(await fault("alertRouteUpdate", "AlertRouteInput", routeId, { channelIds: [open] })).toBe("");
  expect((await ask("{ alertRoutes { template channels { id } } }")).alertRoutes).toEqual([
    { template: "named", channels: [{ id: open }] },
  ]);
});
