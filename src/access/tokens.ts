import { createSecretKey } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { validate as isUuid } from "uuid";
import { VigilError } from "../errors.ts";
import { hashSecret } from "./credential.ts";
import { cliSubject, type PeopleRole, peopleRoles } from "./viewer.ts";

const issuer = "vigil";
const audience = "vigil";
const algorithm = "HS256";
const tolerance = 30; // seconds that two clocks may differ
const longestToken = 4096; // characters
const longestName = 320; // characters: the longest e-mail address
const remembered = 1_000; // good tokens: what a signature says does not change
const ownHeaders: readonly string[] = ["alg", "typ"];

/** Whom a token speaks for. */
export interface TokenSubject {
  organizationId: string;
  /** A user's id, or `cli`. */
  userId: string;
  /** The user's e-mail address. */
  name: string;
  role: PeopleRole;
}

/** What a verified token says. */
export interface TokenClaims extends TokenSubject {
  /** Epoch ms. */
  expiresAt: number;
}

/** Whatever can tell a good token: our own secret, and later an identity provider's keys. */
export interface TokenVerifier {
  /** Throws a VigilError UNAUTHENTICATED for anything but a good token. */
  verify(jwt: string): Promise<TokenClaims>;
}

export interface Tokens extends TokenVerifier {
  sign(subject: TokenSubject, ttlSeconds: number): Promise<string>;
}

/** Tokens (JWT, HS256) under the server's own secret. */
export function createTokens(options: { secret: Uint8Array | string; now?: () => number }): Tokens {
  const now = options.now ?? Date.now;
  // A copy, so that the caller may wipe its own.
  const bytes = Buffer.from(options.secret as string);
  if (bytes.byteLength < 32) throw new Error("The token secret has fewer than 32 bytes");
  const secret = createSecretKey(bytes); // of raw bytes, a key would be made for each token anew
  const good = new LRUCache<string, TokenClaims>({ max: remembered }); // by hash: no token is kept

  return {
    sign({ organizationId, userId, name, role }, ttlSeconds) {
      const issued = Math.floor(now() / 1000);
      return new SignJWT({ org: organizationId, name, role })
        .setProtectedHeader({ alg: algorithm, typ: "JWT" })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt(issued)
        .setExpirationTime(issued + Math.floor(ttlSeconds))
        .sign(secret);
    },
    async verify(jwt) {
      if (jwt.length > longestToken) throw notValid();
      const key = hashSecret(jwt).toString("base64");
      const known = good.get(key);
      if (known && now() < known.expiresAt) return known;
      const { payload, protectedHeader } = await jwtVerify(jwt, secret, {
        algorithms: [algorithm],
        issuer,
        audience,
        typ: "JWT",
        requiredClaims: ["exp", "iat", "sub"],
        clockTolerance: tolerance,
        currentDate: new Date(now()),
      }).catch((cause: unknown) => {
        throw cause instanceof errors.JWTExpired ? expired() : notValid(cause);
      });
      // Ours carry no kid, jku, jwk, x5u, x5c or crit: a token that does was not made here.
      if (protectedHeader.typ !== "JWT" || !Object.keys(protectedHeader).every((key) => ownHeaders.includes(key))) {
        throw notValid();
      }
      const claims = readClaims(payload, now());
      good.set(key, claims);
      return claims;
    },
  };
}

function readClaims(payload: Record<string, unknown>, now: number): TokenClaims {
  const { org, sub, name, exp, iat } = payload;
  const role = peopleRoles.find((known) => known === payload.role);
  if (typeof org !== "string" || !isUuid(org) || !role) throw notValid();
  if (typeof sub !== "string" || (sub !== cliSubject && !isUuid(sub))) throw notValid();
  if (typeof name !== "string" || name === "" || name.length > longestName) throw notValid();
  if (typeof exp !== "number" || !Number.isFinite(exp)) throw notValid(); // 1e999 is JSON too
  if (typeof iat !== "number" || iat * 1000 > now + tolerance * 1000) throw notValid();
  return { organizationId: org.toLowerCase(), userId: sub.toLowerCase(), name, role, expiresAt: exp * 1000 };
}

// Only jose's code goes along, for the log: neither the token nor its claims.
function notValid(cause?: unknown): VigilError {
  const reason = cause instanceof errors.JOSEError ? cause.code : undefined;
  return new VigilError(
    "UNAUTHENTICATED",
    "The token is not valid on this server: sign in again, or make one with `npx vigil token`",
    reason === undefined ? {} : { cause: reason },
  );
}

function expired(): VigilError {
  return new VigilError(
    "UNAUTHENTICATED",
    "The token has expired: sign in again, or make a new one with `npx vigil token`",
  );
}
