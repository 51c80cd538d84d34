/** What of an escalation policy would come to nothing as things are now: allowed, and worth mending. */
import type { Tx } from "../db.ts";
import type { Policy, Target } from "./escalation.ts";
import { type Reached, readPeople } from "./escalation-people.ts";

/** Pure: whom a target reaches is handed in. */
export function policyWarnings(policy: Policy, reach: (target: Target) => readonly Reached[]): string[] {
  const found: string[] = [];
  policy.steps.forEach(({ tell }, index) => {
    const empty = tell.filter((target) => reach(target).length === 0);
    const step = `Step ${index + 1}`;
    if (empty.length === tell.length) found.push(`${step} reaches nobody now: it is skipped.`);
    else if (empty.length > 0) {
      const kinds = [...new Set(empty.map(({ kind }) => kind))].join(", ");
      found.push(`${step}: ${empty.length} of ${tell.length} targets reach nobody now (${kinds}).`);
    }
  });
  const { fallbackChannelId: fallback } = policy;
  if (fallback === null) found.push("Nobody is told when all steps are over: name a fallback channel.");
  else if (reach({ kind: "CHANNEL", id: fallback }).length === 0)
    found.push("The fallback channel is stopped or removed: nobody is told when all steps are over.");
  return found;
}

/** The warnings of each policy, by its id; those that were removed are absent. */
export async function readPolicyWarnings(
  tx: Tx,
  ids: readonly string[] | null,
  now: number,
): Promise<Map<string, { name: string; warnings: string[] }>> {
  const { rows } = await tx.query<Policy & { id: string }>(
    `SELECT id, name, steps, repeats, acknowledge_timeout_s AS "acknowledgeTimeoutS", fallback_channel_id AS "fallbackChannelId"
     FROM escalation_policies WHERE organization_id = $1 AND removed_at IS NULL AND ($2::uuid[] IS NULL OR id = ANY ($2)) ORDER BY name`,
    [tx.organizationId, ids],
  );
  const reach = await readPeople(tx, rows, now);
  return new Map(rows.map((row) => [row.id, { name: row.name, warnings: policyWarnings(row, reach) }]));
}
