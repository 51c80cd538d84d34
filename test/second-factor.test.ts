/** The second factor, on the real application over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSignInLink } from "../src/access/sign-in.ts";
import { codeOf, stepOf } from "../src/access/totp.ts";
import { ensureUser } from "../src/access/users.ts";
import type { PeopleRole } from "../src/access/viewer.ts";
import { type TestServer, testServer } from "./support/server.ts";

let offset = 0;
const now = () => Date.now() + offset;
let server: TestServer;
beforeAll(async () => {
  server = await testServer({ now });
});
afterAll(() => server?.close());

interface Person {
  userId: string;
  session: string;
}

async function signIn(email: string, role: PeopleRole): Promise<Person> {
  const [userId, link] = await server.app.db.inOrganization(server.ours, async (tx) => {
    const id = await ensureUser(tx, { email, name: "Ada", role, now: now() });
    return [id, await createSignInLink(tx, { userId: id, now: now() })] as const;
  });
  return { userId, session: (await server.app.signIn.redeem(link)).session };
}

async function ask(query: string, session: string, variables: object = {}) {
  const answer = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${session}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await answer.json()) as {
    // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of many shapes
    data: any;
    errors?: { message: string; extensions: { code: string; reason?: string; retryAfterSeconds?: number } }[];
  };
}

const errors = "userErrors { code message path }";
const enroll = `mutation { totpEnroll { secret uri ${errors} } }`;
const confirm = `mutation ($code: String!) { totpConfirm(input: {code: $code}) { recoveryCodes ${errors} } }`;
const verify = `mutation ($code: String!) { totpVerify(input: {code: $code}) { viewer { secondFactor } ${errors} } }`;
const disable = `mutation ($code: String!) { totpDisable(input: {code: $code}) { disabled ${errors} } }`;
const require = `mutation ($on: Boolean!) { organizationUpdate(input: {secondFactorRequired: $on}) { ${errors} } }`;

/** The authenticator application of this secret. */
function application(secret: string): () => string {
  const bits = [...secret].map((letter) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
  );
  const bytes = bits.join("").match(/.{8}/g) ?? [];
  return () => codeOf(Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2))), stepOf(now()));
}

async function enrolled(email: string, role: PeopleRole) {
  const person = await signIn(email, role);
  const { data } = await ask(enroll, person.session);
  const code = application(data.totpEnroll.secret);
  const confirmed = await ask(confirm, person.session, { code: code() });
  return {
    ...person,
    code,
    secret: data.totpEnroll.secret as string,
    recoveryCodes: confirmed.data.totpConfirm.recoveryCodes as string[],
  };
}
const nextStep = (): void => {
  offset += 30_000;
};
const actions = async (userId: string): Promise<string[]> => {
  const text = "SELECT action FROM security_audit_log WHERE entity_id = $1 AND action LIKE 'SECOND%' ORDER BY seq";
  return (await server.app.db.query<{ action: string }>(server.ours, text, [userId])).rows.map(({ action }) => action);
};

