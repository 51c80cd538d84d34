/** Tokens of an identity provider, on the real application. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { changeOrganization } from "../src/access/organization.ts";
import { changeUser, createUser } from "../src/access/user-change.ts";
import type { PeopleRole } from "../src/access/viewer.ts";
import { jwkOf, type Provider, rsaKey, signed, startProvider } from "./access/provider.ts";
import { type TestServer, testServer } from "./support/server.ts";

const key = rsaKey("k1");
let provider: Provider;
let server: TestServer;

beforeAll(async () => {
  provider = await startProvider([jwkOf(key)]);
  server = await testServer({
    env: {
      VIGIL_JWKS_URL: `${provider.url}/jwks.json`,
      VIGIL_JWT_ISSUER: "https://login.example/",
      VIGIL_JWT_AUDIENCE: "vigil",
      VIGIL_JWT_ORGANIZATION_CLAIM: "https://vigil.example/organization",
    },
  });
});
afterAll(async () => {
  await server?.close();
  await provider?.close();
});

const by = { actor: "tester", now: Date.now() };
const person = (email: string, role: PeopleRole, organization = server.ours) =>
  server.app.db.inOrganization(organization, (tx) => createUser(tx, { email, name: "Ada", role }, by));

function tokenOf(email: string, more: object = {}): string {
  const seconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "https://login.example/",
    aud: "vigil",
    sub: "00u1",
    email,
    "https://vigil.example/organization": "demo",
    iat: seconds,
    exp: seconds + 600,
    ...more,
  };
  return signed(key, { alg: "RS256", typ: "JWT", kid: "k1" }, claims);
}

async function viewer(token: string) {
  const answer = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: "{ viewer { name role secondFactor organization { slug } } }" }),
  });
  const { data, errors } = (await answer.json()) as { data?: { viewer: object }; errors?: { message: string }[] };
  return { status: answer.status, viewer: data?.viewer, message: errors?.[0]?.message };
}

it("C1 signs in whom an administrator has made a user, with that user's role or a narrower one", async () => {
  await person("ada@example.org", "ANALYST");
  const organization = { slug: "demo" };
  const ada = { name: "ada@example.org", role: "ANALYST", secondFactor: "NOT_ASKED", organization };
  expect(await viewer(tokenOf("Ada@Example.org"))).toMatchObject({ status: 200, viewer: ada });
  const byId = tokenOf("ada@example.org", { "https://vigil.example/organization": server.ours });
  expect((await viewer(byId)).viewer).toEqual(ada);
  const narrow = await viewer(tokenOf("ada@example.org", { vigil_role: "VIEWER" }));
  expect(narrow.viewer).toEqual({ ...ada, role: "VIEWER" });
  expect((await viewer(tokenOf("ada@example.org", { vigil_role: "ADMIN" }))).status).toBe(401);
});

it("C1 signs in nobody else: strangers, users of another organization, organizations that are none", async () => {
  await person("grace@example.org", "ADMIN", server.theirs);
  for (const token of [
    tokenOf("stranger@example.org"),
    tokenOf("grace@example.org"),
    tokenOf("grace@example.org", { "https://vigil.example/organization": "nowhere" }),
    tokenOf("grace@example.org", { "https://vigil.example/organization": undefined }),
  ]) {
    expect((await viewer(token)).status).toBe(401);
  }
  const { viewer: grace } = await viewer(
    tokenOf("grace@example.org", { "https://vigil.example/organization": "other" }),
  );
  expect(grace).toMatchObject({ role: "ADMIN", organization: { slug: "other" } });
});

it("W4 shuts a suspended user out within 5 seconds, whatever the provider says", async () => {
  const id = await person("hedy@example.org", "VIEWER");
  const token = tokenOf("hedy@example.org");
  expect((await viewer(token)).status).toBe(200);
  await server.app.db.inOrganization(server.ours, (tx) => changeUser(tx, id, { suspended: true }, by));
  await expect.poll(async () => (await viewer(token)).status, { timeout: 5_000 }).toBe(401);
});

it("A1 audits a sign-in once a token, and every kind of refusal", async () => {
  const id = await person("joan@example.org", "VIEWER");
  const token = tokenOf("joan@example.org");
  for (let n = 0; n < 3; n++) expect((await viewer(token)).status).toBe(200);
  expect((await viewer(tokenOf("joan@example.org", { vigil_role: "ADMIN" }))).status).toBe(401);
  expect((await viewer(tokenOf("mallory@example.org"))).status).toBe(401);
  const text = `SELECT actor, action FROM security_audit_log WHERE entity_id IN ($1, 'mallory@example.org') ORDER BY seq`;
  const { rows } = await server.app.db.query(server.ours, text, [id]);
  expect(rows).toEqual([
    { actor: "tester", action: "USER_CREATED" },
    { actor: "joan@example.org", action: "SIGNED_IN" },
    { actor: "joan@example.org", action: "SIGN_IN_REFUSED" },
    { actor: "unknown", action: "SIGN_IN_REFUSED" },
  ]);
});

it("lets nobody ask for a second factor whom the provider has not asked for one: they would be locked out", async () => {
  await person("marie@example.org", "ADMIN");
  const query =
    "mutation { organizationUpdate(input: {secondFactorRequired: true}) { userErrors { code message path } } }";
  const required = async (more: object) => {
    const headers = {
      "content-type": "application/json",
      authorization: `Bearer ${tokenOf("marie@example.org", more)}`,
    };
    const answer = await fetch(`${server.url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query }) });
    return ((await answer.json()) as { data: { organizationUpdate: { userErrors: object[] } } }).data.organizationUpdate
      .userErrors;
  };
  const message = "Give your own second factor first at your identity provider, or you would be locked out";
  expect(await required({})).toEqual([{ code: "CONFLICT", message, path: ["secondFactorRequired"] }]);
  expect(await required({ amr: ["pwd", "mfa"] })).toEqual([]);
  await server.app.db.inOrganization(server.ours, (tx) =>
    changeOrganization(tx, { secondFactorRequired: false }, "tester"),
  );
});

it("still takes tokens under the server's own secret, and mistakes neither for the other", async () => {
  expect((await viewer(server.admin)).status).toBe(200);
  const [, body = ""] = tokenOf("ada@example.org").split(".");
  const [head = "", , signature = ""] = server.admin.split(".");
  expect((await viewer(`${head}.${body}.${signature}`)).status).toBe(401);
});

it("needs all three settings, and keys that nobody can change on their way", async () => {
  const { parseConfig } = await import("../src/config.ts");
  const url = "https://login.example/jwks.json";
  expect(() => parseConfig({ VIGIL_JWKS_URL: url })).toThrow(/VIGIL_JWT_ISSUER is needed[\s\S]*VIGIL_JWT_AUDIENCE/);
  const rest = { VIGIL_JWT_ISSUER: "i", VIGIL_JWT_AUDIENCE: "a" };
  expect(() => parseConfig({ VIGIL_JWKS_URL: "http://login.example/jwks.json", ...rest })).toThrow("https://");
  expect(parseConfig({ VIGIL_JWKS_URL: url, ...rest }).identityProvider).toMatchObject({
    url,
    roleClaim: "vigil_role",
  });
});
