/** Whether a list may be believed: signed by the pinned key, of our organization, not older than ours, fresh. Pure. */
import { createPublicKey, verify } from "node:crypto";

/** What a list says beside its decisions. */
export interface ListHead {
  organization: string;
  version: number;
  /** Epoch ms, by the server's clock. */
  issuedAt: number;
  full: boolean;
  removed: string[];
  hash: string;
  signature: string;
  publicKey: string;
}

export interface Pins {
  /** Base64 of the raw 32 bytes; absent: none was configured, and none seen yet. */
  publicKey?: string | undefined;
  organization?: string | undefined;
  /** The version of the list that the host has; absent: it has none. */
  version?: number | undefined;
}

export type Refusal =
  | "MALFORMED"
  | "OTHER_KEY"
  | "NOT_SIGNED"
  | "OTHER_ORGANIZATION"
  | "OLDER_VERSION"
  | "TOO_OLD"
  | "WRONG_HASH"
  | "NOTHING_TO_ADD_TO";

/** A list that was issued longer ago is refused: it may be a recording. */
export const greatestAge = 300_000; // 5 minutes

/** Why the list is refused; undefined: it is believed as far as its head goes. `now`: epoch ms by the host's clock. */
export function judgeHead(head: ListHead, pins: Pins, now: number): Refusal | undefined {
  if (pins.publicKey !== undefined && head.publicKey !== pins.publicKey) return "OTHER_KEY";
  if (!isSigned(head)) return "NOT_SIGNED";
  if (pins.organization !== undefined && head.organization !== pins.organization) return "OTHER_ORGANIZATION";
  if (pins.version !== undefined && head.version < pins.version) return "OLDER_VERSION";
  if (now - head.issuedAt > greatestAge) return "TOO_OLD";
  if (!head.full && pins.version === undefined) return "NOTHING_TO_ADD_TO";
  return undefined;
}

export function signedText({ organization, version, hash, issuedAt }: ListHead): string {
  return ["vigil-decisions-v1", organization, version, hash, issuedAt].join("\n");
}

function isSigned(head: ListHead): boolean {
  const raw = Buffer.from(head.publicKey, "base64");
  if (raw.length !== 32) return false;
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") }, format: "jwk" });
  return verify(null, Buffer.from(signedText(head)), key, Buffer.from(head.signature, "base64"));
}

/** The head that a parsed JSON value is, or undefined. */
export function readHead(value: unknown, isId: (id: unknown) => id is string): ListHead | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const head = value as Record<string, unknown>;
  const { organization, version, issuedAt, full, removed, hash, signature, publicKey } = head;
  const texts = [organization, hash, signature, publicKey].every((text) => typeof text === "string" && text !== "");
  const numbers = [version, issuedAt].every((number) => Number.isSafeInteger(number) && (number as number) >= 0);
  if (!texts || !numbers || typeof full !== "boolean" || !Array.isArray(removed) || !removed.every(isId))
    return undefined;
  return head as unknown as ListHead;
}
