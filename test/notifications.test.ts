/** What people are told where they sign in, over the real server: who, once, live, by e-mail where they want it. */
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensureUser } from "../src/access/users.ts";
import type { PeopleRole } from "../src/access/viewer.ts";
import { digestDue, digestWords } from "../src/incident/digest.ts";
import { mentionsIn } from "../src/incident/mention.ts";
import { notify, withdraw } from "../src/publish/notify.ts";
import { ask } from "./audit/asking.ts";
import { type TestServer, testServer } from "./support/server.ts";
import { smtpSink } from "./support/smtp-sink.ts";

interface Person {
  id: string;
  email: string;
  as: string;
}

const hour = 3_600_000;
let now = Date.now();
let server: TestServer;
let smtp: Awaited<ReturnType<typeof smtpSink>>;
let ada: Person;
let ray: Person;
let ana: Person;
let vi: Person;

beforeAll(async () => {
  smtp = await smtpSink();
  server = await testServer({
    now: () => now,
    env: { SMTP_URL: smtp.url, VIGIL_PUBLIC_URL: "https://vigil.example" },
  });
  const person = async (name: string, role: PeopleRole): Promise<Person> => {
    const email = `${name}@clinic.example`;
    const id = await server.app.db.inOrganization(server.ours, (tx) => ensureUser(tx, { email, name, role, now }));
    const subject = { organizationId: server.ours, userId: id, name: email, role };
    return { id, email, as: await server.app.tokens.sign(subject, 60 * 86_400) };
  };
  [ada, ray, ana, vi] = [
    await person("ada", "ADMIN"),
    await person("ray", "RESPONDER"),
    await person("ana", "ANALYST"),
    await person("vi", "VIEWER"),
  ];
});
afterAll(async () => {
  await server.close();
  await smtp.close();
});
beforeEach(async () => {
  now += 1_000;
  await server.database.asOwner("DELETE FROM security_notifications");
  await server.database.asOwner("DELETE FROM notification_preferences");
});

const told = async (
  { as }: Person,
  args = "",
): Promise<{ kind: string; title: string; body: string; priority: string }[]> =>
  (await ask(server, `{ notifications${args} { nodes { kind title body priority incident { number } } } }`, {}, { as }))
    .data.notifications.nodes;
const kinds = async (person: Person, args = ""): Promise<string[]> =>
  (await told(person, args)).map(({ kind }) => kind).sort();

async function incident(severity = "HIGH"): Promise<{ id: string; number: number }> {
  const create = `mutation ($severity: Severity!) { incidentCreate(input: { title: "Something", severity: $severity, description: "seen" })
    { incident { id number } userErrors { message } } }`;
  const { data, errors } = await ask(server, create, { severity }, { as: ada.as });
  expect([errors, data?.incidentCreate.userErrors]).toEqual([undefined, []]);
  return data.incidentCreate.incident;
}
async function act(name: string, id: string, input: object, by: Person): Promise<void> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const mutation = `mutation ($id: ID!, $input: ${type}!) { ${name}(id: $id, input: $input) { userErrors { message } } }`;
  const { data, errors } = await ask(server, mutation, { id, input }, { as: by.as });
  expect([errors, data?.[name].userErrors]).toEqual([undefined, []]);
}
async function wish(person: Person, input: object) {
  const set = `mutation ($input: NotificationPreferenceInput!) { notificationPreferenceSet(input: $input)
    { notificationPreference { kind inApp email } userErrors { code message path } } }`;
  return (await ask(server, set, { input }, { as: person.as })).data.notificationPreferenceSet;
}

describe("work given to somebody", () => {
  it("is told to them, not to who took it themselves, and not again to who has it", async () => {
    const { id, number } = await incident();
    await act("incidentAssign", id, { assignee: ray.email }, ada);
    await act("incidentAssign", id, { assignee: ray.email }, ada);
    await act("incidentAssign", id, { assignee: ana.email }, ana);
    await act("incidentTaskAdd", id, { text: "Call patient Joanne Roe", assignee: ana.email }, ray);
    expect(await told(ray)).toEqual([
      {
        kind: "incident.assigned",
        title: `Incident #${number} is yours: HIGH`,
        body: "ada@clinic.example gave it to you.",
        priority: "HIGH",
        incident: { number },
      },
    ]);
    expect((await told(ana)).map(({ title }) => title)).toEqual([`A task of incident #${number} is yours`]);
    expect(await told(ada)).toEqual([]);
  });

  it("names people in comments without repeating what is sealed", async () => {
    expect(mentionsIn("@ray and @Ana@clinic.example, not a@b.c or `@vi` \n```\n@ada\n```\n(@vi.)")).toEqual([
      "ray",
      "ana@clinic.example",
      "vi",
    ]);
    const { id } = await incident();
    await act("incidentComment", id, { body: "@vi, @Ana@clinic.example, @ray: patient Joanne Roe, MRN 12345678" }, ray);
    expect(await kinds(vi)).toEqual(["incident.mentioned"]);
    expect(await kinds(ana)).toEqual(["incident.mentioned"]);
    expect(await kinds(ray)).toEqual([]); // who wrote it
    const rows = await server.database.asOwner("SELECT n::text AS row FROM security_notifications n");
    expect(JSON.stringify(rows)).not.toMatch(/Joanne|12345678/);
  });
});

