/** The server's list in small: what it would answer an enforcer, signed, for any version that the enforcer has. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { ListedDecision } from "../../src/sdk/decision.ts";

export interface SentList {
  organization: string;
  version: number;
  issuedAt: number;
  full: boolean;
  decisions: ListedDecision[];
  removed: string[];
  hash: string;
  signature: string;
  publicKey: string;
}

export class ListServer {
  readonly organization: string;
  readonly #key: KeyObject;
  readonly publicKey: string;
  #version = 0;
  #entries: { decision: ListedDecision; changedIn: number; isRevoked: boolean }[] = [];

  constructor(organization = "0193f6a0-0000-7000-8000-000000000001") {
    this.organization = organization;
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    this.#key = privateKey;
    this.publicKey = Buffer.from(publicKey.export({ format: "jwk" }).x as string, "base64url").toString("base64");
  }

  get version(): number {
    return this.#version;
  }

  make(decision: ListedDecision): void {
    this.#version++;
    for (const entry of this.#entries) {
      const { type, scope, value } = entry.decision;
      if (entry.isRevoked || type !== decision.type || scope !== decision.scope || value !== decision.value) continue;
      Object.assign(entry, { isRevoked: true, changedIn: this.#version });
    }
    this.#entries.push({ decision, changedIn: this.#version, isRevoked: false });
  }

  /** Many at once, without looking for replaced ones. */
  load(decisions: readonly ListedDecision[]): void {
    this.#version++;
    for (const decision of decisions) this.#entries.push({ decision, changedIn: this.#version, isRevoked: false });
  }

  revoke(id: string): void {
    this.#version++;
    for (const entry of this.#entries) {
      if (entry.decision.id === id) Object.assign(entry, { isRevoked: true, changedIn: this.#version });
    }
  }

  inForce(now: number): ListedDecision[] {
    return this.#entries
      .filter(({ decision, isRevoked }) => !isRevoked && decision.expiresAt > now)
      .map(({ decision }) => decision);
  }

  answer(after: number | undefined, now: number): SentList {
    const inForce = this.inForce(now);
    const lines = inForce.map(({ id, type, scope, value, version, expiresAt }) =>
      [id, type, scope, value, version, expiresAt].join(" "),
    );
    const hash = createHash("sha256").update(lines.sort().join("\n")).digest("hex");
    const full = after === undefined;
    const changed = this.#entries.filter(({ changedIn }) => full || changedIn > after);
    const text = ["vigil-decisions-v1", this.organization, this.#version, hash, now].join("\n");
    return {
      organization: this.organization,
      version: this.#version,
      issuedAt: now,
      hash,
      full,
      decisions: full ? inForce : changed.map(({ decision }) => decision).filter((one) => inForce.includes(one)),
      removed: full ? [] : changed.filter(({ isRevoked }) => isRevoked).map(({ decision }) => decision.id),
      signature: sign(null, Buffer.from(text), this.#key).toString("base64"),
      publicKey: this.publicKey,
    };
  }
}

/** A decision's id: as the server's, it grows with time. */
export const idOf = (n: number): string =>
  `0193f6a0-${n
    .toString(16)
    .padStart(12, "0")
    .replace(/(.{4})(.{4})(.{4})/, "$1-$2-$3")}-000000000000`;

export const blockOf = (n: number, value: string, expiresAt: number): ListedDecision => ({
  id: idOf(n),
  type: "BLOCK_IP",
  scope: value.includes("/") ? "RANGE" : "IP",
  value,
  version: 1,
  expiresAt,
});
