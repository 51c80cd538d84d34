/** What the alerts of a message have in common: how pressing, on which channel, to whom. */
import type { Tx } from "../db.ts";
import type { AlertKind, AlertPriority, ChannelKind } from "../generated/prisma/client.ts";

export interface AlertFacts {
  kind: AlertKind;
  priority: AlertPriority;
  /** Those that the alerts are about, each once. */
  incidentIds: string[];
  recipient: string;
  channelKind: ChannelKind;
  coveredByBaa: boolean;
  templateName: string | null;
  locale: string;
  organization: string;
  timeZone: string;
  alerts: number;
  step: number | null;
  at: Date;
  /** How many of the alerts are notifications. */
  notes: number;
}

/** Of each message, by its id, the most pressing of its alerts; a message whose alerts are gone has no facts. One query. */
export async function readFacts(
  tx: Tx,
  messages: readonly { id: string; alertIds: readonly string[] }[],
): Promise<Map<string, AlertFacts>> {
  const { ids, alertIds } = paired(messages);
  const { rows } = await tx.query<AlertFacts & { messageId: string }>({
    name: "alert_facts",
    text: `WITH known AS MATERIALIZED (
        SELECT m.message, a.* FROM unnest($2::uuid[], $3::uuid[]) AS m(message, alert_id)
          JOIN security_alerts a ON a.organization_id = $1 AND a.id = m.alert_id),
      counted AS (SELECT message, count(*)::int AS alerts, count(notification_id)::int AS notes,
          array_agg(DISTINCT incident_id) FILTER (WHERE incident_id IS NOT NULL) AS incident_ids FROM known GROUP BY message),
      first AS (SELECT DISTINCT ON (message) * FROM known
        ORDER BY message, priority DESC, created_at DESC, id DESC)
      SELECT a.message AS "messageId", a.kind, a.priority, coalesce(n.incident_ids, '{}') AS "incidentIds", a.recipient,
        c.kind AS "channelKind", c.covered_by_baa AS "coveredByBaa", t.name AS "templateName",
        coalesce(u.locale, 'en') AS locale, o.name AS organization, coalesce(u.time_zone, o.time_zone) AS "timeZone", a.step,
        a.created_at AS at, n.alerts, n.notes
      FROM first a JOIN counted n ON n.message = a.message
      JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id
      JOIN organizations o ON o.id = $1
      LEFT JOIN users u ON u.organization_id = $1 AND u.id = a.user_id
      LEFT JOIN alert_route_channels r ON r.organization_id = $1 AND r.route_id = a.route_id AND r.channel_id = a.channel_id
      LEFT JOIN alert_templates t ON t.organization_id = $1 AND t.id = r.template_id`,
    values: [tx.organizationId, ids, alertIds],
  });
  return new Map(rows.map(({ messageId, ...facts }) => [messageId, facts]));
}

/** Messages and their alerts as two columns. */
export function paired(messages: readonly { id: string; alertIds: readonly string[] }[]) {
  const pairs = messages.flatMap(({ id, alertIds }) => alertIds.map((alertId) => [id, alertId] as const));
  return { ids: pairs.map(([id]) => id), alertIds: pairs.map(([, alertId]) => alertId) };
}