describe("an action that needs a second person", () => {
  const respond = (target: string) => ({ type: "SUSPEND_USER", target, reason: "patient Joanne Roe complained" });
  async function waiting(id: string): Promise<string> {
    const query = "query ($id: ID!) { incident(id: $id) { actions(first: 1) { nodes { id status } } } }";
    const { data } = await ask(server, query, { id }, { as: ada.as });
    expect(data.incident.actions.nodes[0].status).toBe("AWAITING_APPROVAL");
    return data.incident.actions.nodes[0].id;
  }
  const decide = (verb: string, id: string, by: Person) =>
    ask(
      server,
      `mutation ($id: ID!) { incidentAction${verb}(id: $id${verb === "Reject" ? ', input: { reason: "looked" }' : ""}) { userErrors { message } } }`,
      { id },
      { as: by.as },
    );

  it("is told to who may approve it, and no longer once it is decided; its requester hears the outcome", async () => {
    const { id } = await incident();
    await act("incidentRespond", id, respond("mallory"), ray);
    expect(await kinds(ada)).toEqual(["response.approval"]);
    expect([await kinds(ray), await kinds(ana), await kinds(vi)]).toEqual([[], [], []]);
    const approve = await decide("Approve", await waiting(id), ada);
    expect(approve.data.incidentActionApprove.userErrors).toEqual([]);
    expect(await kinds(ada)).toEqual([]);
    expect(await kinds(ray)).toEqual(["response.applied"]);
  });

  it("tells its requester that it was rejected, or that nobody came", async () => {
    const { id } = await incident();
    await act("incidentRespond", id, respond("oscar"), ray);
    await decide("Reject", await waiting(id), ada);
    expect((await told(ray)).map(({ kind, body }) => [kind, body])).toEqual([
      ["response.failed", "ada@clinic.example rejected it."],
    ]);
    const other = await incident();
    await act("incidentRespond", other.id, respond("peggy"), ray);
    expect(await kinds(ada)).toEqual(["response.approval"]);
    now += hour;
    await server.app.sweep.respond();
    expect(await kinds(ada)).toEqual([]);
    expect((await told(ray))[0]?.body).toBe("Nobody approved it in time.");
  });
});

