import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createEmailSignIn } from "../../src/access/e-mail-sign-in.ts";
import { createRateLimit, sourceOf } from "../../src/access/rate-limit.ts";
import { createRefusalLog } from "../../src/access/refusals.ts";
import { ensureUser } from "../../src/access/users.ts";
import { openSmtp } from "../../src/alert/channels/smtp.ts";
import { parseSmtp, type SmtpConfig } from "../../src/alert/channels/smtp-url.ts";
import { createLog } from "../../src/log.ts";
import { type TestServer, testServer } from "../support/server.ts";
import { smtpSink } from "../support/smtp-sink.ts";

const clock = { at: Date.now() };
let server: TestServer;
let sink: Awaited<ReturnType<typeof smtpSink>>;
let logged = "";
const log = createLog("trace", { write: (line: string) => (logged += line) });
const publicUrl = "https://vigil.clinic.example";

beforeAll(async () => {
  sink = await smtpSink({ login: { user: "vigil", pass: "p@ss/canary" } });
  server = await testServer({ now: () => clock.at, log, env: { SMTP_URL: sink.url, VIGIL_PUBLIC_URL: publicUrl } });
});
afterAll(async () => {
  await server.close();
  await sink.close();
});
beforeEach(() => {
  clock.at += 3_600_000; // limits of the test before are over
  logged = "";
});
afterEach(() => expect(logged).not.toContain("vigil_signin_"));

const person = (email: string, organizationId = server.ours): Promise<string> =>
  server.app.db.inOrganization(organizationId, (tx) =>
    ensureUser(tx, { email, name: "Ada", role: "VIEWER", now: clock.at }),
  );
