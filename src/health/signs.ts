/** Reads the signs by which an organization notices that Vigil is not well. */
import type { Policy } from "../alert/escalation.ts";
import { readPeople } from "../alert/escalation-people.ts";
import type { Tx } from "../db.ts";
import { limits, type Signs } from "./ailments.ts";

const epoch = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint::float8`;
const soon = 12 * 3_600_000; // 12 hours: long enough to find somebody else

// What is told of Vigil's own health may fail as well: that is no new ailment, or it would tell of itself for ever.
const notOwn = `NOT EXISTS (SELECT FROM security_incidents i WHERE i.organization_id = $1 AND i.id = a.incident_id
  AND i.fingerprint LIKE 'vigil:health:%')`;

export async function readSigns(tx: Tx, now: number): Promise<Signs> {
  const { rows } = await tx.query<Omit<Signs, "unreached"> & { policies: (Policy & { id: string })[] }>({
    name: "health_signs",
    text: `SELECT
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'failingSince', ${epoch("failing_since")},
          'isSuspended', suspended_at IS NOT NULL, 'lastFailure', last_failure) ORDER BY id), '[]')
        FROM alert_channels WHERE organization_id = $1 AND removed_at IS NULL) AS channels,
      (SELECT count(*)::int FROM (SELECT FROM security_alerts a WHERE a.organization_id = $1 AND a.status = 'FAILED'
        AND a.created_at > $2::timestamptz - interval '1 day' AND a.kind NOT IN ('TEST', 'NOTIFICATION') AND ${notOwn} LIMIT 100) f) AS "givenUp",
      (SELECT ${epoch("min(greatest(a.due_at, c.wait_until))")} FROM security_alerts a
        JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id AND c.suspended_at IS NULL
        WHERE a.organization_id = $1 AND a.due_at IS NOT NULL AND a.status_rank <= 1 AND ${notOwn}) AS "dueSince",
      (SELECT jsonb_build_object('refused', coalesce(sum(sum) FILTER (WHERE name = 'vigil.eventsRefusedPerSecond'), 0),
          'longestLagMs', coalesce(max(max) FILTER (WHERE name = 'vigil.ingestLagMs'), 0)) FROM security_metrics
        WHERE organization_id = $1 AND name IN ('vigil.eventsRefusedPerSecond', 'vigil.ingestLagMs') AND resolution = 60 AND at > $5) AS intake,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'expiresAt', ${epoch("expires_at")}) ORDER BY id), '[]')
        FROM api_keys WHERE organization_id = $1 AND revoked_at IS NULL AND expires_at BETWEEN $3 AND $4) AS "apiKeys",
      (SELECT jsonb_build_object('failingSince', ${epoch("heartbeat_failing_since")}, 'fault', heartbeat_fault)
        FROM organizations WHERE id = $1) AS heartbeat,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name, 'steps', steps, 'repeats', repeats) ORDER BY id), '[]')
        FROM escalation_policies WHERE organization_id = $1 AND removed_at IS NULL) AS policies`,
    values: [
      tx.organizationId,
      new Date(now),
      new Date(now - limits.expired),
      new Date(now + limits.expiring),
      new Date(now - limits.intake),
    ],
  });
  const { policies, ...signs } = rows[0] as (typeof rows)[number];
  const unreached: Signs["unreached"] = [];
  for (const at of policies.length > 0 ? [now, now + soon] : []) {
    const reach = await readPeople(tx, policies, at);
    for (const { id, name, steps } of policies) {
      steps.forEach(({ tell }, step) => {
        if (tell.flatMap(reach).length === 0) unreached.push({ policyId: id, policy: name, step, isNow: at === now });
      });
    }
  }
  return { ...signs, unreached };
}
