/** What time alone brings about: what was held is told when its hold ends, and what nobody acknowledges is told again. */
import type { Tx } from "../db.ts";
import { recordChanges } from "../publish/change.ts";
import { hadIt } from "./escalation-state.ts";
import { alertId } from "./ids.ts";
import { mutedBy } from "./mute-times.ts";
import { type AlertDraft, holdsOf, priorityOf, quietBy, userAt } from "./route.ts";
import { readSettings } from "./route-read.ts";
import { effective } from "./route-tree.ts";
import { writeRouted } from "./route-write.ts";

interface Held {
  id: string;
  incident_id: string;
  route_id: string | null;
  channel_id: string;
  recipient: string;
  user_id: string | null;
  /** A step has called them, by an address of their own, and they are not suspended. */
  is_called: boolean;
}

const most = 500; // alerts a transaction
/** SQL: whether the alert `a` calls people since an acknowledgement has run out, and nobody has acknowledged again. */
const hasRunOut = `EXISTS (SELECT FROM escalations e WHERE e.organization_id = $1 AND e.id = a.escalation_id
  AND e.acknowledged_by IS NOT NULL AND (e.state = 'RUNNING' OR e.ended_reason = 'EXHAUSTED'))`;

/**
 * Queues what was held and is no longer, of incidents that nobody has acknowledged yet or any more, and of those that are over that
 * they are; what is for a channel that was removed, or for whom it no longer tells, stays held. Looks at those after `after`,
 * by id; answers the last one looked at, null when there is none left.
 */
export async function releaseHeld(tx: Tx, after: string | null, now: number): Promise<string | null> {
  const { rows } = await tx.query<Held>({
    name: "alerts_held",
    text: `SELECT a.id, a.incident_id, a.route_id, a.channel_id, a.recipient, a.user_id,
        EXISTS (SELECT FROM security_alerts s WHERE s.organization_id = $1 AND s.incident_id = a.incident_id
          AND s.channel_id = a.channel_id AND s.recipient = a.recipient AND s.escalation_id IS NOT NULL)
          AND NOT EXISTS (SELECT FROM users u
            WHERE u.organization_id = $1 AND u.id = a.user_id AND u.suspended_at IS NOT NULL) AS is_called
      FROM security_alerts a
      JOIN alert_channels c ON c.organization_id = a.organization_id AND c.id = a.channel_id AND c.removed_at IS NULL
      JOIN security_incidents i ON i.organization_id = a.organization_id AND i.id = a.incident_id
        AND CASE WHEN a.kind = 'RESOLVED' THEN i.status_rank IN (4, 5) ELSE i.status_rank = 0 OR (i.status_rank = 1 AND ${hasRunOut}) END
      WHERE a.organization_id = $1 AND a.status_rank = 3 AND ($2::uuid IS NULL OR a.id > $2)
        AND NOT a.held_by @> '[{"kind": "${hadIt}"}]'
      ORDER BY a.id LIMIT ${most} FOR UPDATE OF a SKIP LOCKED`,
    values: [tx.organizationId, after],
  });
  if (rows.length === 0) return null;
  const ids = [...new Set(rows.map(({ incident_id }) => incident_id))];
  const { incidents, settings } = await readSettings(tx, { incidents: ids, resolved: [], now });
  const free = rows.filter(({ incident_id, route_id, channel_id, recipient, user_id, is_called }) => {
    const incident = incidents.get(incident_id);
    if (!incident || holdsOf(incident, settings).length > 0) return false;
    const channel = settings.channels.find(({ id }) => id === channel_id);
    if (!channel || !(is_called || channel.recipients.includes(recipient))) return false;
    const route = settings.routes.find(({ id }) => id === route_id);
    if (route && mutedBy(effective(route, settings.routes).muteTimes, now)) return false;
    const user = settings.quiet.find(({ id }) => id === user_id);
    return !(user && quietBy(user, priorityOf(incident.severity), now));
  });
  // heldBy stays: it tells why it came late
  await tx.query("SELECT alerts_requeue($1, $2)", [free.map(({ id }) => id), new Date(now)]);
  if (free.length > 0)
    await recordChanges(
      tx,
      free.map(({ id }) => ({ topic: "alert", kind: "QUEUED", entityId: id })),
    );
  return rows.length < most ? null : (rows.at(-1)?.id ?? null);
}

interface Again {
  last: string;
  /** When that was sent: one that was given up, and tried again by hand, may be the last one a second time. */
  at: Date;
  incident_id: string;
  route_id: string;
  channel_id: string;
  recipient: string;
  group_key: string;
}

