import { generateKeyPairSync, sign } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTokens } from "../../src/access/tokens.ts";
import { VigilError } from "../../src/errors.ts";
import { altered, encode, forge, goodClaims, goodHeader, now, organizationId, secret, userId } from "./forge.ts";

const tokens = createTokens({ secret, now: () => now });
const subject = { organizationId, userId, name: "ada@example.org", role: "ADMIN" } as const;
const good = forge(goodHeader, goodClaims);
const [head = "", body = "", signature = ""] = good.split(".");
const seconds = now / 1000;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicPem = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();

function signedWithRsa(): string {
  const signed = `${encode({ ...goodHeader, alg: "RS256" })}.${body}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), rsa.privateKey).toString("base64url")}`;
}

const forged: Record<string, string> = {
  "alg none, no signature": `${encode({ alg: "none", typ: "JWT" })}.${body}.`,
  "alg None": `${encode({ alg: "None", typ: "JWT" })}.${body}.`,
  "alg none with the good signature": `${encode({ alg: "none", typ: "JWT" })}.${body}.${signature}`,
  "alg hs256 in lower case": altered({ alg: "hs256" }),
  "alg HS512 under our secret": forge({ ...goodHeader, alg: "HS512" }, goodClaims, secret, "sha512"),
  "alg HS384 under our secret": forge({ ...goodHeader, alg: "HS384" }, goodClaims, secret, "sha384"),
  "alg RS256": signedWithRsa(),
  "HS256 under an RSA public key": forge(goodHeader, goodClaims, publicPem),
  "no alg": altered({ alg: undefined }),
  "wrong secret": forge(goodHeader, goodClaims, `${secret}!`),
  "empty secret": forge(goodHeader, goodClaims, ""),
  "no signature": `${head}.${body}.`,
  "cut signature": good.slice(0, -4),
  "a changed payload": `${head}.${encode({ ...goodClaims, name: "eve@example.org" })}.${signature}`,
  "another organization in the payload": `${head}.${encode({ ...goodClaims, org: userId })}.${signature}`,
  "wrong iss": altered({}, { iss: "vigil.example" }),
  "no iss": altered({}, { iss: undefined }),
  "wrong aud": altered({}, { aud: "other" }),
  "no aud": altered({}, { aud: undefined }),
  expired: altered({}, { exp: seconds - 31 }),
  "no exp": altered({}, { exp: undefined }),
  "exp as text": altered({}, { exp: "9999999999" }),
  "exp without end": forge(goodHeader, JSON.stringify(goodClaims).replace(/"exp":\d+/, '"exp":1e999')),
  "nbf in the future": altered({}, { nbf: seconds + 31 }),
  "iat in the future": altered({}, { iat: seconds + 31 }),
  "no iat": altered({}, { iat: undefined }),
  "no typ": altered({ typ: undefined }),
  "typ at+jwt": altered({ typ: "at+jwt" }),
  "typ application/JWT": altered({ typ: "application/jwt" }),
  "kid traversal": altered({ kid: "../../../../dev/null" }),
  "kid traversal, signed with an empty key": forge({ ...goodHeader, kid: "../../dev/null" }, goodClaims, ""),
  "kid with SQL": altered({ kid: "x' UNION SELECT 'secret' --" }),
  "kid with a URL": altered({ kid: "http://attacker.invalid/key" }),
  jku: altered({ jku: "http://attacker.invalid/jwks.json" }),
  x5u: altered({ x5u: "http://attacker.invalid/cert.pem" }),
  x5c: altered({ x5c: ["MIIB"] }),
  jwk: altered({ jwk: { kty: "oct", k: encode("attacker") } }),
  "jwk, signed with it": forge({ ...goodHeader, jwk: { kty: "oct", k: encode("attacker") } }, goodClaims, "attacker"),
  "crit of an unknown header": altered({ crit: ["x"], x: 1 }),
  "b64 false": altered({ crit: ["b64"], b64: false }),
  "zip header": altered({ zip: "DEF" }),
  "a program's role": altered({}, { role: "INGEST" }),
  "an unknown role": altered({}, { role: "ROOT" }),
  "a role from the prototype": altered({}, { role: "constructor" }),
  "a list of roles": altered({}, { role: ["ADMIN"] }),
  "no role": altered({}, { role: undefined }),
  "org no UUID": altered({}, { org: "clinic" }),
  "org with SQL": altered({}, { org: `${organizationId}'; SELECT 1 --` }),
  "no org": altered({}, { org: undefined }),
  "sub no UUID": altered({}, { sub: "root" }),
  "no sub": altered({}, { sub: undefined }),
  "no name": altered({}, { name: undefined }),
  "payload no object": forge(goodHeader, [goodClaims]),
  "header no JSON": forge("{", goodClaims),
  "five parts": `${good}.a.b`,
  "two parts": `${head}.${body}`,
  "much too long": altered({}, { more: "x".repeat(10_000) }),
  "JSON serialization": JSON.stringify({ protected: head, payload: body, signature }),
  empty: "",
  dots: "..",
};

