/** Tokens of an identity provider: RS256 and its like, under the keys of its JWKS, for people whom Vigil already knows. */
import { errors, jwtVerify, type ProtectedHeaderParameters } from "jose";
import { VigilError } from "../errors.ts";
import { readEmail } from "./input.ts";
import type { KeySet } from "./key-set.ts";
import { type PeopleRole, peopleRoles } from "./viewer.ts";

// Signatures by a private key only: with none, or HS256 under the public key, anybody could sign.
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const types: readonly unknown[] = ["JWT", "at+jwt"];
const headers: readonly string[] = ["alg", "typ", "kid", "x5t", "x5t#S256"]; // no jku, jwk, x5u, x5c, crit
const tolerance = 30; // seconds that two clocks may differ
const longestToken = 8192; // characters
const keyName = /^(?!.*\.\.)(?!.*\/\/)[\w.~+/=-]{1,256}$/;

export interface IdentityClaims {
  /** Slug or id. */
  organization: string;
  email: string;
  /** A narrower role than the user's own; absent: the user's own. */
  role?: PeopleRole;
  /** Whether the provider asked for more than one factor (RFC 8176). */
  secondFactor: boolean;
  /** Epoch ms. */
  expiresAt: number;
}

export interface IdentityProvider {
  /** Throws a VigilError UNAUTHENTICATED for anything but a good token. */
  verify(jwt: string): Promise<IdentityClaims>;
}

export interface IdentitySettings {
  issuer: string;
  audience: string;
  organizationClaim: string;
  roleClaim: string;
  /** Where people belong whose token names no organization. */
  defaultOrganization?: string | undefined;
}

export function createIdentityProvider(
  options: IdentitySettings & { keys: KeySet; now: () => number },
): IdentityProvider {
  const { issuer, audience, keys, now } = options;

  function checkHeader(header: ProtectedHeaderParameters): void {
    const { alg, typ, kid } = header as { alg?: string; typ?: unknown; kid?: unknown };
    if (!Object.keys(header).every((key) => headers.includes(key))) throw notValid("header");
    if (!alg || !algorithms.includes(alg)) throw notValid("alg");
    if (!types.includes(typ)) throw notValid("typ");
    if (typeof kid !== "string" || !keyName.test(kid)) throw notValid("kid");
  }

  return {
    async verify(jwt) {
      if (jwt.length > longestToken) throw notValid("length");
      const { payload } = await jwtVerify(
        jwt,
        async (header, token) => {
          checkHeader(header as ProtectedHeaderParameters); // before anything is looked up, let alone fetched
          return keys.find(header, token);
        },
        {
          algorithms,
          issuer,
          audience,
          requiredClaims: ["exp", "iat", "sub"],
          clockTolerance: tolerance,
          currentDate: new Date(now()),
        },
      ).catch((error: unknown) => {
        if (error instanceof VigilError) throw error;
        if (error instanceof errors.JWTExpired)
          throw new VigilError("UNAUTHENTICATED", "The token has expired: sign in again");
        throw notValid(error instanceof errors.JOSEError ? error.code : undefined);
      });
      return readClaims(payload, options, now());
    },
  };
}

function readClaims(payload: Record<string, unknown>, settings: IdentitySettings, now: number): IdentityClaims {
  const { exp, iat, email, amr } = payload;
  if (typeof exp !== "number" || !Number.isFinite(exp)) throw notValid("exp");
  if (typeof iat !== "number" || iat * 1000 > now + tolerance * 1000) throw notValid("iat");
  if (typeof email !== "string" || !isTrue(payload.email_verified ?? true)) throw notValid("email");
  const organization = payload[settings.organizationClaim] ?? settings.defaultOrganization;
  if (typeof organization !== "string" || !/^[\w-]{1,40}$/.test(organization))
    throw notValid(settings.organizationClaim);
  const asked = payload[settings.roleClaim];
  const role = peopleRoles.find((known) => known === asked);
  if (asked !== undefined && !role) throw notValid(settings.roleClaim);
  return {
    organization,
    email: addressOf(email),
    ...(role ? { role } : {}),
    secondFactor: Array.isArray(amr) && amr.includes("mfa"),
    expiresAt: exp * 1000,
  };
}

/** Some providers write their booleans as text. */
const isTrue = (claim: unknown): boolean => claim === true || claim === "true";

function addressOf(email: string): string {
  try {
    return readEmail(email);
  } catch {
    throw notValid("email");
  }
}

// Only the name of what is wrong goes along, for the log: neither the token nor its claims.
function notValid(cause?: string): VigilError {
  return new VigilError(
    "UNAUTHENTICATED",
    "The token of your identity provider is not valid on this server",
    cause === undefined ? {} : { cause },
  );
}