describe("where the organization asks for a second factor", () => {
  const isOn = async (on: boolean) =>
    expect((await ask(require, server.admin, { on })).data.organizationUpdate.userErrors).toEqual([]);
  beforeAll(() => isOn(true));
  afterAll(() => isOn(false));

  it("H5 an administrator without it is refused everything, says so, and may set it up", async () => {
    const { session, userId } = await signIn("admin@example.org", "ADMIN");
    for (const query of ["{ users { totalCount } }", "{ incidents { totalCount } }", "{ status { ok } }"]) {
      const { errors: refusals } = await ask(query, session);
      expect(refusals?.[0]).toMatchObject({
        message: expect.stringContaining("second factor"),
        extensions: { code: "FORBIDDEN", reason: "SECOND_FACTOR_REQUIRED" },
      });
    }
    const sent = await server.ingest(JSON.stringify({ action: "a" }), {}, session);
    expect(sent.status).toBe(403);
    const exported = await fetch(`${server.url}/audit/export`, { headers: { authorization: `Bearer ${session}` } });
    expect([exported.status, await exported.text()]).toEqual([403, expect.stringContaining("second factor")]);
    const followed = await fetch(`${server.url}/changes?topic=incident`, {
      headers: { authorization: `Bearer ${session}` },
    });
    expect([followed.status, await followed.text()]).toEqual([403, expect.stringContaining("second factor")]);
    const text = "SELECT detail FROM security_audit_log WHERE action = 'PERMISSION_REFUSED' AND entity_id = $1";
    const { rows } = await server.app.db.query<{ detail: object }>(server.ours, text, [userId]);
    for (const permission of ["user.read", "status.read", "event.ingest", "audit.export", "incident.read"])
      expect(rows).toContainEqual({ detail: { permission } });
    expect((await ask("{ viewer { secondFactor } }", session)).data.viewer.secondFactor).toBe("MISSING");

    const { data } = await ask(enroll, session);
    expect(data.totpEnroll.uri).toContain(`secret=${data.totpEnroll.secret}`);
    const code = application(data.totpEnroll.secret);
    const confirmed = await ask(confirm, session, { code: code() });
    expect(confirmed.data.totpConfirm.recoveryCodes).toHaveLength(10);
    expect((await ask("{ users { totalCount } viewer { secondFactor } }", session)).data).toMatchObject({
      users: { totalCount: expect.any(Number) },
      viewer: { secondFactor: "GIVEN" },
    });
    expect(await actions(userId)).toEqual(["SECOND_FACTOR_ENROLLED", "SECOND_FACTOR_SET_UP"]);

    // Another session of the same user has to give it anew.
    const again = await signIn("admin@example.org", "ADMIN");
    expect((await ask("{ users { totalCount } }", again.session)).errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    nextStep();
    const verified = await ask(verify, again.session, { code: code() });
    expect(verified.data.totpVerify).toEqual({ viewer: { secondFactor: "GIVEN" }, userErrors: [] });
    expect((await ask("{ users { totalCount } }", again.session)).errors).toBeUndefined();
  });

  it("H5 an administrator without it is refused what takes no permission, too, but for who they are", async () => {
    const { session } = await signIn("phone@example.org", "ADMIN");
    for (const query of [
      'mutation { viewerContactUpdate(input: { phone: "+15125550100", quietHours: [{}] }) { userErrors { code } } }',
      "{ viewer { contact { phone } } }",
      "{ notifications { totalCount } }",
      "{ notificationsUnread }",
      "mutation { notificationsMarkAllRead { count } }",
      "{ notificationPreferences { kind } }",
      'mutation { notificationPreferenceSet(input: { kind: "incident.assigned", inApp: false }) { userErrors { code } } }',
      "{ organization { name } }",
      "{ viewer { organization { protectedTargets } } }",
      '{ node(id: "VXNlcjox") { id } }',
    ]) {
      const refused = await ask(query, session);
      expect(refused.errors?.[0]?.extensions, query).toMatchObject({ reason: "SECOND_FACTOR_REQUIRED" });
    }
    for (const events of ["notificationEvents", "incidentEvents"]) {
      const stream = server.subscribe(`subscription { ${events} { kind } }` as never, {}, session);
      await expect(stream.next(), events).rejects.toThrow(/second factor/); // at once, and not by the first change
      await stream.close();
    }
    const mine = "{ viewer { userId role organization { id name slug timeZone sessionIdleMinutes } } }"; // the dashboard's way in
    expect((await ask(mine, session)).errors).toBeUndefined();
    const other = await signIn("reader@example.org", "VIEWER");
    expect((await ask("{ notificationsUnread organization { name } }", other.session)).errors).toBeUndefined();
  });

  it("H5 others need it for PHI only, and programs never", async () => {
    const { session } = await signIn("viewer@example.org", "VIEWER");
    expect((await ask("{ incidents { totalCount } }", session)).errors).toBeUndefined();
    const refused = await ask("{ securityEvents { nodes { id } } }", session);
    expect(refused.errors?.[0]?.extensions.reason).toBe("SECOND_FACTOR_REQUIRED");
    expect((await server.ingest(JSON.stringify({ action: "a" }))).status).toBe(200);
  });

  it("H5 an auditor needs it to ask for one patient, and not for one reader", async () => {
    const { session } = await signIn("auditor@example.org", "AUDITOR");
    for (const query of [
      '{ disclosures(patientId: "p1") { nodes { id } } }',
      '{ disclosures(patientId: "p1") { totalCount } }',
      '{ accessReport(patientId: "p1") { count } }',
    ]) {
      const refused = await ask(query, session);
      expect(refused.errors?.[0]?.extensions.reason).toBe("SECOND_FACTOR_REQUIRED");
    }
    const others = '{ disclosures { totalCount } accessReport(actor: "ann") { count } }';
    expect((await ask(others, session)).errors).toBeUndefined();
  });
});

it("nobody turns it on who would be locked out by it", async () => {
  const { session } = await signIn("careless@example.org", "ADMIN");
  const { data } = await ask(require, session, { on: true });
  expect(data.organizationUpdate.userErrors).toMatchObject([{ code: "CONFLICT", path: ["secondFactorRequired"] }]);
});

it("a code is good once, also for two who send it at the same moment", async () => {
  const { session, code } = await enrolled("once@example.org", "VIEWER");
  const replayed = await ask(verify, session, { code: code() });
  expect(replayed.data.totpVerify).toMatchObject({
    viewer: null,
    userErrors: [{ code: "BAD_USER_INPUT", path: ["input", "code"] }],
  });
  nextStep();
  const both = await Promise.all([1, 2].map(() => ask(verify, session, { code: code() })));
  expect(both.map(({ data }) => data.totpVerify.userErrors.length).sort()).toEqual([0, 1]);
});

it("a recovery code stands in for the application, once, however it is typed", async () => {
  const { session, userId, recoveryCodes } = await enrolled("lost@example.org", "VIEWER");
  const [first = "", second = ""] = recoveryCodes;
  expect(first).toMatch(/^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$/);
  const use = async (code: string) => (await ask(verify, session, { code })).data.totpVerify.userErrors.length;
  expect(await use(first.toLowerCase().replaceAll("-", " "))).toBe(0);
  expect(await use(first)).toBe(1);
  expect(await use(second)).toBe(0);
  expect(await actions(userId)).toEqual([
    "SECOND_FACTOR_ENROLLED",
    "SECOND_FACTOR_SET_UP",
    "SECOND_FACTOR_GIVEN",
    "SECOND_FACTOR_REFUSED",
    "SECOND_FACTOR_GIVEN",
  ]);
});

it("wrong codes make one wait, longer each time, and the good one waits too", async () => {
  const { session, code } = await enrolled("guess@example.org", "VIEWER");
  nextStep();
  for (let n = 0; n < 5; n++) {
    expect((await ask(verify, session, { code: "000000" })).data.totpVerify.userErrors).toHaveLength(1);
  }
  const waiting = await ask(verify, session, { code: code() });
  expect(waiting.errors?.[0]?.extensions).toMatchObject({ code: "RATE_LIMITED" });
  expect(waiting.errors?.[0]?.extensions.retryAfterSeconds).toBeGreaterThan(50);
  offset += 60_000;
  expect((await ask(verify, session, { code: "000000" })).data.totpVerify.userErrors).toHaveLength(1);
  const longer = await ask(verify, session, { code: code() });
  expect(longer.errors?.[0]?.extensions.retryAfterSeconds).toBeGreaterThan(110);
  offset += 120_000;
  expect((await ask(verify, session, { code: code() })).data.totpVerify.userErrors).toEqual([]);
});

it("is taken away with a code, from every session; a confirmed one is not replaced without", async () => {
  const { session, userId, code } = await enrolled("done@example.org", "VIEWER");
  const other = await signIn("done@example.org", "VIEWER");
  expect((await ask(enroll, other.session)).data.totpEnroll.userErrors[0].code).toBe("CONFLICT");
  expect((await ask(confirm, other.session, { code: code() })).data.totpConfirm.userErrors[0].code).toBe("CONFLICT");
  expect((await ask(disable, other.session, { code: "000000" })).data.totpDisable.disabled).toBe(false);
  nextStep();
  expect((await ask(disable, other.session, { code: code() })).data.totpDisable.disabled).toBe(true);
  nextStep();
  expect((await ask(verify, session, { code: code() })).data.totpVerify.userErrors[0].code).toBe("CONFLICT");
  const left = await server.database.asOwner(
    `SELECT user_id FROM recovery_codes WHERE user_id = $1 UNION ALL SELECT user_id FROM second_factors WHERE user_id = $1
     UNION ALL SELECT user_id FROM sessions WHERE user_id = $1 AND second_factor_at IS NOT NULL`,
    [userId],
  );
  expect(left).toEqual([]);
});

it("belongs to a session: tokens of the command line have none to give", async () => {
  const { errors: refusals } = await ask(enroll, server.admin);
  expect(refusals?.[0]?.extensions.code).toBe("FORBIDDEN");
});

it("leaves neither secrets nor recovery codes in a dump of the database", async () => {
  const { secret, recoveryCodes } = await enrolled("dump@example.org", "VIEWER");
  const rows = await server.database.asOwner<{ row: string }>(
    `SELECT t::text AS row FROM second_factors t UNION ALL SELECT t::text FROM recovery_codes t
     UNION ALL SELECT t::text FROM security_audit_log t`,
  );
  const dump = rows.map(({ row }) => row).join("\n");
  for (const text of [secret, ...recoveryCodes, ...recoveryCodes.map((code) => code.replaceAll("-", ""))]) {
    expect(dump).not.toContain(text);
  }
});