describe("a user's stream", () => {
  const events = `subscription ($after: String) { notificationEvents(after: $after) { cursor kind notification { title } } }`;
  const follow = (person: Person, after?: string) =>
    server.subscribe<
      { notificationEvents: { cursor: string; kind: string; notification: { title: string } | null } },
      object
    >(events as never, { after }, person.as);

  it("carries their own notifications alone, resumes behind a cursor, and says what was read", async () => {
    const start = await server.app.feed.cursor(server.ours);
    const rays = follow(ray, start);
    const { id, number } = await incident();
    const waits: number[] = [];
    let first = { cursor: "" };
    for (let n = 0; n < 3; n++) {
      const next = rays.next();
      await act("incidentAssign", id, { assignee: ana.email }, ana);
      await act("incidentAssign", id, { assignee: ray.email }, ada);
      const stored = performance.now();
      first = (await next).notificationEvents;
      waits.push(performance.now() - stored);
      expect(first).toMatchObject({ kind: "CREATED", notification: { title: `Incident #${number} is yours: HIGH` } });
    }
    // In a row: without the bell, each would wait for the poll of 5 seconds.
    expect(waits.sort((one, other) => one - other)[1]).toBeLessThan(2_500);
    const nodes = (await ask(server, "{ notifications { nodes { id } } notificationsUnread }", {}, { as: ray.as }))
      .data;
    expect(nodes.notificationsUnread).toBe(3);
    const set = (verb: string) =>
      ask(
        server,
        `mutation ($id: ID!) { notificationMark${verb}(id: $id) { notification { readAt } userErrors { code } } }`,
        { id: nodes.notifications.nodes[0].id },
        { as: ray.as },
      );
    expect((await set("Read")).data.notificationMarkRead.notification.readAt).not.toBeNull();
    expect((await set("Unread")).data.notificationMarkUnread.notification.readAt).toBeNull();
    await ask(server, "mutation { notificationsMarkAllRead { count } }", {}, { as: ray.as });
    const again = follow(ray, first.cursor);
    for (const stream of [rays, again]) {
      const seen = [];
      for (let n = 0; n < 3; n++) seen.push((await stream.next()).notificationEvents.kind);
      expect(seen).toEqual(["READ", "UNREAD", "ALL_READ"]);
      await stream.close();
    }
    const anas = follow(ana, start); // who took it herself was told nothing, and sees nothing of what others were
    const only = anas.next();
    await act("incidentAssign", id, { assignee: ana.email }, ada);
    expect((await only).notificationEvents).toMatchObject({ kind: "CREATED" });
    expect(await kinds(ana)).toEqual(["incident.assigned"]);
    await anas.close();
  });

  it("says that what it told of is over", async () => {
    const start = await server.app.feed.cursor(server.ours);
    const about = { cause: "test over", kind: "response.approval" as const, to: { users: [ray.id] } };
    const notice = { ...about, priority: "HIGH" as const, title: "waits", body: "", incidentId: null };
    await server.app.change(server.ours, (tx) => notify(tx, [notice], now));
    await server.app.change(server.ours, (tx) => withdraw(tx, about, now));
    const rays = follow(ray, start);
    const created = (await rays.next()).notificationEvents;
    const gone = (await rays.next()).notificationEvents;
    expect([created, gone]).toMatchObject([
      { kind: "CREATED", notification: { title: "waits" } },
      { kind: "WITHDRAWN", notification: { title: "waits" } },
    ]);
    expect(await told(ray)).toEqual([]);
    await rays.close();
  });

  it("is not for programs", async () => {
    const subject = { organizationId: server.ours, userId: "cli", name: "cli", role: "ADMIN" as const };
    const as = await server.app.tokens.sign(subject, 60 * 86_400);
    await expect(follow({ id: "", email: "", as }).next()).rejects.toThrow(/people who sign in/);
  });
});

describe("preferences", () => {
  const emailChannel = () =>
    server.database.asOwner(
      `INSERT INTO alert_channels (organization_id, id, kind, name, config)
       VALUES ($1, $2::uuid, 'EMAIL', $2::uuid::text, '{"to": ["soc@clinic.example"]}')`,
      [server.ours, uuidv7()],
    );

  it("names every kind, and refuses one that there is not, and e-mail that cannot leave", async () => {
    const { data } = await ask(server, "{ notificationPreferences { kind does inApp email } }", {}, { as: ray.as });
    expect(data.notificationPreferences).toContainEqual({
      kind: "incident.assigned",
      does: expect.any(String),
      inApp: true,
      email: false,
    });
    expect((await wish(ray, { kind: "incident.assignd" })).userErrors).toMatchObject([{ code: "BAD_USER_INPUT" }]);
    expect((await wish(ray, { kind: "incident.assigned", email: true })).userErrors).toMatchObject([
      { code: "CONFLICT", path: ["input", "email"] },
    ]);
  });

  it("send by e-mail what a channel without an agreement may carry, through the ledger, once", async () => {
    await emailChannel();
    expect((await wish(ray, { kind: "incident.assigned", inApp: false, email: true })).userErrors).toEqual([]);
    const { id, number } = await incident("LOW");
    await act("incidentAssign", id, { assignee: ray.email }, ada);
    const mine = () => smtp.mails.filter(({ to }) => to.includes(ray.email));
    await expect.poll(() => mine().length, { timeout: 10_000 }).toBe(1);
    const { source, parts } = mine()[0] as (typeof smtp.mails)[number];
    expect(source).toContain(`Subject: Incident #${number} is yours: LOW`);
    const [text, html] = parts as [string, string];
    expect(text).toContain(`https://vigil.example/incidents/${number}`);
    for (const part of [text, html]) expect(part).not.toContain("gave it to you"); // the body is not for every channel
    expect(html).toContain(`Incident #${number} is yours: LOW`);
    expect(await told(ray)).toEqual([]); // by e-mail alone
    const ledger = "SELECT status::text, recipient FROM security_alerts WHERE kind = 'NOTIFICATION'";
    await expect
      .poll(() => server.database.asOwner(ledger), { timeout: 10_000 })
      .toEqual([{ status: "SENT", recipient: ray.email }]);
  });

  it("do not hide what is CRITICAL, and a cause is told once", async () => {
    await wish(ada, { kind: "channel.stopped", inApp: false });
    await wish(ada, { kind: "digest.weekly", inApp: false });
    const notice = (kind: "channel.stopped" | "digest.weekly", priority: "CRITICAL" | "NORMAL") => ({
      cause: `test ${kind}`,
      kind,
      to: { roles: ["ADMIN"], users: [ada.id, vi.id] },
      priority,
      title: kind,
      body: "",
      incidentId: null,
    });
    const both = [notice("channel.stopped", "CRITICAL"), notice("digest.weekly", "NORMAL")];
    for (let n = 0; n < 2; n++) await server.app.change(server.ours, (tx) => notify(tx, [...both, ...both], now));
    expect(await kinds(ada)).toEqual(["channel.stopped"]);
    expect(await kinds(vi)).toEqual(["channel.stopped", "digest.weekly"]);
    expect(await kinds(vi, '(kinds: ["digest.weekly"])')).toEqual(["digest.weekly"]);
    expect(await kinds(vi, "(priorities: [CRITICAL], unread: true)")).toEqual(["channel.stopped"]);
    expect(await kinds(vi, "(unread: false)")).toEqual([]);
  });
});

