import { v7 } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApiKey } from "../../src/access/api-keys.ts";
import { createAuthenticator } from "../../src/access/authenticate.ts";
import { formatCredential } from "../../src/access/credential.ts";
import { createRefusalLog, type RefusalLog } from "../../src/access/refusals.ts";
import { createSignIn, createSignInLink } from "../../src/access/sign-in.ts";
import { createTokens } from "../../src/access/tokens.ts";
import { ensureUser } from "../../src/access/users.ts";
import type { Database } from "../../src/db.ts";
import { createLog } from "../../src/log.ts";
import { testDatabase } from "../support/database.ts";

const clock = { now: Date.parse("2026-11-24T12:00:00Z") };
const now = () => clock.now;
const tokens = createTokens({ secret: "a secret of the server: 32 bytes or more", now });
const log = createLog("silent");
let refusals: RefusalLog;
let base: Awaited<ReturnType<typeof testDatabase>>;
let db: Database;
let one: string;
let other: string;

beforeAll(async () => {
  base = await testDatabase();
  db = base.db;
  [one = "", other = ""] = base.organizations.map(({ id }) => id);
  refusals = createRefusalLog({ db, now, log });
});
afterAll(() => base?.close());

const signIn = (token: string) => createSignIn({ db, refusals, now }).redeem(token);
const authenticator = () => createAuthenticator({ db, tokens, refusals, now, log });
const person = (email: string, role: "ADMIN" | "VIEWER" = "ADMIN") =>
  db.inOrganization(one, (tx) => ensureUser(tx, { email, name: "Ada", role, now: clock.now }));
const linkOf = (userId: string) => db.inOrganization(one, (tx) => createSignInLink(tx, { userId, now: clock.now }));
const suspend = (userId: string) =>
  db.query(one, "UPDATE users SET suspended_at = now() WHERE organization_id = $1 AND id = $2", [one, userId]);
const actionsOf = async (entityId: string) => {
  const text = "SELECT action FROM security_audit_log WHERE entity_id = $1 ORDER BY seq";
  return (await db.query(one, text, [entityId])).rows.map(({ action }) => action);
};

test("a link signs its user in once", async () => {
  const userId = await person("ada@example.org");
  const link = await linkOf(userId);
  const { session, maxAgeSeconds } = await signIn(link);
  expect(maxAgeSeconds).toBe(12 * 3600);
  expect(await authenticator().authenticate(session)).toEqual({
    organizationId: one,
    kind: "USER",
    id: userId,
    name: "ada@example.org",
    role: "ADMIN",
    expiresAt: clock.now + 12 * 3_600_000,
    sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  await expect(signIn(link)).rejects.toMatchObject({ code: "UNAUTHENTICATED", message: /already used/ });
  expect(await actionsOf(userId)).toEqual(["USER_CREATED", "SIGNED_IN", "SIGN_IN_REFUSED"]);
});

test("of twenty who redeem one link at once, one is signed in", async () => {
  const link = await linkOf(await person("race@example.org"));
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => signIn(link)));
  expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("links that are expired, made up, or of another kind are refused with their reason", async () => {
  const userId = await person("late@example.org");
  const link = await linkOf(userId);
  clock.now += 86_400_000;
  await expect(signIn(link)).rejects.toThrow("has expired");
  const made = formatCredential({ kind: "signin", organizationId: one, id: v7() });
  await expect(signIn(made)).rejects.toThrow("not valid");
  await expect(signIn(formatCredential({ kind: "signin", organizationId: v7(), id: v7() }))).rejects.toThrow(
    "not valid",
  );
  await expect(signIn("vigil_signin_x")).rejects.toThrow("not valid");
  const actor = "ada@example.org";
  const key = await db.inOrganization(one, (tx) =>
    createApiKey(tx, { name: "k", role: "ENFORCER", actor, now: clock.now }),
  );
  await expect(signIn(key.secret)).rejects.toThrow("not valid");
});

test("a suspended user is refused at the link and, within 5 seconds, in a session", async () => {
  const userId = await person("gone@example.org");
  const [first, second] = [await linkOf(userId), await linkOf(userId)];
  const { session } = await signIn(first);
  const { authenticate } = authenticator();
  await authenticate(session);
  await suspend(userId);
  await expect(signIn(second)).rejects.toThrow("suspended");
  clock.now += 5_000;
  await expect(authenticate(session)).rejects.toThrow("suspended");
});

test("a session follows its user's role; a token does not outlive the role it was made for, a narrower one goes on", async () => {
  const userId = await person("role@example.org");
  const { session } = await signIn(await linkOf(userId));
  const asAdmin = await tokens.sign({ organizationId: one, userId, name: "role@example.org", role: "ADMIN" }, 60);
  await person("role@example.org", "VIEWER");
  expect((await authenticator().authenticate(session)).role).toBe("VIEWER");
  await expect(authenticator().authenticate(asAdmin)).rejects.toThrow("role has changed");
  await person("Role@Example.org", "ADMIN");
  const subject = { organizationId: one, userId, name: "role@example.org", role: "VIEWER" } as const;
  expect((await authenticator().authenticate(await tokens.sign(subject, 60))).role).toBe("VIEWER");
  expect(await actionsOf(userId)).toEqual([
    "USER_CREATED",
    "SIGNED_IN",
    "USER_CHANGED",
    "SIGN_IN_REFUSED",
    "USER_CHANGED",
  ]);
});

test("a token of the command line has no user; a token of a user of another organization has none either", async () => {
  const subject = { organizationId: one, userId: "cli", name: "ops@example.org", role: "ADMIN" } as const;
  expect(await authenticator().authenticate(await tokens.sign(subject, 60))).toMatchObject({
    id: "cli",
    role: "ADMIN",
  });
  const userId = await person("ada@example.org");
  const moved = await tokens.sign({ ...subject, organizationId: other, userId }, 60);
  await expect(authenticator().authenticate(moved)).rejects.toThrow("gone");
});

test("the authenticator takes API keys, and no sign-in secrets", async () => {
  const input = { name: "gate", role: "ENFORCER" as const, actor: "ada@example.org", now: clock.now };
  const { id, secret } = await db.inOrganization(one, (tx) => createApiKey(tx, input));
  expect(await authenticator().authenticate(secret)).toMatchObject({ kind: "API_KEY", id, role: "ENFORCER" });
  const link = await linkOf(await person("ada@example.org"));
  await expect(authenticator().authenticate(link)).rejects.toThrow("open the link in a browser");
  await signIn(link);
});

test("a user is made once, by e-mail address whatever its case", async () => {
  const ids = await Promise.all(["x@example.org", " X@Example.ORG", "x@example.org"].map((email) => person(email)));
  expect(new Set(ids).size).toBe(1);
  await expect(person("nobody")).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
});

test("a link for a user of another organization is not made", async () => {
  const userId = await person("ada@example.org");
  const making = db.inOrganization(other, (tx) => createSignInLink(tx, { userId, now: clock.now }));
  await expect(making).rejects.toMatchObject({ code: "NOT_FOUND" });
});
