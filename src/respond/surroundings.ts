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
    text: `SELECT protected_targets, ARRAY(
        SELECT unnest(ARRAY[u.email, u.name, u.id::text]) FROM users u WHERE u.organization_id = $1 AND u.role = 'ADMIN'
        UNION
        SELECT b.actor FROM break_glass_uses b WHERE b.organization_id = $1 AND b.expires_at > now()
        UNION
        SELECT unnest(e.key || e.aliases) FROM entities e -- what the application calls them
        WHERE e.organization_id = $1 AND e.kind = 'USER' AND e.aliases <> ARRAY[]::text[] AND EXISTS (
          SELECT FROM users u JOIN unnest(e.key || e.aliases) AS a(name) ON lower(a.name) = lower(u.email)
          WHERE u.organization_id = $1 AND u.role = 'ADMIN')
      ) AS administrators,
      coalesce((SELECT jsonb_agg(jsonb_build_object('name', w.name, 'needsApproval', w.needs_approval))
        FROM response_webhooks w WHERE w.organization_id = $1), '[]') AS webhooks
      FROM organizations WHERE id = $1`,
    values: [tx.organizationId],
  });
  return {
    ...given,
    protectedUsers: new Set(rows[0]?.administrators ?? []),
    protectedTargets: rows[0]?.protected_targets ?? [],
    webhooks: new Map((rows[0]?.webhooks ?? []).map(({ name, needsApproval }) => [name, { needsApproval }])),
  };
}
