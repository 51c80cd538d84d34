/** Reads in one statement all that routing decides by. */
import type { Tx } from "../db.ts";
import { recipientsOf } from "./recipients.ts";
import type { IncidentFacts, QuietUser, Settings, Told } from "./route.ts";
import type { Route } from "./route-tree.ts";

const facts = `i.id, i.number, i.status, i.severity, i.title, i.fingerprint, i.tags, i.subjects, r.reference AS rule,
  (extract(epoch FROM coalesce(i.reopened_at, i.opened_at)) * 1000)::bigint AS since`;
const from = "security_incidents i LEFT JOIN alert_rules r ON r.organization_id = $1 AND r.id = i.rule_id";

/** Of more open incidents than this the worst are asked whether they inhibit others. */
const mostSources = 1_000;

/** Rows as one value of JSON, so that one statement reads several tables. */
export const json = (rows: string): string => `(SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM (${rows}) t)`;
const settings = `
  ${json(`SELECT id, name, parent_id AS "parentId", position, matchers, goes_on AS "goesOn", group_by AS "groupBy",
      group_wait_s AS "groupWaitS", group_interval_s AS "groupIntervalS", repeat_interval_s AS "repeatIntervalS",
      mute_times AS "muteTimes", tells_resolved AS "tellsResolved", escalation_policy_id AS "escalationPolicyId",
      ARRAY(SELECT c.channel_id FROM alert_route_channels c JOIN alert_channels a ON a.organization_id = $1 AND a.id = c.channel_id
        WHERE c.organization_id = $1 AND c.route_id = alert_routes.id AND a.removed_at IS NULL ORDER BY 1) AS "channelIds"
    FROM alert_routes WHERE organization_id = $1 AND removed_at IS NULL ORDER BY position, id`)} AS routes,
  ${json(`SELECT id, name, config, suspended_at IS NOT NULL AS suspended FROM alert_channels
    WHERE organization_id = $1 AND removed_at IS NULL ORDER BY name, id`)} AS channels,
  ${json(`SELECT author, reason, matchers FROM silences
    WHERE organization_id = $1 AND starts_at <= $2 AND ends_at > $2 ORDER BY created_at, id`)} AS silences,
  ${json(`SELECT name, source, target, equal FROM alert_inhibitions WHERE organization_id = $1 ORDER BY name`)} AS inhibitions,
  ${json(`SELECT ${facts} FROM ${from}
    WHERE i.organization_id = $1 AND i.open_fingerprint IS NOT NULL
      AND EXISTS (SELECT FROM alert_inhibitions WHERE organization_id = $1)
    ORDER BY i.severity_rank DESC, i.id DESC LIMIT ${mostSources}`)} AS open,
  ${json(`SELECT u.id, u.name, u.email, u.phone, u.quiet_hours AS hours, coalesce(u.time_zone, o.time_zone, 'UTC') AS "timeZone"
    FROM users u JOIN organizations o ON o.id = $1
    WHERE u.organization_id = $1 AND u.suspended_at IS NULL AND (u.quiet_hours <> '[]' OR u.time_zone IS NOT NULL OR u.locale IS NOT NULL)`)} AS quiet`;

interface Row extends Omit<Settings, "channels" | "told"> {
  incidents: IncidentFacts[];
  channels: { id: string; name: string; config: unknown; suspended: boolean }[];
  told: Told[];
}

/** `incidents` in any order; those that are gone are absent. Who was told is read of those in `resolved`. */
export async function readSettings(
  tx: Pick<Tx, "query" | "organizationId">,
  { incidents, resolved, now }: { incidents: readonly string[]; resolved: readonly string[]; now: number },
): Promise<{ incidents: Map<string, IncidentFacts>; settings: Settings }> {
  const { rows } = await tx.query<Row>({
    name: "read_alert_settings",
    text: `SELECT ${json(`SELECT ${facts} FROM ${from} WHERE i.organization_id = $1 AND i.id = ANY ($3)`)} AS incidents, ${settings},
      ${json(`SELECT DISTINCT incident_id AS "incidentId", route_id AS "routeId", channel_id AS "channelId", recipient,
          first_value(group_key) OVER (PARTITION BY incident_id, route_id, channel_id, recipient ORDER BY created_at, id) AS "groupKey",
          bool_or(escalation_id IS NOT NULL) OVER (PARTITION BY incident_id, channel_id, recipient) AS "isCalled"
        FROM security_alerts a WHERE organization_id = $1 AND incident_id = ANY ($4)
          AND status NOT IN ('HELD', 'FAILED') AND kind NOT IN ('RESOLVED', 'TEST', 'RESPONSE')
          AND NOT EXISTS (SELECT FROM users u WHERE u.organization_id = $1 AND u.id = a.user_id AND u.suspended_at IS NOT NULL)`)} AS told`,
    values: [tx.organizationId, new Date(now), incidents, resolved],
  });
  const row = rows[0] as Row;
  const channels = row.channels.map(({ config, ...channel }) => ({ ...channel, recipients: recipientsOf(config) }));
  return {
    incidents: new Map(row.incidents.map((incident) => [incident.id, incident])),
    settings: {
      routes: row.routes as Route[],
      channels,
      silences: row.silences,
      inhibitions: row.inhibitions,
      open: row.open,
      quiet: row.quiet as QuietUser[],
      told: row.told,
    },
  };
}
