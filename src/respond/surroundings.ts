/** What the safety check has to know of an organization, read in one statement. */
import type { Tx } from "../db.ts";
import type { Surroundings } from "./safety.ts";

interface Row {
  protected_targets: string[];
  administrators: string[];
  webhooks: { name: string; needsApproval: boolean }[];
}

/** `ownAddresses` are the installation's, as configured. */
export async function readSurroundings(
  tx: Tx,
  given: Pick<Surroundings, "actor" | "automatic" | "callerAddress" | "ownAddresses">,
): Promise<Surroundings> {
  const { rows } = await tx.query<Row>({
    name: "response_surroundings",
    text: `WITH told AS (
        SELECT 'ADMINISTRATOR' AS why, unnest(ARRAY[u.email, u.name, u.id::text]) AS name FROM users u
          WHERE u.organization_id = $1 AND u.role = 'ADMIN'
        UNION ALL
        SELECT 'ADMINISTRATOR', b.actor FROM break_glass_uses b
          WHERE b.organization_id = $1 AND b.expires_at > now() AND b.outcome IS DISTINCT FROM 'UNJUSTIFIED'
        UNION ALL
        SELECT 'PROTECTED', unnest(o.protected_targets) FROM organizations o WHERE o.id = $1
        UNION ALL
        SELECT 'PROTECTED', $2 -- who asks
      ), people AS ( -- under all the names that the application has for each: who is met by one is met by all
        SELECT e.key || e.aliases AS names FROM entities e
        WHERE e.organization_id = $1 AND e.kind = 'USER' AND e.aliases <> ARRAY[]::text[]
      ), alike AS (
        SELECT DISTINCT t.why, other.name FROM people p, unnest(p.names) AS own(name), told t, unnest(p.names) AS other(name)
        WHERE lower(own.name) = lower(t.name)
      )
      SELECT protected_targets || ARRAY(SELECT name FROM alike WHERE why = 'PROTECTED') AS protected_targets,
        ARRAY(SELECT name FROM told WHERE why = 'ADMINISTRATOR' UNION SELECT name FROM alike WHERE why = 'ADMINISTRATOR') AS administrators,
        coalesce((SELECT jsonb_agg(jsonb_build_object('name', w.name, 'needsApproval', w.needs_approval))
          FROM response_webhooks w WHERE w.organization_id = $1), '[]') AS webhooks
      FROM organizations WHERE id = $1`,
    values: [tx.organizationId, given.actor],
  });
  return {
    ...given,
    protectedUsers: new Set(rows[0]?.administrators ?? []),
    protectedTargets: rows[0]?.protected_targets ?? [],
    webhooks: new Map((rows[0]?.webhooks ?? []).map(({ name, needsApproval }) => [name, { needsApproval }])),
  };
}
