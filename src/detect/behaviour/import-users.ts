/** What an organization tells of its people: their peer groups, and how much depends on each. */
import type { Tx } from "../../db.ts";
import { refreshRisk } from "../risk/refresh.ts";
import type { Crossing } from "../risk/settle.ts";
import { holdProfiles } from "../turn.ts";
import type { UserFacts } from "./users-rows.ts";

/** Makes or changes the users; what a row leaves out stays. One who is known by name and by address is changed in both. */
export async function importUsers(
  tx: Tx,
  users: readonly UserFacts[],
  now: number,
): Promise<{ made: number; changed: number; crossings: Crossing[] }> {
  if (users.length === 0) return { made: 0, changed: 0, crossings: [] };
  await holdProfiles(tx);
  await giveUpAliases(tx, users);
  const { rows } = await tx.query<{ key: string; made: boolean }>(
    `WITH given AS (
       SELECT * FROM jsonb_to_recordset($2::jsonb) AS g(keys text[], aliases text[], roles text[], department text, criticality real)
     ), known AS (
       UPDATE entities e SET roles = coalesce(g.roles, e.roles), department = coalesce(g.department, e.department),
         criticality = coalesce(g.criticality, e.criticality),
         aliases = CASE WHEN e.key = g.keys[1] THEN coalesce(g.aliases, e.aliases) ELSE e.aliases END
       FROM given g WHERE e.organization_id = $1 AND e.kind = 'USER' AND e.key = ANY (g.keys) RETURNING e.key
     ), fresh AS (
       INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at, roles, department, criticality, aliases)
       SELECT $1, 'USER', keys[1], to_timestamp(0), to_timestamp(0), coalesce(roles, '{}'), department, coalesce(criticality, 1),
         coalesce(aliases, '{}')
       FROM given WHERE NOT EXISTS (
         SELECT FROM entities e WHERE e.organization_id = $1 AND e.kind = 'USER'
           AND e.key = ANY (CASE WHEN given.aliases IS NULL THEN given.keys ELSE given.keys[1:1] END))
       RETURNING key
     )
     SELECT key, false AS made FROM known UNION ALL SELECT key, true FROM fresh`,
    [tx.organizationId, JSON.stringify(users)],
  );
  const changed = rows.filter(({ made }) => !made).map(({ key }) => ({ kind: "USER" as const, key }));
  const crossings = users.some(({ criticality }) => criticality !== undefined)
    ? await refreshRisk(tx, changed, now)
    : [];
  return { made: rows.length - changed.length, changed: changed.length, crossings };
}

/** What is given to a user now is no other's any more. */
async function giveUpAliases(tx: Tx, users: readonly UserFacts[]): Promise<void> {
  const given = users.flatMap(({ aliases = [] }) => aliases);
  if (given.length === 0) return;
  await tx.query(
    `UPDATE entities SET aliases = ARRAY(SELECT alias FROM unnest(aliases) AS alias WHERE alias <> ALL ($2))
     WHERE organization_id = $1 AND kind = 'USER' AND aliases <> ARRAY[]::text[] AND aliases && $2`,
    [tx.organizationId, given],
  );
}
