/** The list of decisions as enforcers get it: versioned, hashed, signed, and bound to its organization (R10). */
import { createHash, createPublicKey } from "node:crypto";
import type { Tx } from "../db.ts";

export interface ListedDecision {
  id: string;
  type: string;
  scope: string;
  value: string;
  version: number;
  /** Epoch ms. */
  expiresAt: number;
}

export interface DecisionList {
  organization: string;
  version: number;
  /** Epoch ms. */
  issuedAt: number;
  /** All that is in force; otherwise what came since the version that was asked for. */
  full: boolean;
  decisions: ListedDecision[];
  /** Ids that are no longer in force, of a list that is not full. */
  removed: string[];
  /** Of all that is in force, whether it is in `decisions` or not. */
  hash: string;
}

interface Row {
  id: string;
  type: string;
  scope: string;
  value: string;
  version: number;
  expires_at: Date;
  list_version: string;
}

/** SHA-256 hex over one line a decision, sorted by id. Two lists of equal hash are equal. */
export function hashOf(decisions: readonly ListedDecision[]): string {
  const lines = decisions.map(({ id, type, scope, value, version, expiresAt }) =>
    [id, type, scope, value, version, expiresAt].join(" "),
  );
  return createHash("sha256").update(lines.sort().join("\n")).digest("hex");
}

/** What is signed. */
export function signedText({
  organization,
  version,
  hash,
  issuedAt,
}: Omit<DecisionList, "decisions" | "removed" | "full">): string {
  return ["vigil-decisions-v1", organization, version, hash, issuedAt].join("\n");
}

/** The raw 32 bytes of an Ed25519 public key in PEM, base64. */
export function rawPublicKey(pem: string): string {
  const { x } = createPublicKey(pem).export({ format: "jwk" });
  return Buffer.from(x as string, "base64url").toString("base64");
}

const memory = 7 * 86_400_000; // an enforcer that was away for longer gets the whole list

/** Asks for the version of the list now. */
export const versionQuery = (organizationId: string) => ({
  name: "decision_list_version",
  text: "SELECT decision_version AS version FROM organizations WHERE id = $1",
  values: [organizationId],
});

/** The list now; `after` is the version that an enforcer has. */
export async function readList(
  tx: Tx,
  { after, now }: { after?: number | undefined; now: number },
): Promise<DecisionList> {
  const { rows: versions } = await tx.query<{ version: string }>(versionQuery(tx.organizationId));
  const version = Number(versions[0]?.version ?? 0);
  const { rows } = await tx.query<Row>({
    name: "decisions_in_force",
    text: `SELECT id, type, scope, value, version, expires_at, list_version FROM decisions
      WHERE organization_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY id`,
    values: [tx.organizationId, new Date(now)],
  });
  const inForce = rows.map((row) => ({
    id: row.id,
    type: row.type,
    scope: row.scope,
    value: row.value,
    version: row.version,
    expiresAt: row.expires_at.getTime(),
  }));
  const list = { organization: tx.organizationId, version, issuedAt: now, hash: hashOf(inForce) };
  if (after === undefined || after > version || after < 0)
    return { ...list, full: true, decisions: inForce, removed: [] };
  const { rows: gone } = await tx.query<{ id: string; revoked_at: Date }>({
    name: "decisions_revoked_since",
    text: `SELECT id, revoked_at FROM decisions WHERE organization_id = $1 AND list_version > $2 AND revoked_at IS NOT NULL
      AND expires_at > $3 ORDER BY id`,
    values: [tx.organizationId, after, new Date(now - memory)],
  });
  const since = new Set(rows.filter((row) => Number(row.list_version) > after).map(({ id }) => id));
  return {
    ...list,
    full: false,
    decisions: inForce.filter(({ id }) => since.has(id)),
    removed: gone.map(({ id }) => id),
  };
}
