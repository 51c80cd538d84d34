/** Escalations follow the status of their incident: somebody has it, it is over, or it goes on. */
import type { Tx } from "../db.ts";
import { recordChanges } from "../publish/change.ts";

/** SQL: who said last that they have the incident `id`: not who saw it first, perhaps before it was opened again. */
export const whoHas = (id: string): string => `(SELECT e.actor FROM incident_entries e
  WHERE e.organization_id = $1 AND e.incident_id = ${id} AND e.kind IN ('ACKNOWLEDGED', 'INVESTIGATING', 'CONTAINED')
  ORDER BY e.at DESC, e.id DESC LIMIT 1)`;

/** Those of incidents that moved. An acknowledgement holds them for as long as the policy says. */
export async function settleEscalations(tx: Tx, incidentIds: readonly string[], now: number): Promise<void> {
  await holdCalls(tx, incidentIds);
  await tx.query({
    name: "settle_escalations",
    text: `UPDATE escalations e SET
        state = s.state,
        due_at = CASE s.state WHEN 'RUNNING' THEN $3::timestamptz
          WHEN 'ACKNOWLEDGED' THEN $3::timestamptz + make_interval(secs => (e.policy ->> 'acknowledgeTimeoutS')::int) END,
        acknowledged_by = CASE s.state WHEN 'ACKNOWLEDGED' THEN s.by ELSE e.acknowledged_by END,
        ended_at = CASE s.state WHEN 'ENDED' THEN $3 END,
        ended_reason = CASE s.state WHEN 'ENDED' THEN s.status::text END
      FROM (SELECT i.id, i.status, coalesce(${whoHas("i.id")}, i.acknowledged_by) AS by,
          CASE WHEN i.status_rank = 0 THEN 'RUNNING' WHEN i.status_rank < 4 THEN 'ACKNOWLEDGED' ELSE 'ENDED' END::escalation_state AS state
        FROM security_incidents i WHERE i.organization_id = $1 AND i.id = ANY ($2)) s
      WHERE e.organization_id = $1 AND e.incident_id = s.id AND e.state <> s.state
        AND (e.state <> 'ENDED' OR (e.ended_reason = 'MERGED' AND s.state <> 'ENDED'))
        AND NOT (s.state = 'RUNNING' AND e.state = 'ACKNOWLEDGED')`,
    values: [tx.organizationId, incidentIds, new Date(now)],
  });
}

/** Held by this, a call is told no more: neither when a hold ends, nor when the incident is open again. */
export const hadIt = "ACKNOWLEDGED";
const held = [{ kind: hadIt, reason: "Somebody had the incident, or it was over, before this was sent." }];

/** Nobody is woken by what says that nobody has the incident, once somebody does. What a sender has in hand goes out. */
async function holdCalls(tx: Tx, incidentIds: readonly string[]): Promise<void> {
  const { rows } = await tx.query<{ id: string }>({
    name: "hold_calls",
    text: `UPDATE security_alerts a SET status = 'HELD', held_by = a.held_by || $3::jsonb
      WHERE a.organization_id = $1 AND a.id IN (SELECT c.id FROM security_alerts c
        JOIN security_incidents i ON i.organization_id = $1 AND i.id = c.incident_id AND i.status_rank > 0
        WHERE c.organization_id = $1 AND c.incident_id = ANY ($2) AND c.kind IN ('ESCALATED', 'REPEATED')
          AND c.status_rank IN (0, 2) ORDER BY c.id FOR UPDATE OF c SKIP LOCKED)
      RETURNING a.id`,
    values: [tx.organizationId, incidentIds, JSON.stringify(held)],
  });
  if (rows.length > 0)
    await recordChanges(
      tx,
      rows.map(({ id }) => ({ topic: "alert", kind: "HELD", entityId: id })),
    );
}