/**
 * Tells again what was told a repeat interval ago and nobody has acknowledged; answers how many. From stored rows alone. It
 * goes to whom the route tells now: one who was not told by it yet, when those who were told last are due. The last one is
 * the one that was sent last, so that a repetition is not made again and again where somebody's clock is ahead.
 */
export async function repeatDue(tx: Tx, now: number): Promise<number> {
  const { settings } = await readSettings(tx, { incidents: [], resolved: [], now });
  const repeating = settings.routes.flatMap((route) => {
    const { repeatS, channelIds } = effective(route, settings.routes);
    const wanted = settings.channels
      .filter(({ id }) => channelIds.includes(id))
      .flatMap(({ id, recipients }) => recipients.map((recipient) => ({ channel_id: id, recipient })));
    return repeatS ? [{ id: route.id, repeatS, wanted }] : [];
  });
  if (repeating.length === 0) return 0;
  const { rows } = await tx.query<Again>({
    name: "alerts_to_repeat",
    text: `SELECT a.last, a.at, i.id AS incident_id, a.route_id, a.channel_id, a.recipient, a.group_key
      FROM security_incidents i
      CROSS JOIN LATERAL (
        WITH told AS MATERIALIZED (
          SELECT DISTINCT ON (route_id, channel_id, recipient) id, route_id, channel_id, recipient, group_key,
            status IN ('SENT', 'DELIVERED', 'FAILED')
              OR (status = 'HELD' AND held_by @> '[{"kind": "${hadIt}"}]') AS is_over,
            coalesce(sent_at, created_at) AS at FROM security_alerts
          WHERE organization_id = $1 AND incident_id = i.id AND escalation_id IS NULL AND kind <> 'TEST'
          ORDER BY route_id, channel_id, recipient, at DESC, id DESC)
        SELECT coalesce(own.id, latest.id) AS last, coalesce(own.at, latest.at) AS at, latest.route_id, latest.group_key, w.channel_id, w.recipient
        FROM (SELECT DISTINCT ON (route_id) id, route_id, group_key, at FROM told ORDER BY route_id, at DESC, id DESC) latest
        JOIN unnest($3::uuid[], $4::int[], $5::jsonb[]) AS r(id, seconds, wanted) ON r.id = latest.route_id
        CROSS JOIN LATERAL jsonb_to_recordset(r.wanted) AS w(channel_id uuid, recipient text)
        LEFT JOIN told own ON own.route_id = latest.route_id AND own.channel_id = w.channel_id AND own.recipient = w.recipient
        WHERE coalesce(own.at, latest.at) <= $2::timestamptz - make_interval(secs => r.seconds)
          AND (own.id IS NULL OR own.is_over)) a
      WHERE i.organization_id = $1 AND i.status_rank = 0
      ORDER BY a.last, a.channel_id, a.recipient LIMIT ${most}`,
    values: [
      tx.organizationId,
      new Date(now),
      repeating.map(({ id }) => id),
      repeating.map(({ repeatS }) => repeatS),
      repeating.map(({ wanted }) => JSON.stringify(wanted)),
    ],
  });
  if (rows.length === 0) return 0;
  const ids = [...new Set(rows.map(({ incident_id }) => incident_id))];
  const { incidents, settings: around } = await readSettings(tx, { incidents: ids, resolved: [], now });
  const alerts = rows.flatMap((row): AlertDraft[] => {
    const incident = incidents.get(row.incident_id);
    const route = around.routes.find(({ id }) => id === row.route_id);
    if (!incident || !route) return [];
    const priority = priorityOf(incident.severity);
    const user = userAt(around.quiet, row.recipient);
    const quiet = user && quietBy(user, priority, now);
    const muted = mutedBy(effective(route, around.routes).muteTimes, now);
    const of = { incidentId: incident.id, kind: "REPEATED" as const, routeId: route.id, channelId: row.channel_id };
    return [
      {
        id: alertId({ ...of, cause: `${row.last} ${row.at.getTime()}`, recipient: row.recipient }),
        ...of,
        entryId: null,
        priority,
        recipient: row.recipient,
        userId: user?.id ?? null,
        groupKey: row.group_key,
        waitS: 0,
        intervalS: 0,
        heldBy: [
          ...holdsOf(incident, around),
          ...(muted ? [{ kind: "MUTE_TIME" as const, reason: muted }] : []),
          ...(quiet ? [quiet] : []),
        ],
      },
    ];
  });
  await writeRouted(tx, alerts, [], now);
  return alerts.length;
}
