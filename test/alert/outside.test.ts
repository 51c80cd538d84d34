/** Who is called and how they answer: escalation policies, on-call schedules, links, SMS and Slack, over the real server. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import ICAL from "ical.js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensureUser } from "../../src/access/users.ts";
import { attack, attackRules, timeline } from "../respond/incidents.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
let now = Date.now();
let http: Server;
let sink: string;
let admin: string;
let ip = 0;
/** Ends the answers that the sink holds back. */
const hanging: (() => void)[] = [];
/** The e-mail addresses of the people in Slack, by their ids there. */
const slackPeople = new Map<string, string>();
const taken: { path: string; body: string }[] = [];
const twilioToken = "twilio-canary-token";
const publicUrl = "https://vigil.example";

beforeAll(async () => {
  http = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    taken.push({ path: request.url as string, body });
    const asked = /^\/slack-api\/users\.info\?user=(\w+)$/.exec(request.url as string)?.[1];
    if (asked) {
      const email = slackPeople.get(asked);
      const known = request.headers.authorization === "Bearer xoxb-1234567890-bot" && request.method === "GET";
      return void response.end(
        JSON.stringify(known && email ? { ok: true, user: { profile: { email } } } : { ok: false }),
      );
    }
    if (request.url === "/hang") await new Promise<void>((resolve) => hanging.push(resolve));
    response.writeHead(200).end('{"ok":true,"ts":"1.2","sid":"SM1"}');
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  sink = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  server = await testServer({
    now: () => now,
    env: {
      VIGIL_ALLOW_PRIVATE_WEBHOOKS: "true",
      VIGIL_PUBLIC_URL: publicUrl,
      TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
      TWILIO_AUTH_TOKEN: twilioToken,
      TWILIO_FROM: "+15125550100",
      TWILIO_API_URL: sink,
      SLACK_API_URL: `${sink}/slack-api`,
    },
  });
  await attackRules(server);
  admin = await server.app.tokens.sign(
    { organizationId: server.ours, userId: "cli", name: "tester", role: "ADMIN" },
    60 * 86_400, // the clock goes on by days
  );
});
afterAll(async () => {
  await server.close();
  http.close();
});
beforeEach(async () => {
  await server.database.asOwner(
    "UPDATE alert_channels SET removed_at = now(), suspended_at = now(), name = id::text WHERE removed_at IS NULL",
  );
  await server.database.asOwner("UPDATE alert_routes SET removed_at = now(), name = id::text WHERE removed_at IS NULL");
  taken.length = 0;
});

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
async function ask(query: string, variables: object = {}): Promise<any> {
  const { data, errors } = await server.query(query as never, variables as never, admin);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}
/** Runs a mutation of a noun; answers the entity. */
// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
async function set(mutation: string, variables: Record<string, unknown>, wanted = "id"): Promise<any> {
  const noun = mutation.replace(/(Create|Update|Delete|Renew|Revoke)$/, "").replace("onCallOverride", "onCallSchedule");
  const input = `${mutation.replace(/^./, (one) => one.toUpperCase()).replace(/(Create|Update)$/, "")}Input`;
  const type = mutation.startsWith("alertChannel") ? "AlertChannelCreateInput" : input;
  const parts = Object.keys(variables).map((name) => [
    `$${name}: ${name === "id" ? "ID" : type}!`,
    `${name}: $${name}`,
  ]);
  const answer = await ask(
    `mutation (${parts.map(([one]) => one).join(", ")}) { ${mutation}(${parts.map(([, one]) => one).join(", ")}) {
      ${noun.replace("onCallCalendar", "onCallSchedule")} { ${wanted} } userErrors { code message path } } }`,
    variables,
  );
  const { userErrors, ...entity } = answer[mutation];
  if (userErrors.length > 0) throw Object.assign(new Error(JSON.stringify(userErrors)), { userErrors });
  return Object.values(entity)[0];
}
/** What a mutation is refused with. */
const refused = (mutation: string, variables: Record<string, unknown>) =>
  set(mutation, variables).then(
    () => [],
    ({ userErrors }: { userErrors: { code: string; message: string; path: string[] }[] }) => userErrors,
  );
let made = 0;
const channel = async (more: object): Promise<string> =>
  (await set("alertChannelCreate", { input: { name: `channel ${++made}`, test: false, ...more } })).id;
