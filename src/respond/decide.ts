/** Decisions are made, replaced and revoked here, each a new version of the organization's list. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { ActionType } from "../generated/prisma/client.ts";
import { recordChanges } from "../publish/change.ts";
import type { Target } from "./target.ts";

/** How long a decision may be in force, ms: R3. */
export const ttlBounds = { default: 3_600_000, least: 10_000, most: 7 * 86_400_000 } as const;

export interface NewDecision {
  type: Exclude<ActionType, "NOTIFY_ADMIN" | "CALL_WEBHOOK" | "ASK_USER">;
  target: Target;
  /** ms */
  ttl: number;
  reason: string;
  actor: string;
  now: number;
  /** The action it comes of. */
  actionId?: string | undefined;
}

/** The next version of the list; whoever changes the list waits here for whoever changes it now. */
async function nextVersion(tx: Tx): Promise<string> {
  const { rows } = await tx.query<{ version: string }>({
    name: "next_decision_version",
    text: "UPDATE organizations SET decision_version = decision_version + 1 WHERE id = $1 RETURNING decision_version AS version",
    values: [tx.organizationId],
  });
  if (!rows[0]) throw new Error("the organization is gone");
  return rows[0].version;
}

/**
 * Puts a decision in force; one that is in force about the same target for the same purpose is replaced. What an action
 * makes never ends before what it replaces, or an hour's worth would end what somebody asked for a week; a person's own
 * decision may. A decision about a user is about each name that the user has now.
 */
export async function makeDecision(tx: Tx, wanted: NewDecision): Promise<{ id: string; cursor: string }> {
  const { ids, cursor } = await makeDecisions(tx, [wanted]);
  return { id: ids[0] as string, cursor };
}

/** The same with many of one moment, in one version of the list. Errors: BAD_USER_INPUT. Two about one target are a fault. */
export async function makeDecisions(
  tx: Tx,
  wanted: readonly NewDecision[],
): Promise<{ ids: string[]; cursor: string }> {
  if (!wanted.every(({ ttl }) => ttl >= ttlBounds.least && ttl <= ttlBounds.most)) {
    throw new VigilError("BAD_USER_INPUT", "A decision is in force for PT10S to P7D.", { path: ["input", "ttl"] });
  }
  const { now } = wanted[0] as NewDecision;
  const list = await nextVersion(tx);
  const ids = wanted.map(() => uuidv7({ msecs: now }));
  const { rows } = await tx.query<{ replaced: string[] }>({
    name: "make_decisions",
    text: `WITH wanted AS (
        SELECT * FROM unnest($2::uuid[], $3::action_type[], $4::decision_scope[], $5::text[], $6::text[], $7::text[],
          $8::timestamptz[], $9::uuid[]) AS w(id, type, scope, value, actor, reason, expires_at, action_id)
      ), former AS (
        UPDATE decisions d SET revoked_at = $10, revoked_by = 'replaced', list_version = $11 FROM wanted w
        WHERE d.organization_id = $1 AND d.type = w.type AND d.scope = w.scope AND d.value = w.value
          AND d.revoked_at IS NULL AND d.expires_at > $10 RETURNING d.id, d.action_id, d.expires_at, w.id AS by
      ), superseded AS (
        UPDATE incident_actions a SET status = 'SUPERSEDED', due_at = NULL, ended_at = $10, ended_by = 'vigil',
          ended_reason = 'Another action about the same target took its place.'
        FROM former WHERE a.organization_id = $1 AND a.id = former.action_id AND a.status = 'APPLIED'
      ), made AS (
        INSERT INTO decisions (organization_id, id, type, scope, value, version, actor, reason, created_at, expires_at, action_id,
          list_version, aliases)
        SELECT $1, w.id, w.type, w.scope, w.value, 1 + coalesce((SELECT max(d.version) FROM decisions d
            WHERE d.organization_id = $1 AND d.type = w.type AND d.scope = w.scope AND d.value = w.value), 0),
          w.actor, w.reason, $10,
          CASE WHEN w.action_id IS NULL THEN w.expires_at
            ELSE greatest(w.expires_at, (SELECT max(f.expires_at) FROM former f WHERE f.by = w.id)) END,
          w.action_id, $11,
          CASE WHEN w.scope = 'USER' THEN ARRAY(SELECT other.name FROM entities e, unnest(e.key || e.aliases) AS other(name)
            WHERE e.organization_id = $1 AND e.kind = 'USER' AND e.aliases <> ARRAY[]::text[] AND lower(other.name) <> lower(w.value)
              AND EXISTS (SELECT FROM unnest(e.key || e.aliases) AS own(name) WHERE lower(own.name) = lower(w.value))
            ORDER BY other.name) ELSE ARRAY[]::text[] END
        FROM wanted w
      )
      SELECT ARRAY(SELECT id FROM former) AS replaced`,
    values: [
      tx.organizationId,
      ids,
      wanted.map(({ type }) => type),
      wanted.map(({ target }) => target.scope),
      wanted.map(({ target }) => target.value),
      wanted.map(({ actor }) => actor),
      wanted.map(({ reason }) => reason),
      wanted.map(({ ttl }) => new Date(now + ttl)),
      wanted.map(({ actionId }) => actionId ?? null),
      new Date(now),
      list,
    ],
  });
  const changes = [
    ...(rows[0]?.replaced ?? []).map((entityId) => ({ topic: "decision" as const, kind: "REVOKED", entityId })),
    ...ids.map((entityId) => ({ topic: "decision" as const, kind: "CREATED", entityId })),
  ];
  return { ids, cursor: await recordChanges(tx, changes) };
}

/** Ends decisions before their time; those that are over already stay as they are. Answers those it ended. */
export async function revokeDecisions(
  tx: Tx,
  { ids, actor, now }: { ids: readonly string[]; actor: string; now: number },
): Promise<{ revoked: string[]; cursor: string | undefined }> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM decisions WHERE organization_id = $1 AND id = ANY ($2) AND revoked_at IS NULL AND expires_at > $3`,
    [tx.organizationId, ids, new Date(now)],
  );
  if (rows.length === 0) return { revoked: [], cursor: undefined };
  const list = await nextVersion(tx);
  const { rows: ended } = await tx.query<{ id: string }>(
    `UPDATE decisions SET revoked_at = $3, revoked_by = $4, list_version = $5
     WHERE organization_id = $1 AND id = ANY ($2) AND revoked_at IS NULL RETURNING id`,
    [tx.organizationId, rows.map(({ id }) => id), new Date(now), actor, list],
  );
  const changes = ended.map(({ id }) => ({ topic: "decision" as const, kind: "REVOKED", entityId: id }));
  const cursor = changes.length > 0 ? await recordChanges(tx, changes) : undefined;
  return { revoked: ended.map(({ id }) => id), cursor };
}