it("whoever an escalation comes to is told, once a step, and what is over is removed a day later", async () => {
  const { id } = await incident("CRITICAL");
  const raw = Buffer.from(id, "base64").toString().split(":")[1] as string;
  const policy = {
    name: "p",
    steps: [{ delayS: 0, tell: [{ kind: "USER", id: ray.id }] }],
    repeats: 0,
    acknowledgeTimeoutS: null,
    fallbackChannelId: null,
  };
  await server.database.asOwner(
    `INSERT INTO escalations (organization_id, id, incident_id, policy, state, due_at, started_at)
     VALUES ($1, $2, $3, $4, 'RUNNING', $5, $5)`,
    [server.ours, uuidv7(), raw, JSON.stringify(policy), new Date(now)],
  );
  await Promise.all([server.app.sweep.escalate(), server.app.sweep.escalate()]);
  expect(await told(ray)).toMatchObject([{ kind: "incident.escalated", priority: "CRITICAL" }]);
  await server.database.asOwner("UPDATE security_notifications SET expires_at = $1", [new Date(now)]);
  now += 1;
  expect(await told(ray)).toEqual([]);
  await server.app.sweep.forget();
  expect(
    await server.database.asOwner("SELECT FROM security_notifications WHERE kind = 'incident.escalated'"),
  ).toHaveLength(1);
  now += 86_400_000;
  await server.app.sweep.forget();
  expect(
    await server.database.asOwner("SELECT FROM security_notifications WHERE kind = 'incident.escalated'"),
  ).toHaveLength(0);
});

it("the week behind is told on Monday mornings of the organization's own time, once", async () => {
  expect(digestDue(Date.parse("2026-11-30T13:59:00Z"), "America/Chicago")).toBeUndefined(); // 07:59
  expect(digestDue(Date.parse("2026-11-30T14:00:00Z"), "America/Chicago")).toBe("2026-11-30");
  expect(digestDue(Date.parse("2026-12-02T05:59:00Z"), "America/Chicago")).toBe("2026-11-30"); // Tuesday, 23:59
  expect(digestDue(Date.parse("2026-12-02T06:00:00Z"), "America/Chicago")).toBeUndefined();
  expect(digestDue(Date.parse("2027-03-01T08:00:00Z"), "UTC")).toBe("2027-03-01");
  const week = {
    opened: 1,
    severe: 1,
    resolved: 2,
    falsePositives: 0,
    open: 3,
    breached: 1,
    actions: 0,
    failedAlerts: 1,
  };
  expect(digestWords(week)).toBe(
    "1 incident opened, 1 of them HIGH or CRITICAL.\n2 incidents resolved, 0 of them as false alarms.\n3 open now, 1 of them overdue.\n0 actions done in response.\n1 alert was not delivered.",
  );
  const monday = new Date(now);
  monday.setUTCDate(monday.getUTCDate() + ((8 - monday.getUTCDay()) % 7 || 7));
  now = monday.setUTCHours(9, 0, 0, 0);
  await Promise.all([server.app.sweep.digest(), server.app.sweep.digest()]);
  now += hour;
  await server.app.sweep.digest();
  expect(await kinds(ray)).toEqual(["digest.weekly"]);
  expect(await kinds(vi)).toEqual([]);
});