const hook = (path: string) => channel({ kind: "WEBHOOK", webhook: { url: sink + path } });
async function user(name: string, role: "RESPONDER" | "VIEWER" = "RESPONDER", phone?: string) {
  const email = `${name}@clinic.example`;
  const id = await server.app.db.inOrganization(server.ours, (tx) => ensureUser(tx, { email, name, role, now }));
  await server.database.asOwner("UPDATE users SET suspended_at = NULL WHERE id = $1", [id]);
  if (phone !== undefined) {
    const given =
      "mutation ($id: ID!, $phone: String) { userContactUpdate(id: $id, input: { phone: $phone }) { userErrors { message } } }";
    await ask(given, { id: globalId("User", id), phone });
  }
  return { id: globalId("User", id), email, raw: id };
}
async function incident(level = "critical"): Promise<{ id: string; number: number }> {
  const address = `203.0.113.${++ip}`;
  now += 1_000; // batches have each a time of their own, which is not ahead of the clock
  await attack(server, [{ ip: address, level }]);
  const [row] = await server.database.asOwner<{ id: string; number: number }>(
    "SELECT id, number FROM security_incidents WHERE organization_id = $1 AND subjects @> $2 ORDER BY number DESC LIMIT 1",
    [server.ours, JSON.stringify([{ kind: "ADDRESS", key: address }])],
  );
  if (!row) throw new Error(`no incident about ${address}`);
  return row;
}
const raw = (id: string): string => Buffer.from(id, "base64").toString().split(":")[1] as string;
const globalId = (type: string, id: string): string => Buffer.from(`${type}:${id}`).toString("base64");
const statusOf = async (id: string): Promise<string> =>
  (await ask("query ($id: ID!) { incident(id: $id) { status } }", { id: globalId("Incident", id) })).incident.status;