describe("forged tokens", () => {
  const fetched = vi.fn(() => Promise.reject(new Error("no fetch")));
  beforeEach(() => vi.stubGlobal("fetch", fetched));
  afterEach(() => vi.unstubAllGlobals());

  test.each(Object.entries(forged))("%s: refused, nothing fetched, nothing echoed", async (_name, token) => {
    const error = await tokens.verify(token).then(
      () => undefined,
      (fault: unknown) => fault,
    );
    expect(error).toBeInstanceOf(VigilError);
    const { code, message, cause, detail } = error as VigilError;
    expect(code).toBe("UNAUTHENTICATED");
    expect(message).toMatch(/expired|not valid/);
    const shown = JSON.stringify([message, cause, detail]);
    for (const part of token.split(".")) if (part.length > 8) expect(shown).not.toContain(part);
    expect(fetched).not.toHaveBeenCalled();
  });

  test("an expired token says so, a forged expired one does not", async () => {
    await expect(tokens.verify(forged.expired ?? "")).rejects.toThrow("has expired");
    const both = forge(goodHeader, { ...goodClaims, exp: seconds - 3600 }, "wrong");
    await expect(tokens.verify(both)).rejects.toThrow("not valid");
  });
});

describe("good tokens", () => {
  test("what is signed verifies", async () => {
    const claims = await tokens.verify(await tokens.sign(subject, 3600));
    expect(claims).toEqual({ ...subject, expiresAt: now + 3_600_000 });
    expect(await tokens.verify(good)).toEqual({ ...subject, expiresAt: now + 3_600_000 });
  });

  test("the command line's subject is known", async () => {
    const claims = await tokens.verify(await tokens.sign({ ...subject, userId: "cli" }, 60));
    expect(claims.userId).toBe("cli");
  });

  test.each([
    ["exp", { exp: seconds - 29 }],
    ["nbf", { nbf: seconds + 29 }],
    ["iat", { iat: seconds + 29 }],
  ])("a clock 29 seconds off passes: %s", async (_name, claims) => {
    await expect(tokens.verify(altered({}, claims))).resolves.toMatchObject({ userId });
  });

  test("a token dies with its time, by the clock that was passed in", async () => {
    let time = now;
    const clocked = createTokens({ secret, now: () => time });
    const token = await clocked.sign(subject, 60);
    await clocked.verify(token); // from here on it is known
    time = now + 89_000;
    await clocked.verify(token);
    time = now + 90_000;
    await expect(clocked.verify(token)).rejects.toThrow("has expired");
  });
});

test("a secret of fewer than 32 bytes is refused", () => {
  expect(() => createTokens({ secret: "x".repeat(31) })).toThrow("32 bytes");
  expect(() => createTokens({ secret: new Uint8Array(31) })).toThrow("32 bytes");
  createTokens({ secret: "é".repeat(16) });
});
