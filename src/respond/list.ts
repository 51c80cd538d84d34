/** The list of decisions as enforcers get it: versioned, hashed, signed, and bound to its organization (R10). */
import { createHash, createPublicKey } from "node:crypto";
import { LRUCache } from "lru-cache";
import { v5 as uuidv5 } from "uuid";
import type { Database } from "../db.ts";

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

interface Row extends Record<string, unknown> {
  /** The version of the list. */
  list: string;
  id: string | null;
  type: string;
  scope: string;
  value: string;
  version: number;
  expires_at: Date;
  list_version: string;
  aliases: string[];
  gone: boolean;
}

/**
 * A decision as enforcers get it: about a user it is listed once for each of their names, for an application knows the user
 * by any of them. The ids of the others are made of the decision's own and sort beside it. What enforcers say of them needs
 * no noting: they apply and lift them with the decision.
 */
function namesOf({
  id,
  value,
  aliases,
}: Pick<Row, "value" | "aliases"> & { id: string }): { id: string; value: string }[] {
  return [
    { id, value },
    ...aliases.map((alias) => ({ id: `${id.slice(0, 24)}${uuidv5(alias, id).slice(24)}`, value: alias })),
  ];
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

/**
 * The list now, in one statement, so that it is that of one moment; `after` is the version that an enforcer has. `until`:
 * when the first of it ends by itself, epoch ms.
 */
export async function readList(
  db: Pick<Database, "query">,
  organizationId: string,
  { after, now }: { after?: number | undefined; now: number },
): Promise<DecisionList & { until: number }> {
  const { rows } = await db.query<Row>(organizationId, {
    name: "decision_list",
    text: `SELECT o.decision_version AS list, d.* FROM organizations o LEFT JOIN (
        SELECT id, type, scope, value, version, expires_at, list_version, aliases, false AS gone FROM decisions
          WHERE organization_id = $1 AND revoked_at IS NULL AND expires_at > $2
        UNION ALL
        SELECT id, type, scope, value, version, expires_at, list_version, aliases, true FROM decisions
          WHERE organization_id = $1 AND list_version > $3 AND revoked_at IS NOT NULL AND expires_at > $4
      ) d ON true WHERE o.id = $1 ORDER BY d.id`,
    values: [organizationId, new Date(now), after ?? null, new Date(now - memory)],
  });
  const version = Number(rows[0]?.list ?? 0);
  const inForce: ListedDecision[] = [];
  const since: ListedDecision[] = [];
  const removed: string[] = [];
  for (const { id, type, scope, value, version: own, expires_at, list_version, aliases, gone } of rows) {
    if (id === null) continue; // there is none
    for (const name of namesOf({ id, value, aliases })) {
      if (gone) {
        removed.push(name.id);
        continue;
      }
      const decision = { id: name.id, type, scope, value: name.value, version: own, expiresAt: expires_at.getTime() };
      inForce.push(decision);
      if (after !== undefined && Number(list_version) > after) since.push(decision);
    }
  }
  const until = inForce.reduce((first, { expiresAt }) => Math.min(first, expiresAt), Number.POSITIVE_INFINITY);
  const list = { organization: organizationId, version, issuedAt: now, hash: hashOf(inForce), until };
  return after === undefined || after > version || after < 0
    ? { ...list, full: true, decisions: inForce, removed: [] }
    : { ...list, full: false, decisions: since, removed };
}

const mostKept = 10_000; // organizations

/**
 * Answers enforcers. One that has the list as it is costs one look at the version: neither the list is read nor hashed anew
 * until something of it changes or ends.
 */
export function createLists(db: Pick<Database, "query">) {
  const kept = new LRUCache<string, { version: number; hash: string; from: number; until: number }>({ max: mostKept });

  async function versionOf(organizationId: string): Promise<number> {
    const { rows } = await db.query<{ version: string }>(organizationId, {
      name: "decision_list_version",
      text: "SELECT decision_version AS version FROM organizations WHERE id = $1",
      values: [organizationId],
    });
    return Number(rows[0]?.version ?? 0);
  }

  return async (
    organizationId: string,
    { after, now }: { after?: number | undefined; now: number },
  ): Promise<DecisionList> => {
    const known = kept.get(organizationId);
    const isKnown = known && after === known.version && now >= known.from && now < known.until;
    if (isKnown && (await versionOf(organizationId)) === known.version) {
      const { version, hash } = known;
      return { organization: organizationId, version, issuedAt: now, full: false, decisions: [], removed: [], hash };
    }
    const { until, ...list } = await readList(db, organizationId, { after, now });
    kept.set(organizationId, { version: list.version, hash: list.hash, from: now, until });
    return list;
  };
}
