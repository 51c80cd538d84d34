import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, testServer } from "../support/server.ts";
import { smtpSink } from "../support/smtp-sink.ts";
import { attack, attackRules, decisionsInForce, noRules, timeline } from "./incidents.ts";

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

  it("takes 20 answers in 15 minutes from one network", async () => {
    const answers: number[] = [];
    for (let turn = 0; turn < 21; turn++) answers.push((await press("vigil_check_x", "yes")).status);
    expect(answers.at(-1)).toBe(429);
  });
});
