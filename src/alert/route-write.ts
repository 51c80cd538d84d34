/** Stores what was decided, all in one statement. What is there already stays as it is. */
import type { Tx } from "../db.ts";
import { topicsOf } from "../publish/change.ts";
import { groupId } from "./ids.ts";
import type { AlertDraft, EscalationStart } from "./route.ts";

/** Of an alert that a step of an escalation asked for. */
export interface StepOf {
  escalationId: string;
  step: number;
  round: number;
}

export async function writeRouted(
  tx: Tx,
  alerts: readonly (AlertDraft & Partial<StepOf>)[],
  escalations: readonly EscalationStart[],
  now: number,
): Promise<void> {
  if (alerts.length === 0 && escalations.length === 0) return;
  const of = <K extends keyof (AlertDraft & StepOf)>(key: K): unknown[] => alerts.map((alert) => alert[key] ?? null);
  await tx.query({
    name: "write_routed",
    text: `WITH started AS (
        INSERT INTO escalations (organization_id, id, incident_id, route_id, policy_id, policy, state, due_at, started_at)
        SELECT $1, coalesce((SELECT e.again_id FROM escalations was
            WHERE was.organization_id = $1 AND was.id = e.id AND was.ended_reason = 'EXHAUSTED'
              AND NOT EXISTS (SELECT FROM escalations o WHERE o.organization_id = $1 AND o.incident_id = e.incident_id
                AND o.policy_id = e.policy_id AND o.state <> 'ENDED')), e.id), e.incident_id, e.route_id, p.id,
          jsonb_build_object('name', p.name, 'steps', p.steps, 'repeats', p.repeats, 'acknowledgeTimeoutS', p.acknowledge_timeout_s,
            'fallbackChannelId', p.fallback_channel_id, 'revision', p.revision),
          'RUNNING', $2::timestamptz + make_interval(secs => (p.steps -> 0 ->> 'delayS')::int), $2
        FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $24::uuid[]) AS e(id, incident_id, route_id, policy_id, again_id)
        JOIN escalation_policies p ON p.organization_id = $1 AND p.id = e.policy_id AND p.removed_at IS NULL
        ORDER BY e.id ON CONFLICT DO NOTHING),
      written AS (
      INSERT INTO security_alerts (organization_id, id, incident_id, entry_id, kind, priority, route_id, channel_id, recipient, user_id,
        group_key, status, held_by, due_at, escalation_id, step, round, created_at)
      SELECT $1, a.id, a.incident_id, a.entry_id, a.kind, a.priority, a.route_id, a.channel_id, a.recipient, a.user_id, a.group_key,
        CASE WHEN a.held_by = '[]' THEN 'QUEUED' ELSE 'HELD' END::alert_status, a.held_by,
        -- sent by a server whose clock was ahead: it was no later than now
        greatest($2::timestamptz + make_interval(secs => a.wait_s), least(g.last_sent_at, $2) + make_interval(secs => a.interval_s)),
        a.escalation_id, a.step, a.round, $2
      FROM unnest($7::uuid[], $8::uuid[], $9::uuid[], $10::alert_kind[], $11::alert_priority[], $12::uuid[], $13::uuid[], $14::text[],
          $15::uuid[], $16::text[], $17::jsonb[], $18::int[], $19::int[], $20::uuid[], $21::uuid[], $22::int[], $23::int[])
        AS a(id, incident_id, entry_id, kind, priority, route_id, channel_id, recipient, user_id, group_key, held_by, wait_s,
          interval_s, group_id, escalation_id, step, round)
      LEFT JOIN alert_groups g ON g.organization_id = $1 AND g.id = a.group_id AND a.interval_s > 0
      ORDER BY a.id ON CONFLICT DO NOTHING RETURNING id, status)
      INSERT INTO changes (organization_id, topic, kind, entity_id) SELECT $1, 'alert', status::text, id FROM written ORDER BY id`,
    values: [
      tx.organizationId,
      new Date(now),
      escalations.map(({ id }) => id),
      escalations.map(({ incidentId }) => incidentId),
      escalations.map(({ routeId }) => routeId),
      escalations.map(({ policyId }) => policyId),
      of("id"),
      of("incidentId"),
      of("entryId"),
      of("kind"),
      of("priority"),
      of("routeId"),
      of("channelId"),
      of("recipient"),
      of("userId"),
      of("groupKey"),
      alerts.map(({ heldBy }) => JSON.stringify(heldBy)),
      of("waitS"),
      of("intervalS"),
      alerts.map(groupId),
      of("escalationId"),
      of("step"),
      of("round"),
      escalations.map(({ againId }) => againId),
    ],
  });
  topicsOf(tx).add("alert");
}
