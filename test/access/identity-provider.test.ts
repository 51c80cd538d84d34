import { createSecretKey } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createIdentityProvider } from "../../src/access/identity-provider.ts";
import { createKeySet } from "../../src/access/key-set.ts";
import { VigilError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { encode, now } from "./forge.ts";
import { ecKey, hmac, jwkOf, type Provider, rsaKey, signed, startProvider } from "./provider.ts";

const log = createLog("silent");
const seconds = now / 1000;
const rsa = rsaKey("rsa-1");
const ec = ecKey("ec-1");
const stranger = rsaKey("rsa-1"); // the same name, another key
const publicPem = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const publicDer = rsa.publicKey.export({ type: "spki", format: "der" });
const shared = createSecretKey(Buffer.from("a shared secret that was put into the key set by mistake"));

const header = { alg: "RS256", typ: "JWT", kid: "rsa-1" };
const claims = {
  iss: "https://login.example/",
  aud: "vigil",
  sub: "00u1",
  email: "Ada@example.org",
  email_verified: true,
  vigil_organization: "demo",
  iat: seconds - 60,
  exp: seconds + 3600,
};
const good = signed(rsa, header, claims);
const [head = "", body = "", signature = ""] = good.split(".");
const altered = (headerChange: object, claimsChange: object = {}) =>
  signed(rsa, { ...header, ...headerChange }, { ...claims, ...claimsChange });

let provider: Provider;
let trap: Provider;
const clock = { now };
const verifier = (url = `${provider.url}/jwks.json`) =>
  createIdentityProvider({
    issuer: claims.iss,
    audience: claims.aud,
    organizationClaim: "vigil_organization",
    roleClaim: "vigil_role",
    keys: createKeySet({ url, now: () => clock.now, log }),
    now: () => clock.now,
  });

beforeAll(async () => {
  trap = await startProvider([jwkOf(stranger)]);
  provider = await startProvider([]);
});
afterAll(async () => {
  await provider.close();
  await trap.close();
});
beforeEach(() => {
  clock.now = now;
  provider.keys = [jwkOf(rsa), jwkOf(ec), { ...shared.export({ format: "jwk" }), kid: "shared" }];
  provider.fetches = 0;
});

/** Each is refused. Those of `fetches: 0` must not even make us ask for keys. */
const forged: Record<string, () => string> = {
  "alg none, no signature": () => `${encode({ ...header, alg: "none" })}.${body}.`,
  "alg None": () => `${encode({ ...header, alg: "None" })}.${body}.`,
  "alg none with the good signature": () => `${encode({ ...header, alg: "none" })}.${body}.${signature}`,
  "HS256 under the RSA public key as PEM": () => hmac({ ...header, alg: "HS256" }, claims, publicPem),
  "HS256 under the RSA public key as DER": () => hmac({ ...header, alg: "HS256" }, claims, publicDer),
  "HS256 under a symmetric key of the set": () =>
    hmac({ alg: "HS256", typ: "JWT", kid: "shared" }, claims, shared.export()),
  "RS1, an alg not on the list": () => altered({ alg: "RS1" }),
  "RS256 in lower case": () => altered({ alg: "rs256" }),
  "RS512 that is RS256": () => altered({ alg: "RS512" }),
  "ES256 under an RSA key": () => altered({ alg: "ES256" }),
  "no alg": () => altered({ alg: undefined }),
  "a stranger's key of the same name": () => signed(stranger, header, claims),
  "another key of the set": () => signed(ec, { ...header, kid: "rsa-1" }, claims),
  "an ES256 signature of zeros": () => `${encode({ ...header, alg: "ES256", kid: "ec-1" })}.${body}.${"A".repeat(86)}`,
  "no signature": () => `${head}.${body}.`,
  "cut signature": () => good.slice(0, -4),
  "a changed payload": () => `${head}.${encode({ ...claims, email: "eve@example.org" })}.${signature}`,
  "no kid": () => altered({ kid: undefined }),
  "unknown kid": () => altered({ kid: "rsa-2" }),
  "kid of nothing": () => altered({ kid: "" }),
  "kid no text": () => altered({ kid: 1 }),
  "kid traversal": () => altered({ kid: "../../../dev/null" }),
  "kid with SQL": () => altered({ kid: "x' UNION SELECT 'key' --" }),
  "kid with a URL": () => altered({ kid: `${trap.url}/jwks.json` }),
  jku: () => signed(stranger, { ...header, jku: `${trap.url}/jwks.json` }, claims),
  "jku with a good signature": () => altered({ jku: `${trap.url}/jwks.json` }),
  x5u: () => signed(stranger, { ...header, x5u: `${trap.url}/cert.pem` }, claims),
  x5c: () => signed(stranger, { ...header, x5c: [publicDer.toString("base64")] }, claims),
  "jwk, signed with it": () => signed(stranger, { ...header, jwk: jwkOf(stranger) }, claims),
  "crit of an unknown header": () => altered({ crit: ["x"], x: 1 }),
  "b64 false": () => altered({ crit: ["b64"], b64: false }),
  "no typ": () => altered({ typ: undefined }),
  "typ of a logout token": () => altered({ typ: "logout+jwt" }),
  "wrong iss": () => altered({}, { iss: "https://login.example" }),
  "no iss": () => altered({}, { iss: undefined }),
  "iss a list": () => altered({}, { iss: [claims.iss] }),
  "wrong aud": () => altered({}, { aud: "other" }),
  "no aud": () => altered({}, { aud: undefined }),
  expired: () => altered({}, { exp: seconds - 31 }),
  "no exp": () => altered({}, { exp: undefined }),
  "exp as text": () => altered({}, { exp: "9999999999" }),
  "exp without end": () => signed(rsa, header, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')),
  "nbf in the future": () => altered({}, { nbf: seconds + 31 }),
  "iat in the future": () => altered({}, { iat: seconds + 31 }),
  "no iat": () => altered({}, { iat: undefined }),
  "no sub": () => altered({}, { sub: undefined }),
  "no email": () => altered({}, { email: undefined }),
  "email that was not verified": () => altered({}, { email_verified: false }),
  "email that was not verified, as text": () => altered({}, { email_verified: "false" }),
  "email no address": () => altered({}, { email: "ada" }),
  "no organization": () => altered({}, { vigil_organization: undefined }),
  "organization with SQL": () => altered({}, { vigil_organization: "demo'; --" }),
  "a program's role": () => altered({}, { vigil_role: "INGEST" }),
  "a role from the prototype": () => altered({}, { vigil_role: "constructor" }),
  "payload no object": () => signed(rsa, header, [claims]),
  "five parts": () => `${good}.a.b`,
  "much too long": () => altered({}, { more: "x".repeat(10_000) }),
  empty: () => "",
  dots: () => "..",
};

describe("C1 forged tokens", () => {
  test.each(Object.entries(forged))("%s: refused, no address in it asked, nothing echoed", async (_name, make) => {
    const token = make();
    const one = verifier();
    await one.verify(good); // the keys are known
    const error = await one.verify(token).then(
      () => undefined,
      (fault: unknown) => fault,
    );
    expect(error).toBeInstanceOf(VigilError);
    const { code, message, cause, detail } = error as VigilError;
    expect(code).toBe("UNAUTHENTICATED");
    const shown = JSON.stringify([message, cause, detail]);
    for (const part of token.split(".")) if (part.length > 8) expect(shown).not.toContain(part);
    expect([provider.fetches, trap.fetches, trap.strays, provider.strays]).toEqual([1, 0, [], []]);
  });

  test("what says nonsense in its header does not make us ask for keys", async () => {
    const names = [
      "alg none, no signature",
      "kid traversal",
      "kid with a URL",
      "jku",
      "x5u",
      "jwk, signed with it",
      "no typ",
    ];
    for (const name of names) {
      await expect(verifier().verify(forged[name]?.() ?? "")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
    expect(provider.fetches).toBe(0);
  });
});

describe("good tokens", () => {
  test("say who it is, in which organization, and whether there were two factors", async () => {
    const expected = {
      organization: "demo",
      email: "ada@example.org",
      secondFactor: false,
      expiresAt: now + 3_600_000,
    };
    expect(await verifier().verify(good)).toEqual(expected);
    expect(await verifier().verify(signed(ec, { ...header, alg: "ES256", kid: "ec-1" }, claims))).toEqual(expected);
    const more = altered({ typ: "at+jwt" }, { vigil_role: "VIEWER", amr: ["pwd", "mfa"], email_verified: "true" });
    expect(await verifier().verify(more)).toEqual({ ...expected, role: "VIEWER", secondFactor: true });
  });

  test.each([
    ["exp", { exp: seconds - 29 }],
    ["nbf", { nbf: seconds + 29 }],
    ["iat", { iat: seconds + 29 }],
  ])("C3 a clock 29 seconds off passes: %s", async (_name, change) => {
    await verifier().verify(altered({}, change));
  });
});

describe("C2 keys", () => {
  test("of 1,000 unknown key ids, one fetch in 30 seconds", async () => {
    const one = verifier();
    await one.verify(good);
    clock.now += 30_000;
    // Unsigned: signing a thousand would hold the event loop for seconds, and no signature counts where no key is found.
    const tokens = Array.from(
      { length: 1_000 },
      (_, n) => `${encode({ ...header, kid: `rsa-x${n}` })}.${body}.${signature}`,
    );
    const many = await Promise.allSettled(tokens.map((token) => one.verify(token)));
    for (const { status } of many) expect(status).toBe("rejected");
    expect(provider.fetches).toBe(2);
    clock.now += 29_999;
    await expect(one.verify(altered({ kid: "again" }))).rejects.toThrow("not valid");
    expect(provider.fetches).toBe(2);
    clock.now += 1;
    await expect(one.verify(altered({ kid: "again" }))).rejects.toThrow("not valid");
    expect(provider.fetches).toBe(3);
  });

  test("a new one is found when a token names it", async () => {
    const one = verifier();
    await one.verify(good);
    const fresh = rsaKey("rsa-9");
    provider.keys = [jwkOf(rsa), jwkOf(fresh)];
    const token = signed(fresh, { ...header, kid: "rsa-9" }, claims);
    await expect(one.verify(token)).rejects.toThrow("not valid"); // within the cooldown
    clock.now += 30_000;
    await one.verify(token);
    expect(provider.fetches).toBe(2);
  });

  test("old ones go on while their host is down, for an hour", async () => {
    const one = verifier();
    await one.verify(good);
    provider.keys = undefined;
    const lasting = altered({}, { exp: seconds + 100_000 });
    for (let minutes = 1; minutes < 60; minutes++) {
      clock.now = now + minutes * 60_000;
      await one.verify(lasting);
    }
    expect(provider.fetches).toBeGreaterThan(10);
    clock.now = now + 3_600_000;
    await expect(one.verify(lasting)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    provider.keys = [jwkOf(rsa)];
    clock.now += 30_000;
    await one.verify(lasting);
  });

  test("old ones are not waited for while their host hangs, once it is known to", async () => {
    const one = verifier();
    const lasting = altered({}, { exp: seconds + 100_000 });
    await one.verify(lasting);
    provider.keys = undefined;
    clock.now += 300_000;
    await one.verify(lasting); // it is seen to be down
    let answered = false;
    const letAnswer = provider.hold(() => {
      answered = true;
    });
    clock.now += 30_000;
    await one.verify(lasting);
    expect(answered).toBe(false);
    provider.keys = [jwkOf(ec)];
    letAnswer();
    await vi.waitFor(() => expect(one.verify(lasting)).rejects.toThrow("not valid"));
  });

  test("a removed one stops within 10 minutes", async () => {
    const one = verifier();
    await one.verify(good);
    provider.keys = [jwkOf(ec)];
    clock.now += 300_000;
    await expect(one.verify(good)).rejects.toThrow("not valid");
  });

  test("a removed one stops within 10 minutes also where their host was down for a moment, and nobody came since", async () => {
    const one = verifier();
    const lasting = altered({}, { exp: seconds + 100_000 });
    await one.verify(lasting);
    provider.keys = undefined;
    clock.now += 300_000;
    await one.verify(lasting);
    provider.keys = [jwkOf(ec)];
    clock.now += 300_000;
    await expect(one.verify(lasting)).rejects.toThrow("not valid");
  });

  test("are looked for again after the clock was set back: a removed one stops, and a new one is found", async () => {
    const one = verifier();
    clock.now = now + 86_400_000; // it ran ahead by a day when the server started
    await one.verify(altered({}, { exp: seconds + 100_000 }));
    clock.now = now;
    const fresh = rsaKey("rsa-9");
    provider.keys = [jwkOf(fresh)];
    await expect(one.verify(good)).rejects.toThrow("not valid");
    await one.verify(signed(fresh, { ...header, kid: "rsa-9" }, claims));
    expect(provider.fetches).toBe(2);
  });

  test("come from the configured address only: a redirect is not followed, and too much is not read", async () => {
    const { createServer } = await import("node:http");
    const answers: Record<string, (response: import("node:http").ServerResponse) => void> = {
      "/redirect": (response) => response.writeHead(302, { location: `${trap.url}/jwks.json` }).end(),
      "/endless": (response) => response.end(`{"keys":[],"x":"${"x".repeat(300_000)}"}`),
    };
    const server = createServer((request, response) => answers[request.url ?? ""]?.(response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    for (const path of Object.keys(answers)) {
      const one = verifier(`http://127.0.0.1:${port}${path}`);
      await expect(one.verify(good)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
    expect(trap.fetches).toBe(0);
    server.closeAllConnections();
    server.close();
  });
});
