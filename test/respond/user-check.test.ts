import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { revertAction } from "../../src/respond/carry-out.ts";
import { lockAction } from "../../src/respond/lock-action.ts";
import { questionNotSent } from "../../src/respond/questions.ts";
import { askUser } from "../../src/respond/user-check.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { smtpSink } from "../support/smtp-sink.ts";
import { somebodyWaits } from "../support/waiting.ts";
import { actionsOf, attack, attackRules, decisionsInForce, noRules, respondBy, timeline } from "./incidents.ts";

let server: TestServer;
let sink: Awaited<ReturnType<typeof smtpSink>>;

beforeAll(async () => {
  sink = await smtpSink();
  server = await testServer({ env: { SMTP_URL: sink.url, VIGIL_PUBLIC_URL: "http://vigil.example" } });
  await attackRules(server, ["medium"]);
  await noRules(server);
});
afterAll(async () => {
  await server.close();
  await sink.close();
});

// biome-ignore lint/suspicious/noExplicitAny: each test says by its query what comes back
async function ask(text: string, variables: object = {}): Promise<any> {
  const { data, errors } = await server.query(text as never, variables as never);
  if (errors) throw new Error(errors.map(({ message }) => message).join("; "));
  return data;
}

async function attacked(user: string): Promise<string> {
  await server.ingest(JSON.stringify({ action: "login", actor: { name: user, email: `${user}@patients.example` } }));
  await attack(server, [{ user, level: "medium" }]);
  return (await ask("{ incidents(first: 1) { nodes { id } } }")).incidents.nodes[0].id;
}

const question = `mutation ($id: ID!, $user: String!) { incidentAskUser(id: $id, input: { user: $user }) { userErrors { message } } }`;
async function linkTo(user: string): Promise<{ id: string; token: string; email: { to: string[]; parts: string[] } }> {
  const id = await attacked(user);
  const next = sink.next();
  expect((await ask(question, { id, user })).incidentAskUser.userErrors).toEqual([]);
  const email = await next;
  const token = /was-this-you\?token=(\S+)/.exec(email.parts[0] as string)?.[1] as string;
  return { id, token, email };
}

const due = (user: string) =>
  server.database.asOwner(
    "UPDATE user_checks SET due_at = now() WHERE subject = $1 AND due_at IS NOT NULL RETURNING tries",
    [user],
  );