const request = async (body: unknown, type = "application/json") => {
  const answer = await fetch(`${server.url}/sign-in/link`, {
    method: "POST",
    headers: { "content-type": type },
    body: JSON.stringify(body),
  });
  return { status: answer.status, retryAfter: answer.headers.get("retry-after"), body: await answer.json() };
};
const confirm = (token: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/sign-in`, { method: "POST", headers, body: new URLSearchParams({ token }), redirect: "manual" });
const tokenIn = (text: string): string => /token=(vigil_signin_\w+)/.exec(text)?.[1] as string;
const entries = (action: string) =>
  server.database.asOwner<{ actor: string; entity_id: string; detail: Record<string, unknown> }>(
    "SELECT actor, entity_id, detail FROM security_audit_log WHERE organization_id = $1 AND action = $2 AND at > now() - interval '1 hour' ORDER BY seq",
    [server.ours, action],
  );

describe("a sign-in link by e-mail", () => {
  test("comes to whoever is a user, as text and HTML, works once, and all of it is audited", async () => {
    const userId = await person("ada@clinic.example");
    const coming = sink.next();
    expect((await request({ email: " Ada@Clinic.example " })).status).toBe(202);
    const mail = await coming;
    expect(mail).toMatchObject({ from: "vigil@clinic.example", to: ["ada@clinic.example"] });
    expect(mail.parts).toHaveLength(2);
    for (const part of mail.parts) expect(part).toContain(`${publicUrl}/sign-in/confirm?token=vigil_signin_`);
    const token = tokenIn(mail.parts[0] as string);

    // Whatever looks at the link first does not use it up.
    const page = await fetch(`${server.url}/sign-in/confirm?token=${token}`);
    expect(page.headers.get("set-cookie")).toBeNull();
    expect(await page.text()).toContain(`value="${token}"`);
    expect((await confirm(token, { origin: "https://evil.example" })).status).toBe(403);
    const signedIn = await confirm(token, { origin: server.url });
    expect(signedIn.status).toBe(303);
    expect(signedIn.headers.get("set-cookie")).toMatch(/vigil_session=.*HttpOnly; SameSite=Strict/);
    expect((await confirm(token)).status).toBe(401);

    const [made] = (await entries("SIGN_IN_LINK_CREATED")).filter(({ detail }) => detail.userId === userId);
    expect(made).toMatchObject({ actor: "unknown", detail: { by: "EMAIL", ttlSeconds: 900, address: "127.0.0.1" } });
    expect((await entries("SIGNED_IN")).some(({ entity_id }) => entity_id === userId)).toBe(true);
    expect((await entries("SIGN_IN_REFUSED")).some(({ detail }) => detail.reason === "USED")).toBe(true);
  });

  test("is dead after 15 minutes", async () => {
    await person("late@clinic.example");
    const coming = sink.next();
    await request({ email: "late@clinic.example" });
    const token = tokenIn((await coming).parts[0] as string);
    clock.at += 900_000;
    expect(await (await confirm(token)).text()).toContain("has expired");
  });

  test("tells nobody who is a user: the answer is one and the same, and does not wait for the e-mail", async () => {
    await person("known@clinic.example");
    const coming = sink.next();
    const known = await request({ email: "known@clinic.example", organization: "demo" });
    const unknown = await request({ email: "nobody@clinic.example", organization: "demo" });
    const nowhere = await request({ email: "nobody@clinic.example", organization: "no-such-place" });
    expect(unknown).toEqual(known);
    expect(nowhere).toEqual(known);
    await coming;
    const before = sink.mails.length;
    await vi.waitFor(async () =>
      expect((await entries("SIGN_IN_LINK_REFUSED")).at(-1)?.detail).toMatchObject({ reason: "UNKNOWN_ADDRESS" }),
    );
    expect(sink.mails).toHaveLength(before);
    expect(JSON.stringify(await entries("SIGN_IN_LINK_REFUSED"))).not.toContain("nobody@");
    expect(logged).not.toContain("nobody@");
  });

  test("goes to no suspended user", async () => {
    const userId = await person("gone@clinic.example");
    await server.database.asOwner("UPDATE users SET suspended_at = now() WHERE id = $1", [userId]);
    expect((await request({ email: "gone@clinic.example" })).status).toBe(202);
    await vi.waitFor(async () => {
      const refused = (await entries("SIGN_IN_LINK_REFUSED")).filter(({ entity_id }) => entity_id === userId);
      expect(refused.map(({ detail }) => detail.reason)).toEqual(["SUSPENDED"]);
    });
  });

  test("of an address that two organizations know comes from each, unless one is named", async () => {
    await person("both@clinic.example");
    await person("both@clinic.example", server.theirs);
    const two = [sink.next(), sink.next()];
    await request({ email: "both@clinic.example" });
    const tokens = (await Promise.all(two)).map(({ parts }) => tokenIn(parts[0] as string));
    expect(new Set(tokens).size).toBe(2);
    const one = sink.next();
    await request({ email: "both@clinic.example", organization: "other" });
    expect((await one).parts[0]).toContain("as a user of other");
  });

  test("is sent three times in a quarter of an hour at most, and the fourth request gets the same answer", async () => {
    const userId = await person("often@clinic.example");
    const three = [sink.next(), sink.next(), sink.next()];
    const answers = [];
    for (let n = 0; n < 5; n++) answers.push(await request({ email: "often@clinic.example" }));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await Promise.all(three);
    await vi.waitFor(async () => {
      const refused = (await entries("SIGN_IN_LINK_REFUSED")).filter(({ entity_id }) => entity_id === userId);
      expect(refused.map(({ detail }) => detail.reason)).toEqual(["RATE_LIMITED"]); // the second one is counted
    });
    expect(sink.mails.filter(({ to }) => to.includes("often@clinic.example"))).toHaveLength(3);
  });

  test("can be asked for twenty times from one place in a quarter of an hour, whatever the addresses", async () => {
    const all = await Promise.all(Array.from({ length: 21 }, (_, n) => request({ email: `n${n}@elsewhere.example` })));
    expect(all.filter(({ status }) => status === 202)).toHaveLength(20);
    const [refused] = all.filter(({ status }) => status === 429);
    expect(refused?.retryAfter).toBe("900");
    clock.at += 900_001;
    expect((await request({ email: "n@elsewhere.example" })).status).toBe(202);
  });

  test("is refused with its fault where the request is none", async () => {
    expect((await request({ email: "nobody" })).status).toBe(400);
    expect((await request({ address: "x" })).status).toBe(400);
    expect((await request({ email: "ada@clinic.example" }, "text/plain")).status).toBe(415);
  });

  test("is tried again when the server puts it off; the log says why, without the address", async () => {
    const userId = await person("later@clinic.example");
    const { db } = server.app;
    const smtp = openSmtp(parseSmtp(sink.url).smtp as SmtpConfig);
    const refusals = createRefusalLog({ db, now: () => clock.at, log });
    const parts = { db, refusals, send: smtp.send, publicUrl, now: () => clock.at, log };
    const retrying = createEmailSignIn({ ...parts, tries: [0, 1] });
    sink.refusals.push("450 later@clinic.example greylisted");
    const coming = sink.next();
    retrying.request({ email: "later@clinic.example", address: "198.51.100.1" });
    await coming;
    expect(logged).toContain("the SMTP server answered 450");

    sink.refusals.push("550 later@clinic.example no", "550 later@clinic.example no");
    retrying.request({ email: "later@clinic.example", address: "198.51.100.1" });
    await vi.waitFor(async () =>
      expect((await entries("SIGN_IN_LINK_UNSENT")).map(({ entity_id }) => entity_id)).toEqual([userId]),
    );
    expect(logged).toContain("a sign-in link could not be sent by e-mail");
    expect(logged).not.toContain("later@");
    await retrying.close();
    await refusals.close();
    smtp.close();
  });
});

test("without a server that takes e-mail, the answer says how else to sign in; one that is down changes no answer", async () => {
  const beside = { database: server.database, dataDir: server.dataDir };
  const none = await testServer({ beside });
  const post = (url: string) =>
    fetch(`${url}/sign-in/link`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email: "ada@clinic.example" }),
    });
  expect((await post(none.url)).status).toBe(404);
  await none.close();
  const env = { SMTP_URL: "smtp://127.0.0.1:1", VIGIL_PUBLIC_URL: publicUrl };
  const down = await testServer({ beside, log, env, now: () => clock.at });
  expect((await post(down.url)).status).toBe(202);
  await vi.waitFor(() => expect(logged).toMatch(/ECONNREFUSED|ESOCKET|ECONNECTION/));
  expect(logged).toContain("it is tried again");
  await down.close();
});

test("one source is an IPv4 address, or the /64 of an IPv6 address", () => {
  expect(sourceOf("::ffff:203.0.113.9")).toBe("203.0.113.9");
  expect(sourceOf("2001:db8:0:7::1")).toBe(sourceOf("2001:db8::7:1:2:3:4"));
  expect(sourceOf("2001:db8:0:8::1")).not.toBe(sourceOf("2001:db8:0:7::1"));
  expect(sourceOf("::1")).toBe("::/64");
  expect(sourceOf("fe80::1%eth0")).toBe("fe80::/64");
});

test("a rate limit gives back what was used longest ago first", () => {
  const limit = createRateLimit({ uses: 2, period: 1_000, now: () => clock.at });
  expect(limit.take("a")).toBe(0);
  clock.at += 400;
  expect([limit.take("a"), limit.take("a"), limit.take("b")]).toEqual([0, 600, 0]);
  clock.at += 600;
  expect([limit.take("a"), limit.take("a")]).toEqual([0, 400]);
  clock.at -= 3_600_000; // it was set back: what was used in the future was not
  expect(limit.take("a")).toBe(0);
  clock.at += 3_600_000;
});
