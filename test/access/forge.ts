/** Tokens as an attacker would make them: any header, any claims, any signature. */
import { createHmac } from "node:crypto";

export const organizationId = "019365a0-0000-7000-8000-000000000001";
export const userId = "019365a0-0000-7000-8000-000000000002";
export const secret = "a secret of the server: 32 bytes or more";
export const now = Date.parse("2026-11-24T12:00:00Z");
const seconds = now / 1000;

export const goodHeader = { alg: "HS256", typ: "JWT" };
export const goodClaims = {
  iss: "vigil",
  aud: "vigil",
  sub: userId,
  org: organizationId,
  name: "ada@example.org",
  role: "ADMIN",
  iat: seconds - 60,
  exp: seconds + 3600,
};

export function encode(value: unknown): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** A token of this header and these claims (objects, or JSON text), with an HMAC under `key`. */
export function forge(header: unknown, claims: unknown, key = secret, hash = "sha256"): string {
  const body = `${encode(header)}.${encode(claims)}`;
  return `${body}.${createHmac(hash, key).update(body).digest("base64url")}`;
}

/** The good token with some of its header and claims replaced; undefined takes one away. */
export function altered(header: object, claims: object = {}): string {
  return forge({ ...goodHeader, ...header }, { ...goodClaims, ...claims });
}