const press = (token: string, answer: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/was-this-you`, { method: "POST", body: new URLSearchParams({ token, answer }), headers });
const raw = (id: string): string => Buffer.from(id, "base64").toString().split(":")[1] as string;
const stateOf = async (id: string) =>
  (await ask("query ($id: ID!) { incident(id: $id) { status resolution severity } }", { id })).incident;

describe('"was this you?"', () => {
  it("goes by e-mail to whom the events know, and says nothing of what was found", async () => {
    const { email, id } = await linkTo("carol");
    expect(email.to).toEqual(["carol@patients.example"]);
    expect(email.parts.join()).not.toMatch(/attack|incident|carol|MEDIUM/i);
    expect((await timeline(server, raw(id))).at(-1)).toContain("USER_ASKED tester asked carol by e-mail");
  });

  it("is sent, once, where its sender was killed between asking and sending", async () => {
    const id = await attacked("cleo");
    const who = { actor: "tester", auditActor: "tester" };
    await server.app.change(server.ours, (tx) =>
      askUser(tx, { incidentId: raw(id), user: "cleo", ...who, now: Date.now() }),
    );
    // Here it is killed; a minute later the sweep finds the question.
    expect(await due("cleo")).toEqual([{ tries: 1 }]);
    const next = sink.next();
    await server.app.sweep.respond();
    const email = await next;
    expect(email.to).toEqual(["cleo@patients.example"]);
    const sent = "SELECT due_at, tries FROM user_checks WHERE subject = 'cleo'";
    await expect.poll(() => server.database.asOwner(sent)).toEqual([{ due_at: null, tries: 2 }]);
    const lines = await timeline(server, raw(id));
    expect(lines.filter((line) => line.startsWith("USER_ASKED"))).toHaveLength(1);
    const token = /was-this-you\?token=(\S+)/.exec(email.parts[0] as string)?.[1] as string;
    await server.app.userChecks.answer(token, true, "192.0.2.8"); // of another network
    expect(await stateOf(id)).toMatchObject({ status: "RESOLVED", resolution: "USER_CONFIRMED" });
  });

  it("is not sent again once it was sent", async () => {
    await linkTo("clio");
    expect(await due("clio")).toEqual([]);
  });

  it("is a page of two buttons, without a script; looking at it answers nothing", async () => {
    const { token, id } = await linkTo("dora");
    const page = await fetch(`${server.url}/was-this-you?token=${token}`);
    const html = await page.text();
    expect(page.status).toBe(200);
    expect(html).toContain('value="yes"');
    expect(html).not.toContain("<script");
    expect((await stateOf(id)).status).toBe("OPEN");
  });

  it("resolves the incident as USER_CONFIRMED on yes, once", async () => {
    const { token, id } = await linkTo("erin");
    expect((await press(token, "yes", { origin: "http://evil.example" })).status).toBe(403);
    expect((await press(token, "maybe")).status).toBe(400);
    expect((await press(token, "yes")).status).toBe(200);
    expect(await stateOf(id)).toMatchObject({ status: "RESOLVED", resolution: "USER_CONFIRMED" });
    expect((await press(token, "no")).status).toBe(404);
  });

  it("teaches on yes what the incident says of the user who answered, with an audit entry", async () => {
    const { token, id } = await linkTo("hugo");
    const risk = async () =>
      (await ask('{ entity(kind: USER, key: "hugo") { risk feedback { nodes { resolution by incident { id } } } } }'))
        .entity;
    expect((await risk()).risk).toBeGreaterThan(0);
    expect((await press(token, "yes")).status).toBe(200);
    expect(await risk()).toEqual({
      risk: 0,
      feedback: { nodes: [{ resolution: "USER_CONFIRMED", by: "hugo", incident: { id } }] },
    });
    const entries = await server.database.asOwner(
      "SELECT actor FROM security_audit_log WHERE action = 'FEEDBACK_GIVEN' AND actor = 'hugo'",
    );
    expect(entries.length).toBeGreaterThan(0);
  });

  it("raises the severity and forces a second factor on no", async () => {
    const { token, id } = await linkTo("frank");
    expect((await press(token, "no")).status).toBe(200);
    expect(await stateOf(id)).toMatchObject({ status: "OPEN", severity: "HIGH" });
    expect(await decisionsInForce(server)).toMatchObject([{ type: "FORCE_MFA", value: "frank" }]);
  });

  const resolve = (id: string) =>
    ask(
      'mutation ($id: ID!) { incidentResolve(id: $id, input: { resolution: FALSE_POSITIVE, reason: "Looked fine" }) { userErrors { message } } }',
      { id },
    );
  const merge = async (id: string, intoId: string) =>
    expect(
      (
        await ask(
          'mutation ($id: ID!, $intoId: ID!) { incidentMerge(id: $id, input: { intoId: $intoId, reason: "One story" }) { userErrors { message } } }',
          { id, intoId },
        )
      ).incidentMerge.userErrors,
    ).toEqual([]);
  const mfaOf = async (user: string) =>
    (await decisionsInForce(server)).filter(({ type, value }) => type === "FORCE_MFA" && value === user);

  it("opens the incident again on a no when it was resolved or closed meanwhile, and forces the second factor", async () => {
    for (const [user, closed] of [
      ["rita", false],
      ["rolf", true],
    ] as const) {
      const { token, id } = await linkTo(user);
      await resolve(id);
      if (closed) await ask("mutation ($id: ID!) { incidentClose(id: $id) { userErrors { message } } }", { id });
      expect((await stateOf(id)).status).toBe(closed ? "CLOSED" : "RESOLVED");
      expect(await (await press(token, "no")).text()).toContain("A second factor will be asked for");
      expect(await stateOf(id)).toMatchObject({ status: "OPEN", severity: "HIGH", resolution: null });
      expect(await mfaOf(user)).toHaveLength(1);
      const lines = await timeline(server, raw(id));
      expect(lines).toContain(`USER_ANSWERED ${user} says that it was not them.`);
      expect(lines).toContain(`REOPENED ${user} reopened the incident`);
      const text =
        "query ($user: String!) { entity(kind: USER, key: $user) { feedback { nodes { resolution undoneBy } } } }";
      const { nodes } = (await ask(text, { user })).entity.feedback;
      expect(nodes).toEqual([{ resolution: "FALSE_POSITIVE", undoneBy: user }]); // what was taught is taken back
    }
  });

  it("goes to the incident of its kind that is open on a no, where the one that was asked about is over", async () => {
    const { token, id } = await linkTo("rosa");
    await resolve(id);
    await server.database.asOwner(
      "UPDATE security_incidents SET resolved_at = resolved_at - interval '1 day' WHERE id = $1",
      [raw(id)],
    );
    await attack(server, [{ user: "rosa", level: "medium" }]);
    const other = (await ask("{ incidents(first: 1) { nodes { id } } }")).incidents.nodes[0].id;
    expect(other).not.toBe(id);
    expect((await press(token, "no")).status).toBe(200);
    expect(await stateOf(id)).toMatchObject({ status: "RESOLVED" });
    expect(await stateOf(other)).toMatchObject({ status: "OPEN", severity: "HIGH" });
    expect((await timeline(server, raw(other))).join()).toContain("which is over, that it was not them.");
    expect(await mfaOf("rosa")).toHaveLength(1);
  });

  it("goes on with the incident that took in the one it asks about", async () => {
    const { token, id } = await linkTo("sara");
    const middle = await attacked("saul");
    const into = await attacked("seth");
    await merge(id, middle);
    await merge(middle, into);
    expect((await press(token, "no")).status).toBe(200);
    expect(await stateOf(id)).toMatchObject({ status: "MERGED" });
    expect(await stateOf(into)).toMatchObject({ status: "OPEN", severity: "HIGH" });
    expect(await timeline(server, raw(into))).toContain("USER_ANSWERED sara says that it was not them.");
    expect(await mfaOf("sara")).toHaveLength(1);
  });

  it("does not resolve on a yes what took in the one it asks about: that may be about others too", async () => {
    const { token, id } = await linkTo("tess");
    const into = await attacked("theo");
    await merge(id, into);
    expect((await press(token, "yes")).status).toBe(200);
    expect(await stateOf(into)).toMatchObject({ status: "OPEN" });
    expect(await timeline(server, raw(into))).toContain("USER_ANSWERED tess says that it was them.");
  });

  it("does not resolve on a yes what is about others too, for whom the user does not speak", async () => {
    const yes = (token: string) => server.app.userChecks.answer(token, true, "192.0.2.1"); // of another network
    const { token, id } = await linkTo("wanda");
    await merge(await attacked("wim"), id);
    await yes(token);
    expect(await stateOf(id)).toMatchObject({ status: "OPEN" });
    expect(await timeline(server, raw(id))).toContain("USER_ANSWERED wanda says that it was them.");
    const both = ["xenia@patients.example", "xaver@patients.example"].map((key) => ({ kind: "USER", key }));
    const input = { title: "Odd log-ins", severity: "MEDIUM", description: "Seen by the desk.", subjects: both };
    const text = "mutation ($input: IncidentCreateInput!) { incidentCreate(input: $input) { incident { id } } }";
    const { incident } = (await ask(text, { input })).incidentCreate;
    const next = sink.next();
    const asked = await ask(question, { id: incident.id, user: "xenia@patients.example" });
    expect(asked.incidentAskUser.userErrors).toEqual([]);
    await yes(/was-this-you\?token=(\S+)/.exec((await next).parts[0] as string)?.[1] as string);
    expect(await stateOf(incident.id)).toMatchObject({ status: "OPEN" });
  });

  it("does not resolve on a yes what another answer has said no to", async () => {
    const { token, id } = await linkTo("yann");
    const next = sink.next();
    expect((await ask(question, { id, user: "yann" })).incidentAskUser.userErrors).toEqual([]);
    const other = /was-this-you\?token=(\S+)/.exec((await next).parts[0] as string)?.[1] as string;
    await server.app.userChecks.answer(token, false, "192.0.2.2"); // of another network
    await server.app.userChecks.answer(other, true, "192.0.2.2");
    expect(await stateOf(id)).toMatchObject({ status: "OPEN", severity: "HIGH" });
    expect((await timeline(server, raw(id))).at(-1)).toBe("USER_ANSWERED yann says that it was them.");
  });

  it("does not shorten a second factor that somebody asked for longer", async () => {
    const { token } = await linkTo("uma");
    const text = `mutation ($input: DecisionCreateInput!) { decisionCreate(input: $input) { userErrors { message } } }`;
    const input = { type: "FORCE_MFA", scope: "USER", value: "uma", ttl: "P7D", reason: "Their phone was stolen" };
    expect((await ask(text, { input })).decisionCreate.userErrors).toEqual([]);
    const [before] = await mfaOf("uma");
    expect((await press(token, "no")).status).toBe(200);
    const after = await mfaOf("uma");
    expect(after).toMatchObject([
      { reason: "The user says that it was not them.", until: (before as never as { until: string }).until },
    ]);
  });

  it("says nothing of a second factor where none can be asked for", async () => {
    const { token } = await linkTo("vera");
    await ask('mutation { organizationUpdate(input: { protectedTargets: ["vera"] }) { userErrors { message } } }');
    const page = await (await press(token, "no")).text();
    expect(page).not.toContain("second factor");
    expect(page).toContain("People look into it.");
    await ask("mutation { organizationUpdate(input: { protectedTargets: [] }) { userErrors { message } } }");
  });

  it("works no more after 24 hours, nor with a letter changed, and is asked at most three times a day", async () => {
    const { token, id } = await linkTo("gina");
    const changed = token.slice(0, -8) + (token.at(-8) === "A" ? "B" : "A") + token.slice(-7);
    expect((await press(changed, "yes")).status).toBe(404);
    await server.database.asOwner("UPDATE user_checks SET expires_at = now() WHERE subject = 'gina'");
    expect((await press(token, "yes")).status).toBe(404);
    for (const _ of [1, 2]) await ask(question, { id, user: "gina" });
    expect((await ask(question, { id, user: "gina" })).incidentAskUser.userErrors).toMatchObject([
      { message: "This user was asked 3 times within 24 hours." },
    ]);
    expect((await ask(question, { id, user: "other" })).incidentAskUser.userErrors).toHaveLength(1);
  });
});

describe("ASK_USER, a response that asks by itself", () => {
  afterEach(() => noRules(server));
  const asks = (mode: "ACTIVE" | "MONITOR" = "ACTIVE") => respondBy(server, { actions: [{ type: "ASK_USER" }], mode });
  const about = async (user: string) =>
    (await actionsOf(server)).flatMap(({ type, target, status, ended_reason: reason }) =>
      type === "ASK_USER" && target === user ? [{ status, reason }] : [],
    );
  const considered = async (id: string) =>
    (await ask("query ($id: ID!) { incident(id: $id) { response { type target code reason } } }", { id })).incident
      .response;
  const tokenOf = (email: { parts: string[] }) =>
    /was-this-you\?token=(\S+)/.exec(email.parts[0] as string)?.[1] as string;
  const asked = (id: string, times = 1) =>
    expect
      .poll(async () => (await timeline(server, raw(id))).filter((line) => line.startsWith("USER_ASKED Vigil")).length)
      .toBe(times);
  const open = () =>
    server.database.asOwner("SELECT FROM user_checks WHERE action_id IS NOT NULL AND due_at IS NOT NULL");

  it("asks once, whoever responds; a no raises the severity, forces a second factor, and is not asked about again", async () => {
    await asks();
    const next = sink.next();
    const id = await attacked("ivan");
    await Promise.all([server.app.respond(server.ours), server.app.respond(server.ours)]);
    const email = await next;
    expect(email.to).toEqual(["ivan@patients.example"]);
    expect(email.parts.join()).not.toMatch(/attack|incident|ivan|MEDIUM/i);
    await asked(id);
    const before = sink.mails.length;
    // A scanner of links looks, and answers nothing.
    for (const method of ["GET", "HEAD"]) await fetch(`${server.url}/was-this-you?token=${tokenOf(email)}`, { method });
    expect((await stateOf(id)).status).toBe("OPEN");
    expect((await press(tokenOf(email), "no")).status).toBe(200);
    expect(await stateOf(id)).toMatchObject({ status: "OPEN", severity: "HIGH" });
    expect(await decisionsInForce(server)).toContainEqual(
      expect.objectContaining({ type: "FORCE_MFA", value: "ivan" }),
    );
    expect(await about("ivan")).toEqual([{ status: "EXPIRED", reason: "It was answered." }]);
    expect(sink.mails).toHaveLength(before);
    expect(await considered(id)).toMatchObject([
      { type: "ASK_USER", target: "ivan", code: "NOT_ASKED", reason: "They were asked about this incident already." },
    ]);
  });

  it("resolves and teaches on yes", async () => {
    await asks();
    const next = sink.next();
    const id = await attacked("judy");
    await server.app.respond(server.ours);
    const token = tokenOf(await next);
    await asked(id);
    expect((await press(token, "yes")).status).toBe(200);
    expect(await stateOf(id)).toMatchObject({ status: "RESOLVED", resolution: "USER_CONFIRMED" });
    const taught = await ask('{ entity(kind: USER, key: "judy") { feedback { nodes { resolution by } } } }');
    expect(taught.entity.feedback.nodes).toEqual([{ resolution: "USER_CONFIRMED", by: "judy" }]);
    expect((await press(token, "no")).status).toBe(404);
  });

  it("does not ask whom nothing before the incident tells how to reach, and says so", async () => {
    await asks();
    await attack(server, [{ user: "mallory", level: "medium" }]);
    const id = (await ask("{ incidents(first: 1) { nodes { id } } }")).incidents.nodes[0].id;
    expect(await about("mallory")).toEqual([]);
    expect(await considered(id)).toMatchObject([
      { code: "NOT_ASKED", reason: "No event before the incident tells where they are reached." },
    ]);
  });

  it("believes no address that was told since the incident began, or by a failure", async () => {
    const failed = { action: "login", outcome: "failure", actor: { name: "kate", email: "evil@attacker.example" } };
    const days = (count: number) => Date.now() - count * 86_400_000;
    const own = { action: "login", actor: { name: "kate", email: "kate@patients.example" }, time: days(2) };
    await server.ingest(JSON.stringify(own));
    // Whoever has taken an account over changes its address, and is found out a little later.
    await server.ingest(JSON.stringify({ ...failed, outcome: "success", time: days(0.5) }));
    await server.ingest(JSON.stringify({ ...failed, time: days(1.5) }));
    await attack(server, [{ user: "kate", level: "medium" }]);
    await server.app.respond(server.ours);
    await server.ingest(JSON.stringify({ ...failed, outcome: "success" }));
    await asks();
    const next = sink.next();
    await attack(server, [{ user: "kate", level: "medium" }]);
    await server.database.asOwner(
      'UPDATE security_incidents SET response_entry_id = (SELECT id FROM incident_entries e WHERE e.incident_id = security_incidents.id LIMIT 1) WHERE subjects @> \'[{"key": "kate"}]\'',
    );
    await server.app.respond(server.ours);
    expect((await next).to).toEqual(["kate@patients.example"]);
  });

  it("lists what it would have asked while its rule is on trial, and tries again when an e-mail is not taken", async () => {
    await asks("MONITOR");
    const count = sink.mails.length;
    await attacked("lena");
    expect(await about("lena")).toEqual([{ status: "MONITORED", reason: null }]);
    expect(sink.mails).toHaveLength(count);
    await noRules(server);
    await asks();
    sink.refusals.push("451 later");
    const id = await attacked("mona");
    await server.app.respond(server.ours);
    await expect.poll(async () => (await open()).length).toBe(1);
    await expect
      .poll(async () =>
        server.database.asOwner(
          "SELECT due_at > now() + interval '90 s' AS later, tries FROM user_checks WHERE subject = 'mona'",
        ),
      )
      .toEqual([{ later: true, tries: 1 }]);
    await server.database.asOwner("UPDATE user_checks SET due_at = now() WHERE subject = 'mona'");
    const next = sink.next();
    await server.app.respond(server.ours);
    const token = tokenOf(await next);
    await asked(id);
    expect((await press(token, "yes")).status).toBe(200);
    expect(await stateOf(id)).toMatchObject({ status: "RESOLVED" });
  });

  it("that was sent, and sent again after a crash before that was written down, is one message, either link of which answers", async () => {
    await asks();
    const first = sink.next();
    const id = await attacked("nell");
    await server.app.respond(server.ours);
    const one = await first;
    await asked(id);
    // As a sender that was killed leaves it: taken by the server, and not written down.
    await server.database.asOwner("UPDATE user_checks SET due_at = now() WHERE subject = 'nell'");
    const second = sink.next();
    await server.app.respond(server.ours);
    const other = await second;
    await expect
      .poll(() => server.database.asOwner("SELECT due_at, tries FROM user_checks WHERE subject = 'nell'"))
      .toEqual([{ due_at: null, tries: 2 }]);
    const idOf = ({ source }: { source: string }) => /^Message-ID: (.+)$/im.exec(source)?.[1];
    expect(idOf(other)).toBe(idOf(one));
    expect(tokenOf(other)).not.toBe(tokenOf(one));
    expect((await press(tokenOf(one), "yes")).status).toBe(200);
    expect(await stateOf(id)).toMatchObject({ status: "RESOLVED" });
    expect((await press(tokenOf(other), "no")).status).toBe(404);
  });

  it("is taken back and answered at once: neither waits for ever, and what was taken back takes no answer", async () => {
    await asks();
    const next = sink.next();
    const id = await attacked("olaf");
    await server.app.respond(server.ours);
    const token = tokenOf(await next);
    await asked(id);
    const action = (await actionsOf(server)).find(({ type, target }) => type === "ASK_USER" && target === "olaf");
    const of = { id: action?.id as string, actor: "bob", auditActor: "bob", reason: "Because" };
    let answered: Promise<unknown> = Promise.resolve();
    await server.app.change(server.ours, async (tx) => {
      await lockAction(tx, of.id);
      answered = server.app.userChecks.answer(token, true, "192.0.2.7").catch(({ message }: Error) => message);
      await somebodyWaits(server.database);
      const check = "SELECT FROM user_checks WHERE organization_id = $1 AND action_id = $2 FOR UPDATE SKIP LOCKED";
      expect((await tx.query(check, [server.ours, of.id])).rowCount).toBe(1);
      await revertAction(tx, { ...of, now: Date.now() });
    });
    expect(await answered).toMatch(/^This link was used already, or its time is over/);
    expect(await about("olaf")).toEqual([{ status: "REVERTED", reason: "Because" }]);
    expect(await stateOf(id)).toMatchObject({ status: "OPEN" });
    // Nor does it fail, where it was being tried for the last time.
    const [check] = await server.database.asOwner<{ id: string }>("SELECT id FROM user_checks WHERE subject = 'olaf'");
    const tried = { tries: 5, status: "OPEN" as const, email: "olaf@patients.example", organization: "", token: "" };
    const asking = { id: check?.id as string, actionId: of.id, incidentId: raw(id), user: "olaf", ...tried };
    await server.app.change(server.ours, (tx) => questionNotSent(tx, asking, "nobody answered.", Date.now()));
    expect(await about("olaf")).toEqual([{ status: "REVERTED", reason: "Because" }]);
  });

  it("is still asked where its incident was merged before it was sent", async () => {
    await asks();
    sink.refusals.push("451 later");
    const id = await attacked("nora");
    await server.app.respond(server.ours);
    await expect.poll(async () => (await open()).length).toBe(1);
    await noRules(server);
    const into = await attacked("norm");
    const text = `mutation ($id: ID!, $intoId: ID!) { incidentMerge(id: $id, input: { intoId: $intoId, reason: "One story" }) { userErrors { message } } }`;
    expect((await ask(text, { id, intoId: into })).incidentMerge.userErrors).toEqual([]);
    await expect
      .poll(() =>
        server.database.asOwner(
          "SELECT FROM user_checks WHERE subject = 'nora' AND due_at > now() + interval '90 s' AND tries = 1",
        ),
      )
      .toHaveLength(1);
    await server.database.asOwner("UPDATE user_checks SET due_at = now() WHERE subject = 'nora'");
    const next = sink.next();
    await server.app.respond(server.ours);
    const token = tokenOf(await next);
    await asked(into);
    expect((await press(token, "no")).status).toBe(200);
    expect(await stateOf(into)).toMatchObject({ status: "OPEN", severity: "HIGH" });
  });

  it("fails for good after five tries", async () => {
    await asks();
    sink.refusals.push("451 later");
    const id = await attacked("nina");
    await server.app.respond(server.ours);
    const due = () =>
      server.database.asOwner(
        "SELECT tries FROM user_checks WHERE subject = 'nina' AND due_at > now() + interval '90 s'",
      );
    await expect.poll(async () => (await due()).length).toBe(1);
    sink.refusals.push("451 later");
    await server.database.asOwner("UPDATE user_checks SET tries = 4, due_at = now() WHERE subject = 'nina'");
    await server.app.respond(server.ours);
    await expect
      .poll(async () => (await about("nina"))[0])
      .toMatchObject({ status: "FAILED", reason: expect.stringContaining("answered 451") });
    expect((await timeline(server, raw(id))).at(-1)).toMatch(/^ACTION_FAILED The question to nina was not sent/);
  });

  it("is asked for by no person but by incidentAskUser", async () => {
    const id = await attacked("olga");
    const input = { type: "ASK_USER", target: "olga", reason: "unclear" };
    const text = `mutation ($id: ID!, $input: IncidentRespondInput!) { incidentRespond(id: $id, input: $input) { userErrors { message } } }`;
    expect((await ask(text, { id, input })).incidentRespond.userErrors).toEqual([
      { message: "People ask users by incidentAskUser." },
    ]);
  });
});

describe("answers", () => {
  it("takes 20 answers in 15 minutes from one network", async () => {
    const answers: number[] = [];
    for (let turn = 0; turn < 21; turn++) answers.push((await press("vigil_check_x", "yes")).status);
    expect(answers.at(-1)).toBe(429);
  });
});
