/** Escalations follow the status of their incident: somebody has it, it is over, or it goes on. */
import type { Tx } from "../db.ts";

/** Those of incidents that moved. An acknowledgement holds them for as long as the policy says. */
export async function settleEscalations(tx: Tx, incidentIds: readonly string[], now: number): Promise<void> {
  await tx.query({
    name: "settle_escalations",
    text: `UPDATE escalations e SET
        state = s.state,
        due_at = CASE s.state WHEN 'RUNNING' THEN $3::timestamptz
          WHEN 'ACKNOWLEDGED' THEN $3::timestamptz + make_interval(secs => (e.policy ->> 'acknowledgeTimeoutS')::int) END,
        acknowledged_by = CASE s.state WHEN 'ACKNOWLEDGED' THEN s.by ELSE e.acknowledged_by END,
        ended_at = CASE s.state WHEN 'ENDED' THEN $3 END,
        ended_reason = CASE s.state WHEN 'ENDED' THEN s.status::text END
      FROM (SELECT i.id, i.status, i.acknowledged_by AS by,
          CASE WHEN i.status_rank = 0 THEN 'RUNNING' WHEN i.status_rank < 4 THEN 'ACKNOWLEDGED' ELSE 'ENDED' END::escalation_state AS state
        FROM security_incidents i WHERE i.organization_id = $1 AND i.id = ANY ($2)) s
      WHERE e.organization_id = $1 AND e.incident_id = s.id AND e.state <> s.state
        AND (e.state <> 'ENDED' OR (e.ended_reason = 'MERGED' AND s.state <> 'ENDED'))
        AND NOT (s.state = 'RUNNING' AND e.state = 'ACKNOWLEDGED')`,
    values: [tx.organizationId, incidentIds, new Date(now)],
  });
}
