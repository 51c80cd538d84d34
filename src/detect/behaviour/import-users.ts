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
  const { rows } = await tx.query<{ key: string; made: boolean }>(
    `WITH given AS (
       SELECT * FROM jsonb_to_recordset($2::jsonb) AS g(keys text[], roles text[], department text, criticality real)
     ), known AS (
       UPDATE entities e SET roles = coalesce(g.roles, e.roles), department = coalesce(g.department, e.department),
         criticality = coalesce(g.criticality, e.criticality)
       FROM given g WHERE e.organization_id = $1 AND e.kind = 'USER' AND e.key = ANY (g.keys) RETURNING e.key
     ), fresh AS (
       INSERT INTO entities (organization_id, kind, key, first_seen_at, last_seen_at, roles, department, criticality)
       SELECT $1, 'USER', keys[1], to_timestamp(0), to_timestamp(0), coalesce(roles, '{}'), department, coalesce(criticality, 1)
       FROM given WHERE NOT EXISTS (
         SELECT FROM entities e WHERE e.organization_id = $1 AND e.kind = 'USER' AND e.key = ANY (given.keys))
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