/** What the sink was sent at a path, once it was. */
async function sent(path: string, n = 1): Promise<string> {
  await expect.poll(() => taken.filter((one) => one.path === path).length, { timeout: 15_000 }).toBe(n);
  return taken.filter((one) => one.path === path).at(-1)?.body as string;
}
const press = (token: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/acknowledge`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams({ token }).toString(),
  });
async function linkOf(path: string, n = 1): Promise<string> {
  const url = JSON.parse(await sent(path, n)).data.alert.acknowledgeUrl as string;
  expect(url.startsWith(`${publicUrl}/acknowledge?token=`)).toBe(true);
  return new URL(url).searchParams.get("token") as string;
}

describe("escalation policies", () => {
  it("refuses what cannot be with its place, and warns of what would come to nothing", async () => {
    const fault = async (input: object) => {
      const [error] = await refused("escalationPolicyCreate", { input: { name: `policy ${++made}`, ...input } });
      return `${error?.path.join(".")}: ${error?.message}`;
    };
    const step = (tell: object[], delaySeconds = 60) => ({ delaySeconds, tell });
    const nobody = globalId("User", "0198b2f0-0000-7000-8000-000000000001");
    expect(await fault({ steps: [] })).toBe("input.steps: A policy has 1 to 20 steps.");
    expect(await fault({ steps: [step([{}])] })).toContain("input.steps.0.tell.0: Name exactly one of");
    expect(await fault({ steps: [step([{ userId: nobody }])] })).toBe(
      "input.steps.0.tell.0.userId: There is no such user.",
    );
    expect(await fault({ steps: [step([{ role: "ADMIN" }]), step([{ role: "ADMIN" }], 5)] })).toContain(
      "input.steps.1.delaySeconds",
    );
    expect(await fault({ steps: [step([{ role: "ADMIN" }], 0)], repeats: 3 })).toContain("waits 30 seconds");
    expect(await fault({ steps: [step([{ userId: globalId("User", "nobody") }])] })).toContain(
      "This is no id of Vigil",
    );
    const ann = await user("ann");
    const warned = await set(
      "escalationPolicyCreate",
      { input: { name: "warned", steps: [step([{ userId: ann.id }])] } },
      "warnings steps { tell { kind user { email } } }",
    );
    expect(warned).toEqual({
      steps: [{ tell: [{ kind: "USER", user: { email: ann.email } }] }],
      warnings: [
        "Step 1 reaches nobody now: it is skipped.",
        "Nobody is told when all steps are over: name a fallback channel.",
      ],
    });
  });

  it("calls by a route's policy, shows how far it is and who was told, and stays while a route uses it", async () => {
    const [first, fallback] = [await hook("/first"), await hook("/fallback")];
    const steps = [{ delaySeconds: 300, tell: [{ channelId: first }] }];
    const policy = await set("escalationPolicyCreate", {
      input: { name: "called", steps, fallbackChannelId: fallback, acknowledgeTimeoutSeconds: 600 },
    });
    const route = await set(
      "alertRouteCreate",
      { input: { name: "called", escalationPolicyId: policy.id } },
      "id escalationPolicy { name warnings }",
    );
    expect(route.escalationPolicy).toEqual({ name: "called", warnings: [] });
    expect(await refused("escalationPolicyDelete", { id: policy.id })).toMatchObject([
      { code: "CONFLICT", message: "The route called escalates by it: change that first." },
    ]);
    const { id } = await incident();
    const escalations = async () =>
      (
        await ask(
          `query ($id: ID!) { incident(id: $id) { escalations { policyName state step round stepCount nextAt acknowledgedBy
            told { kind step channel { name } } } } }`,
          { id: globalId("Incident", id) },
        )
      ).incident.escalations;
    expect(await escalations()).toEqual([
      {
        policyName: "called",
        state: "RUNNING",
        step: 0,
        round: 0,
        stepCount: 1,
        nextAt: new Date(now + 300_000).toISOString(),
        acknowledgedBy: null,
        told: [],
      },
    ]);
    now += 300_000;
    await server.app.sweep.escalate();
    expect(await escalations()).toMatchObject([{ step: 1, told: [{ kind: "ESCALATED", step: 0 }] }]);
    // Whoever acknowledges again, when that has lasted too long and people are called anew, stops it again.
    const acknowledge = () =>
      ask("mutation ($id: ID!) { incidentAcknowledge(id: $id) { userErrors { message } } }", {
        id: globalId("Incident", id),
      });
    expect((await acknowledge()).incidentAcknowledge.userErrors).toEqual([]);
    expect((await acknowledge()).incidentAcknowledge.userErrors).toHaveLength(1);
    await server.database.asOwner("UPDATE escalations SET state = 'RUNNING' WHERE incident_id = $1", [id]);
    expect((await acknowledge()).incidentAcknowledge.userErrors).toEqual([]);
    expect(await escalations()).toMatchObject([{ state: "ACKNOWLEDGED", acknowledgedBy: "tester" }]);
    expect((await timeline(server, id)).at(-1)).toBe("ACKNOWLEDGED tester acknowledged the incident again.");
    // So does whoever acknowledges many at once.
    await server.database.asOwner("UPDATE escalations SET state = 'RUNNING' WHERE incident_id = $1", [id]);
    const { incidentsUpdate } = await ask(
      `mutation ($ids: [ID!]!) { incidentsUpdate(ids: $ids, input: { move: ACKNOWLEDGE }) {
        updated results { userErrors { message } } } }`,
      { ids: [globalId("Incident", id)] },
    );
    expect(incidentsUpdate).toEqual({ updated: 1, results: [{ userErrors: [] }] });
    expect(await escalations()).toMatchObject([{ state: "ACKNOWLEDGED", acknowledgedBy: "tester" }]);
    await set("alertRouteDelete", { id: route.id });
    expect(await set("escalationPolicyDelete", { id: policy.id }, "name")).toEqual({ name: raw(policy.id) });
  });
});

it("keeps an incident quiet by an inhibition made over the API, and names the place of what is wrong with one", async () => {
  const source = [{ field: "SEVERITY", operator: "EQUALS", value: "CRITICAL" }];
  const target = [{ field: "SEVERITY", operator: "EQUALS", value: "MEDIUM" }];
  const bad = { input: { name: "worse", source, target: [{ field: "TAG", operator: "AT_LEAST", value: "a" }] } };
  expect(await refused("alertInhibitionCreate", bad)).toMatchObject([{ path: ["input", "target", "0", "operator"] }]);
  const made = await set("alertInhibitionCreate", { input: { name: "worse", source, target } }, "id equal");
  expect(made.equal).toEqual([]);
  await hook("/inhibited");
  await incident();
  const held = await incident("medium");
  const holds = () => server.database.asOwner("SELECT held_by FROM security_alerts WHERE incident_id = $1", [held.id]);
  expect(await holds()).toMatchObject([{ held_by: [{ kind: "INHIBITION" }] }]);
  await set("alertInhibitionUpdate", { id: made.id, input: { equal: ["SUBJECT"] } });
  expect(await set("alertInhibitionDelete", { id: made.id })).toBeNull();
  await server.app.sweep.routes();
  await sent("/inhibited", 2);
});

describe("on call", () => {
  const layer = (userIds: string[], more: object = {}) => ({
    name: "Primary",
    userIds,
    startsOn: "2026-11-02",
    handOver: "09:00",
    ...more,
  });

  it("refuses layers of nobody and turns of no length, with their place", async () => {
    const ann = await user("ann");
    const fault = async (one: object) => {
      const input = { name: `s ${++made}`, timeZone: "America/Chicago", layers: [one] };
      const [error] = await refused("onCallScheduleCreate", { input });
      return `${error?.path.join(".")}: ${error?.message}`;
    };
    expect(await fault(layer([]))).toBe("input.layers.0.userIds: A layer has 1 to 100 people who take turns.");
    expect(await fault(layer([ann.id], { turnDays: 0 }))).toBe("input.layers.0.turnDays: A turn lasts 1 to 90 days.");
    expect(await fault(layer([ann.id], { handOver: "9" }))).toBe("input.layers.0.handOver: A time is HH:MM.");
    expect(await fault(layer([ann.id], { hours: [{ from: "25:00" }] }))).toBe(
      "input.layers.0.hours.0.from: A time is HH:MM.",
    );
    expect(await fault(layer([globalId("User", "0198b2f0-0000-7000-8000-000000000001")]))).toBe(
      "input.layers.0.userIds.0: There is no such user.",
    );
  });

  it("says who is on call and what says so, who is next, and where nobody is", async () => {
    const [ann, ben] = [await user("ann"), await user("ben")];
    const schedule = await set("onCallScheduleCreate", {
      input: { name: "clinic", timeZone: "America/Chicago", layers: [layer([ann.id, ben.id])] },
    });
    const at = "2026-11-03T12:00:00Z";
    const onCall = async () =>
      (
        await ask(
          `query ($id: ID!, $at: DateTime) { onCall(scheduleId: $id, at: $at) { user { name } layer isOverride until
            next { from user { name } } } }`,
          { id: schedule.id, at },
        )
      ).onCall;
    expect(await onCall()).toMatchObject({
      user: { name: "ann" },
      layer: "Primary",
      isOverride: false,
      until: "2026-11-09T15:00:00.000Z",
      next: [
        { from: "2026-11-09T15:00:00.000Z", user: { name: "ben" } },
        { user: { name: "ann" } },
        { user: { name: "ben" } },
        { user: { name: "ann" } },
      ],
    });
    await server.database.asOwner("UPDATE on_call_schedules SET layers = jsonb_set(layers, '{0,hours}', $1)", [
      JSON.stringify([{ days: ["MON"], from: "09:00", to: "17:00" }]),
    ]);
    expect(await onCall()).toMatchObject({ user: null, layer: null, until: "2026-11-09T15:00:00.000Z" });
    const { warnings } = (await ask("{ onCallSchedules { warnings } }")).onCallSchedules[0];
    expect(warnings[0]).toMatch(/^Nobody is on call from \d{4}-\d\d-\d\d \d\d:\d\d to/);
    const override = { scheduleId: schedule.id, userId: ben.id };
    const times = { startsAt: new Date(now).toISOString(), endsAt: new Date(now + 3_600_000).toISOString() };
    const { overrides } = await set(
      "onCallOverrideCreate",
      { input: { ...override, ...times } },
      "overrides { id user { name } author }",
    );
    expect(overrides).toMatchObject([{ user: { name: "ben" }, author: "tester" }]);
    const current = "query ($id: ID!) { onCall(scheduleId: $id) { user { name } isOverride } }";
    expect((await ask(current, { id: schedule.id })).onCall).toEqual({ user: { name: "ben" }, isOverride: true });
    expect(await set("onCallOverrideDelete", { id: overrides[0].id }, "overrides { id }")).toEqual({ overrides: [] });
    const policy = { name: `p ${++made}`, steps: [{ delaySeconds: 60, tell: [{ scheduleId: schedule.id }] }] };
    await set("escalationPolicyCreate", { input: policy });
    expect(await refused("onCallScheduleDelete", { id: schedule.id })).toMatchObject([{ code: "CONFLICT" }]);
  });

  it("gives a calendar to whoever has its link, until the link is renewed or withdrawn", async () => {
    const zoe = await user("zoë");
    const name = "Nights; weekends, and a name that is long enough to be folded: ÄÖÜ ".repeat(2).trim();
    const starts = new Date(now - 30 * 86_400_000).toISOString().slice(0, 10);
    const schedule = await set("onCallScheduleCreate", {
      input: {
        name,
        timeZone: "Europe/Berlin",
        layers: [layer([zoe.id], { startsOn: starts, hours: [{ from: "20:00", to: "08:00" }] })],
      },
    });
    const renew = async () =>
      (await ask("mutation ($id: ID!) { onCallCalendarRenew(id: $id) { url } }", { id: schedule.id }))
        .onCallCalendarRenew.url;
    const url = (await renew()) as string;
    expect(url.startsWith(`${publicUrl}/on-call.ics?token=`)).toBe(true);
    const get = (link: string) => fetch(link.replace(publicUrl, server.url));
    const answer = await get(url);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/calendar; charset=utf-8"]);
    const text = await answer.text();
    const lines = text.split("\r\n");
    expect(lines.at(-1)).toBe("");
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75);
    const calendar = new ICAL.Component(ICAL.parse(text));
    const events = calendar.getAllSubcomponents("vevent").map((one) => new ICAL.Event(one));
    expect(calendar.getFirstPropertyValue("version")).toBe("2.0");
    expect(text.replaceAll("\r\n ", "")).toContain(`X-WR-CALNAME:${name.replaceAll(/[;,]/g, "\\$&")}\r\n`);
    expect(events.length).toBeGreaterThan(70); // nights of two weeks back and 60 days ahead
    expect(new Set(events.map(({ uid }) => uid)).size).toBe(events.length);
    expect(new Set(events.map(({ summary }) => summary))).toEqual(new Set([`zoë is on call (${name})`]));
    for (const { startDate, endDate } of events) {
      // 20:00 in Berlin, in summer and winter; a night in which clocks change is an hour longer or shorter
      const hour = { timeZone: "Europe/Berlin", hour: "2-digit", hour12: false } as const;
      expect(startDate.toJSDate().toLocaleString("en", hour)).toBe("20");
      expect(endDate.toJSDate().toLocaleString("en", hour)).toBe("08");
    }
    const renewed = await renew();
    expect([(await get(url)).status, (await get(renewed)).status]).toEqual([404, 200]);
    await set("onCallCalendarRevoke", { id: schedule.id });
    expect((await get(renewed)).status).toBe(404);
    expect((await get(await renew())).status).toBe(200);
    expect([(await get(url)).status, (await get(renewed)).status]).toEqual([404, 404]); // no old link comes back
    expect((await get(`${url.slice(0, -2)}AA`)).status).toBe(404);
  });
});

it("lets people say how they are told, keeps their number out of the audit log, and uses it", async () => {
  const own = await user("eve", "VIEWER");
  const token = await server.app.tokens.sign(
    { organizationId: server.ours, userId: own.raw, name: own.email, role: "VIEWER" },
    600,
  );
  const update = `mutation ($input: UserContactInput!) { viewerContactUpdate(input: $input) {
    contact { phone quietHours { days from to } timeZone locale } userErrors { message path } } }`;
  const change = async (input: object, as = token) =>
    (await server.query(update as never, { input } as never, as)) as {
      // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
      data: any;
      errors: { extensions: { code: string } }[] | undefined;
    };
  for (const [input, path] of [
    [{ phone: "555 0100" }, "input.phone"],
    [{ timeZone: "Mars/Olympus" }, "input.timeZone"],
    [{ locale: "english" }, "input.locale"],
    [{ quietHours: [{ from: "24:30" }] }, "input.quietHours.0.from"],
  ] as const) {
    expect((await change(input)).data.viewerContactUpdate.userErrors[0].path.join(".")).toBe(path);
  }
  const settings = {
    phone: "+15125550155",
    quietHours: [{ days: [], from: "00:00", to: "00:00" }],
    timeZone: "Asia/Tokyo",
    locale: null,
  };
  expect((await change(settings)).data.viewerContactUpdate).toEqual({ contact: settings, userErrors: [] });
  expect((await server.query("{ viewer { contact { phone } } }" as never, {} as never, token)).data).toEqual({
    viewer: { contact: { phone: settings.phone } },
  });
  expect((await change({ phone: null }, server.admin)).errors?.[0]?.extensions.code).toBe("FORBIDDEN"); // a token made for nobody
  const entries = await server.database.asOwner<{ detail: unknown; actor: string }>(
    "SELECT actor, detail FROM security_audit_log WHERE action = 'USER_CONTACT_CHANGED'",
  );
  expect(entries).toMatchObject([
    { actor: own.email, detail: { changed: ["phone", "timeZone", "locale", "quietHours"] } },
  ]);
  expect(JSON.stringify(entries)).not.toContain(settings.phone);
  // Quiet hours are those of whoever has the number: what is less than CRITICAL waits.
  const sms = await channel({ kind: "SMS", sms: { to: [settings.phone] } });
  // What stands for a number is given back to keep it; what stands for none is refused.
  const { to } = (await ask("query ($id: ID!) { node(id: $id) { ... on AlertChannel { to } } }", { id: sms })).node;
  const setTo = async (numbers: string[]) =>
    (
      await ask(
        "mutation ($id: ID!, $to: [String!]!) { alertChannelUpdate(id: $id, input: { sms: { to: $to } }) { alertChannel { to } userErrors { path } } }",
        { id: sms, to: numbers },
      )
    ).alertChannelUpdate;
  expect(await setTo([...to, "+15125550156"])).toMatchObject({
    alertChannel: { to: [to[0], expect.stringMatching(/^…56\./)] },
    userErrors: [],
  });
  expect((await setTo([`…55.${"0".repeat(16)}`])).userErrors).toEqual([{ path: ["input", "sms", "to"] }]);
  expect((await setTo(to)).alertChannel.to).toEqual(to);
  const quiet = await incident("medium");
  expect(
    await server.database.asOwner("SELECT status, held_by, user_id FROM security_alerts WHERE incident_id = $1", [
      quiet.id,
    ]),
  ).toMatchObject([{ status: "HELD", held_by: [{ kind: "QUIET_HOURS" }], user_id: own.raw }]);
});

it("N11: says what in the settings is weak, and nothing where nothing is", async () => {
  const weak = async () => {
    const { alertSettingsLint } = await ask("{ alertSettingsLint { kind name message } }");
    return alertSettingsLint.map(({ kind, name }: { kind: string; name: string | null }) => `${kind} ${name}`);
  };
  await server.database.asOwner("UPDATE escalation_policies SET removed_at = now(), name = id::text");
  await server.database.asOwner("DELETE FROM on_call_schedules");
  expect(await weak()).toEqual(["NO_CHANNEL null"]);
  const first = await channel({ name: "first", kind: "EMAIL", email: { to: ["One@clinic.example"] } });
  const twin = await channel({ name: "twin", kind: "EMAIL", email: { to: ["one@clinic.example"] } });
  expect(await weak()).toEqual(["ONE_WAY_ONLY null", "CHANNEL_UNPROVEN first", "CHANNEL_UNPROVEN twin"]);
  await server.database.asOwner(
    "UPDATE alert_channels SET last_success_at = now(), failing_since = CASE WHEN name = 'twin' THEN now() END",
  );
  const second = await channel({ name: "second", kind: "SMS", sms: { to: ["+15125550122"] } });
  await server.database.asOwner("UPDATE alert_channels SET last_success_at = now()");
  expect(await weak()).toEqual(["CHANNEL_FAILING twin"]);
  await server.database.asOwner("UPDATE alert_channels SET failing_since = NULL");
  const tag = { field: "TAG", operator: "EQUALS", value: "a" };
  const low = { field: "SEVERITY", operator: "EQUALS", value: "LOW" };
  await set("alertRouteCreate", { input: { name: "tagged", matchers: [tag], channelIds: [first, second] } });
  await set("alertRouteCreate", { input: { name: "hidden", matchers: [low, tag], channelIds: [first] } });
  await set("alertRouteCreate", { input: { name: "low", matchers: [low], channelIds: [first] } });
  await set("alertRouteCreate", { input: { name: "one box", channelIds: [first, twin], goesOn: true } });
  await set("alertRouteCreate", { input: { name: "mute" } });
  expect(await weak()).toEqual(["ONE_WAY_ONLY one box", "ROUTE_UNREACHABLE hidden", "ROUTE_TELLS_NOBODY mute"]);
  const reader = await user("reader", "VIEWER");
  const layers = [
    { name: "l", userIds: [reader.id], startsOn: new Date(now + 7 * 86_400_000).toISOString().slice(0, 10) },
  ];
  await set("onCallScheduleCreate", { input: { name: "gap", timeZone: "UTC", layers } });
  await server.database.asOwner("INSERT INTO bad_contacts VALUES ($1, 'EMAIL', $2, 'r', now())", [
    server.ours,
    reader.email,
  ]);
  const called = {
    name: "called late",
    fallbackChannelId: second,
    steps: [{ delaySeconds: 60, tell: [{ userId: reader.id }] }],
  };
  await set("escalationPolicyCreate", { input: called });
  expect((await weak()).slice(3)).toEqual([
    "POLICY called late",
    "SCHEDULE gap",
    `RESPONDER_UNREACHABLE ${reader.email}`,
    `RESPONDER_MAY_NOT_ACKNOWLEDGE ${reader.email}`,
  ]);
});

it("N11: tries a channel on which nothing has gone out for a week, once a week", async () => {
  await hook("/idle");
  await hook("/busy");
  await server.database.asOwner("UPDATE alert_channels SET created_at = now() - interval '8 days'");
  await server.database.asOwner("UPDATE alert_channels SET last_success_at = $1 WHERE config ->> 'url' LIKE '%busy'", [
    new Date(now - 86_400_000),
  ]);
  await Promise.all(Array.from({ length: 8 }, () => server.app.sweep.prove()));
  expect(JSON.parse(await sent("/idle")).type).toBe("alert.test");
  const tests = () => server.database.asOwner("SELECT FROM security_alerts WHERE kind = 'TEST'");
  expect(await tests()).toHaveLength(1);
  await server.database.asOwner("UPDATE alert_channels SET last_success_at = NULL WHERE config ->> 'url' LIKE '%idle'"); // it did not arrive
  await server.app.sweep.prove();
  expect(await tests()).toHaveLength(1);
});

it("keeps what is CRITICAL from waiting behind bulk for receivers that hang", async () => {
  const slow = raw(await hook("/hang"));
  const { id } = await incident("medium");
  await server.database.asOwner(
    `INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, recipient, status, priority, due_at, group_key)
     SELECT $1, gen_random_uuid(), $2, $3, '', 'QUEUED', 'LOW', $4, 'bulk ' || n FROM generate_series(1, 100) n`,
    [server.ours, id, slow, new Date(now)],
  );
  server.app.alerting.ring(server.ours);
  const held = () => taken.filter(({ path }) => path === "/hang").length;
  await expect.poll(held, { timeout: 20_000 }).toBeGreaterThanOrEqual(32); // as many as may be on their way
  await hook("/urgent");
  await incident();
  await sent("/urgent");
  expect(hanging.length).toBeGreaterThanOrEqual(32); // none of the others was answered meanwhile
  await server.database.asOwner("UPDATE alert_channels SET suspended_at = now() WHERE id = $1", [slow]);
  for (const answer of hanging) answer();
});

describe("acknowledging from outside", () => {
  it("takes a press of the page's button, not a look at the link, names who it was, and changes nothing twice", async () => {
    await hook("/link");
    const { id, number } = await incident();
    const token = await linkOf("/link");
    const page = await fetch(`${server.url}/acknowledge?token=${token}`);
    expect(await page.text()).toContain(`Incident #${number}: CRITICAL, OPEN`);
    expect(await statusOf(id)).toBe("OPEN");
    expect((await press(token, { origin: "https://elsewhere.example" })).status).toBe(403);
    const flipped = `${token.slice(0, 5)}${token[5] === "A" ? "B" : "A"}${token.slice(6)}`;
    expect((await press(flipped)).status).toBe(404);
    expect(await statusOf(id)).toBe("OPEN");
    const [one, two] = await Promise.all([press(token), press(token)]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(await statusOf(id)).toBe("ACKNOWLEDGED");
    const lines = (await timeline(server, id)).filter((line) => line.startsWith("ACKNOWLEDGED"));
    expect(lines).toEqual([
      expect.stringMatching(
        /^ACKNOWLEDGED Whoever reads channel \d+ acknowledged the incident by the link in a message\.$/,
      ),
    ]);
    expect(await (await press(token)).text()).toContain("already");
    now += 24 * 3_600_000 + 1_000;
    expect((await press(token)).status).toBe(404);
  });

  it("acknowledges what an incident lives on in when it was merged meanwhile, and says both numbers", async () => {
    await hook("/merged");
    const one = await incident();
    const token = await linkOf("/merged");
    const other = await incident();
    const last = await incident();
    const merge = `mutation ($id: ID!, $intoId: ID!) {
      incidentMerge(id: $id, input: { intoId: $intoId, reason: "One story" }) { userErrors { message } } }`;
    for (const [from, into] of [
      [one, other],
      [other, last],
    ] as const) {
      const ids = { id: globalId("Incident", from.id), intoId: globalId("Incident", into.id) };
      expect((await ask(merge, ids)).incidentMerge.userErrors).toEqual([]);
    }
    const merged = `#${one.number} was merged into #${last.number}, which`;
    expect(await (await press(token)).text()).toContain(`${merged} is acknowledged: you have it.`);
    expect(await statusOf(last.id)).toBe("ACKNOWLEDGED");
    expect(await (await press(token)).text()).toMatch(new RegExp(`${merged} was acknowledged by .+ already\\.`));
  });

  it("takes an SMS that comes back from Twilio as its sender's word, and stops the escalation", async () => {
    const phone = "+15125550177";
    const cara = await user("cara", "RESPONDER", phone);
    await channel({ kind: "SMS", sms: { to: [phone] } });
    const policy = { name: `p ${++made}`, steps: [{ delaySeconds: 3_600, tell: [{ userId: cara.id }] }] };
    const { id: escalationPolicyId } = await set("escalationPolicyCreate", { input: policy });
    const { alertChannels } = await ask("{ alertChannels { id } }");
    const channelIds = alertChannels.map((one: { id: string }) => one.id);
    await set("alertRouteCreate", { input: { name: "sms", channelIds, escalationPolicyId } });
    const first = await incident();
    const path = `/2010-04-01/Accounts/AC${"0".repeat(32)}/Messages.json`;
    expect(new URLSearchParams(await sent(path)).get("Body")).toContain(`${publicUrl}/acknowledge?token=`);
    const settled = "SELECT FROM security_alerts WHERE incident_id = $1 AND status = 'SENT'";
    await expect.poll(async () => (await server.database.asOwner(settled, [first.id])).length).toBe(1);
    const second = await incident(); // a second later, so that it is what was told last
    await sent(path, 2);
    await expect.poll(async () => (await server.database.asOwner(settled, [second.id])).length).toBe(1);
    const reply = async (body: string, { from = phone, token = twilioToken } = {}) => {
      const fields = { Body: body, From: from, MessageSid: "SM2" };
      const text = Object.entries(fields)
        .map((pair) => pair.join(""))
        .join("");
      const signature = createHmac("sha1", token).update(`${publicUrl}/callbacks/twilio/sms${text}`).digest("base64");
      const answer = await fetch(`${server.url}/callbacks/twilio/sms`, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature },
        body: new URLSearchParams(fields).toString(),
      });
      return { status: answer.status, text: await answer.text() };
    };
    expect((await reply("ACK", { token: "another" })).status).toBe(403);
    expect((await reply("ACK", { from: "+15125550178" })).text).not.toContain("Message");
    expect((await reply("who is this")).text).toContain("e.g. ACK 42");
    expect(await statusOf(first.id)).toBe("OPEN");
    expect((await reply(`ack #${first.number}`)).text).toContain(`#${first.number} is acknowledged: you have it.`);
    expect([await statusOf(first.id), await statusOf(second.id)]).toEqual(["ACKNOWLEDGED", "OPEN"]);
    expect((await timeline(server, first.id)).at(-1)).toBe(
      `ACKNOWLEDGED ${cara.email} acknowledged the incident by answering an SMS.`,
    );
    const [escalation] = await server.database.asOwner("SELECT * FROM escalations WHERE incident_id = $1", [first.id]);
    expect(escalation).toMatchObject({ state: "ACKNOWLEDGED", acknowledged_by: cara.email });
    await server.database.asOwner("UPDATE users SET suspended_at = now() WHERE id = $1", [cara.raw]);
    expect((await reply("Ok")).text).toContain("This user is suspended.");
    await server.database.asOwner("UPDATE users SET suspended_at = NULL, role = 'VIEWER' WHERE id = $1", [cara.raw]);
    expect((await reply("Ok")).text).toContain("The role VIEWER may not acknowledge incidents.");
    expect(await statusOf(second.id)).toBe("OPEN");
    await server.database.asOwner("UPDATE users SET role = 'RESPONDER' WHERE id = $1", [cara.raw]);
    expect((await reply("Ok")).text).toContain(`#${second.number} is acknowledged`);
  });

  it("takes a press in Slack that Slack has signed lately, for that channel alone", async () => {
    const signingSecret = "0123456789abcdef0123456789abcdef";
    const slack = { webhookUrl: `${sink}/slack`, signingSecret, strangersAcknowledge: true };
    const id = await channel({ kind: "SLACK", slack });
    const { id: incidentId, number } = await incident();
    const { blocks } = JSON.parse(await sent("/slack"));
    const button = blocks.at(-1).elements.at(-1);
    expect(button).toMatchObject({ action_id: "vigil_acknowledge", value: expect.any(String) });
    expect(button.url).toBeUndefined();
    const { slackRequestUrl } = (await ask("{ alertChannels { slackRequestUrl } }")).alertChannels[0];
    const payload = {
      type: "block_actions",
      user: { id: "U024BE7LH", username: "dora" },
      actions: [{ action_id: button.action_id, value: button.value }],
      response_url: `${sink}/said`,
    };
    const send = async ({
      at = now,
      secret = signingSecret,
      to = slackRequestUrl as string,
      value = button.value,
    } = {}) => {
      const body = new URLSearchParams({
        payload: JSON.stringify({ ...payload, actions: [{ ...payload.actions[0], value }] }),
      }).toString();
      const timestamp = String(Math.floor(at / 1000));
      const signature = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
      const headers = { "x-slack-request-timestamp": timestamp, "x-slack-signature": signature };
      return (await fetch(to.replace(publicUrl, server.url), { method: "POST", headers, body })).status;
    };
    expect(await send({ secret: "f".repeat(32) })).toBe(403);
    expect(await send({ at: now - 301_000 })).toBe(403);
    expect(await send({ to: slackRequestUrl.replace(raw(id), "0198b2f0-0000-7000-8000-000000000001") })).toBe(403);
    expect(await statusOf(incidentId)).toBe("OPEN");
    expect(await send({ value: "forged" })).toBe(200);
    expect(await sent("/said")).toContain("not valid");
    expect(await statusOf(incidentId)).toBe("OPEN");
    expect(await send()).toBe(200);
    expect(await sent("/said", 2)).toContain(`#${number} is acknowledged: you have it.`);
    expect((await timeline(server, incidentId)).at(-1)).toBe(
      "ACKNOWLEDGED @dora (Slack U024BE7LH) acknowledged the incident in Slack.",
    );
    // Giving the signing secret anew leaves where messages go as it was.
    const change =
      "mutation ($id: ID!, $input: AlertChannelUpdateInput!) { alertChannelUpdate(id: $id, input: $input) { userErrors { message } } }";
    await ask(change, { id, input: { slack: { signingSecret: "f".repeat(32) } } });
    await incident();
    await sent("/slack", 2);
    expect(await send()).toBe(403);
  });

  it("knows whoever presses in Slack by the e-mail address of their profile, and refuses whom it does not know", async () => {
    const signingSecret = "0123456789abcdef0123456789abcdef";
    const slack = { botToken: "xoxb-1234567890-bot", channel: "C024BE91L", signingSecret };
    const id = await channel({ kind: "SLACK", slack });
    const { id: incidentId, number } = await incident();
    const { blocks } = JSON.parse(await sent("/slack-api/chat.postMessage"));
    const { action_id, value } = blocks.at(-1).elements.at(-1);
    const { slackRequestUrl } = (await ask("{ alertChannels { slackRequestUrl } }")).alertChannels[0];
    slackPeople.set("U0DORA", "Dora.Mapped@example.com").set("U0VIEW", "viewer.mapped@example.com");
    slackPeople.set("U0NOBODY", "nobody@example.com");
    const press = async (user: string, button = value): Promise<string> => {
      const before = taken.filter(({ path }) => path === "/said").length;
      const payload = {
        user: { id: user, username: "eve" },
        actions: [{ action_id, value: button }],
        response_url: `${sink}/said`,
      };
      const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
      const timestamp = String(Math.floor(now / 1000));
      const signature = `v0=${createHmac("sha256", signingSecret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
      const headers = { "x-slack-request-timestamp": timestamp, "x-slack-signature": signature };
      const to = slackRequestUrl.replace(publicUrl, server.url);
      expect((await fetch(to, { method: "POST", headers, body })).status).toBe(200);
      return sent("/said", before + 1);
    };
    await server.app.db.inOrganization(server.ours, async (tx) => {
      await ensureUser(tx, { email: "dora.mapped@example.com", name: "Dora", role: "RESPONDER", now });
      await ensureUser(tx, { email: "viewer.mapped@example.com", name: "Viewer", role: "VIEWER", now });
    });
    expect(await press("U0NOBODY")).toContain(
      "Vigil does not know who you are: nobody in Vigil has the e-mail address",
    );
    expect(await press("U0HIDDEN")).toContain("Vigil does not know who you are: Slack did not tell");
    expect(await press("U0VIEW")).toContain("The role VIEWER may not acknowledge incidents");
    expect(await statusOf(incidentId)).toBe("OPEN");
    expect(await press("U0DORA")).toContain(`#${number} is acknowledged: you have it.`);
    expect((await timeline(server, incidentId)).at(-1)).toBe(
      "ACKNOWLEDGED dora.mapped@example.com acknowledged the incident in Slack.",
    );
    const change =
      "mutation ($id: ID!, $input: AlertChannelUpdateInput!) { alertChannelUpdate(id: $id, input: $input) { alertChannel { slackStrangersAcknowledge } } }";
    expect(await ask(change, { id, input: { slack: { strangersAcknowledge: true } } })).toMatchObject({
      alertChannelUpdate: { alertChannel: { slackStrangersAcknowledge: true } },
    });
    const second = await incident();
    const anew = JSON.parse(await sent("/slack-api/chat.postMessage", 2))
      .blocks.at(-1)
      .elements.at(-1).value;
    expect(await press("U0NOBODY", anew)).toContain(`#${second.number} is acknowledged`);
    expect((await timeline(server, second.id)).at(-1)).toContain(
      "@eve (Slack U0NOBODY) acknowledged the incident in Slack.",
    );
  });

  it("takes no more than so many presses from one network", async () => {
    const answers = await Promise.all(Array.from({ length: 70 }, () => press("nonsense")));
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(10);
    expect(answers.find(({ status }) => status === 429)?.headers.get("retry-after")).toMatch(/^\d+$/);
  });
});
