/**
 * The text of API keys, sessions, sign-in secrets and questions to users: `vigil_<kind>_<organization 22><id 22><random 33><checksum 6>`, base 62.
 * The prefix lets secret scanners find leaked ones, the checksum lets them (and us) tell a typo without a query, and
 * the organization tells under whose Row Level Security to look the id up.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { fromBase62, longUuid, shortUuid, toBase62 } from "./base62.ts";

export const credentialPrefix = "vigil_";

export type CredentialKind = "ingest" | "enforcer" | "signin" | "session" | "check";

/** What a credential says of itself, before anything is looked up. */
export interface Credential {
  kind: CredentialKind;
  organizationId: string;
  id: string;
}

const randomSize = 24; // bytes: 192 bits
const shape =
  /^vigil_(ingest|enforcer|signin|session|check)_([0-9A-Za-z]{22})([0-9A-Za-z]{22})([0-9A-Za-z]{33})([0-9A-Za-z]{6})$/;

/** The text of a new credential. `random` is for tests. */
export function formatCredential(credential: Credential, random: Uint8Array = randomBytes(randomSize)): string {
  if (random.length !== randomSize) throw new Error(`A credential takes ${randomSize} random bytes`);
  const organization = shortUuid(credential.organizationId);
  const id = shortUuid(credential.id);
  const body = `${credentialPrefix}${credential.kind}_${organization}${id}${toBase62(random, 33)}`;
  return body + checksum(body);
}

/** Reads a credential; undefined when it is malformed or its checksum is wrong. */
export function parseCredential(text: string): Credential | undefined {
  const found = shape.exec(text);
  if (!found) return undefined;
  const [, kind, organizationText, idText, randomText, sum] = found as unknown as [string, CredentialKind, ...string[]];
  if (checksum(text.slice(0, -6)) !== sum) return undefined;
  const organizationId = longUuid(organizationText);
  const id = longUuid(idText);
  if (!organizationId || !id || !fromBase62(randomText ?? "", randomSize)) return undefined;
  return { kind, organizationId, id };
}

/** What is stored of a credential: SHA-256 of its whole text. 192 random bits need no slow hash. */
export function hashSecret(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}

/** Compares two hashes in a time that does not depend on where they differ. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Whether what somebody shows is the secret, in a time that does not depend on where they differ. */
export const isSecret = (shown: string | undefined, secret: string): boolean =>
  shown !== undefined && sameHash(hashSecret(shown), hashSecret(secret));

function checksum(body: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return toBase62(sum, 6);
}
