/**
 * Tells signed-in users, in the transaction of what they are told of. Whoever runs it twice tells nobody twice. The texts
 * are Vigil's own words: what people wrote, and what names a patient, stands behind the incident and its permissions.
 */
import { v5 as uuidv5 } from "uuid";
import type { Tx } from "../db.ts";
import type { NotificationPriority } from "../generated/prisma/client.ts";
import { notificationTopic, recordChanges, topicsOf } from "./change.ts";
import type { NotificationKind } from "./notification-kinds.ts";

export interface Audience {
  /** By id. */
  users?: readonly string[];
  /** Everybody of these roles. */
  roles?: readonly string[];
  /** But not this user. */
  except?: string | null;
}

export interface Notice {
  /** What it is about: one cause tells each user once. */
  cause: string;
  kind: NotificationKind;
  to: Audience;
  priority: NotificationPriority;
  /** One line that names nobody, for it leaves by e-mail as well; `#?` stands for the incident's number. */
  title: string;
  body: string;
  incidentId: string | null;
  /** Epoch ms; absent: it is shown until it is removed. */
  expiresAt?: number;
}

interface Reached {
  id: string;
  email: string;
  role: string;
  /** By kind; absent: as Vigil sees fit. */
  wishes: Partial<Record<NotificationKind, { inApp: boolean; email: boolean }>>;
  /** The channel by which e-mail leaves; null: there is none. */
  channel: string | null;
}

const namespace = "0d5cb2de-0d56-4a39-93c9-7d6b0c1d1e6f";
const idOf = (cause: string, userId: string): string => uuidv5(JSON.stringify([cause, userId]), namespace);
const mailId = (id: string): string => uuidv5("e-mail", id);

/** Suspended users are told nothing. CRITICAL is always shown, whatever its user wishes. */
export async function notify(tx: Tx, notices: readonly Notice[], now: number): Promise<void> {
  if (notices.length === 0) return;
  const people = await reach(tx, notices);
  const found = notices.flatMap((notice) =>
    people
      .filter((one) => isFor(one, notice.to))
      .flatMap((one) => {
        const wish = one.wishes[notice.kind];
        const inApp = notice.priority === "CRITICAL" || (wish?.inApp ?? true);
        const mail = wish?.email === true && one.channel !== null;
        return inApp || mail ? [{ ...notice, id: idOf(notice.cause, one.id), person: one, inApp, mail }] : [];
      }),
  );
  const rows = [...new Map(found.map((row) => [row.id, row])).values()];
  if (rows.length === 0) return;
  const { rows: made } = await tx.query<{ userId: string; mailed: boolean }>({
    name: "notify",
    text: insert,
    values: [
      tx.organizationId,
      new Date(now),
      rows.map(({ id }) => id),
      rows.map(({ person }) => person.id),
      rows.map(({ kind }) => kind),
      rows.map(({ priority }) => priority),
      rows.map(({ title }) => title.slice(0, 300)),
      rows.map(({ body }) => body),
      rows.map(({ incidentId }) => incidentId),
      rows.map(({ expiresAt }) => (expiresAt === undefined ? null : new Date(expiresAt))),
      rows.map(({ inApp }) => inApp),
      rows.map(({ id, mail }) => (mail ? mailId(id) : null)),
      rows.map(({ person }) => person.channel),
      rows.map(({ person }) => person.email),
    ],
  });
  for (const { userId, mailed } of made) {
    topicsOf(tx).add(notificationTopic(userId));
    if (mailed) topicsOf(tx).add("alert");
  }
}

/** What was told of a cause is over: it is shown no longer. */
export async function withdraw(tx: Tx, of: Pick<Notice, "cause" | "kind" | "to">, now: number): Promise<void> {
  const people = await reach(tx, [of]);
  const { rows } = await tx.query<{ id: string; userId: string; inApp: boolean }>(
    `UPDATE security_notifications SET expires_at = $3
     WHERE organization_id = $1 AND id = ANY ($2) AND (expires_at IS NULL OR expires_at > $3)
     RETURNING id, user_id AS "userId", in_app AS "inApp"`,
    [tx.organizationId, people.map(({ id }) => idOf(of.cause, id)), new Date(now)],
  );
  const shown = rows.filter(({ inApp }) => inApp);
  if (shown.length === 0) return;
  await recordChanges(
    tx,
    shown.map(({ id, userId }) => ({ topic: notificationTopic(userId), kind: "WITHDRAWN", entityId: id })),
  );
}

function isFor({ id, role }: Reached, { users = [], roles = [], except = null }: Audience): boolean {
  return id !== except && (users.includes(id) || roles.includes(role));
}

/** Whom any of the notices is for, how they want to be told, and by what e-mail leaves. */
async function reach(tx: Tx, notices: readonly Pick<Notice, "kind" | "to">[]): Promise<Reached[]> {
  const { rows } = await tx.query<Reached>({
    name: "notify_whom",
    text: `SELECT u.id, u.email, u.role::text AS role,
        coalesce((SELECT jsonb_object_agg(p.kind, jsonb_build_object('inApp', p.in_app, 'email', p.email))
          FROM notification_preferences p WHERE p.organization_id = $1 AND p.user_id = u.id AND p.kind = ANY ($4)), '{}') AS wishes,
        (SELECT c.id FROM alert_channels c WHERE c.organization_id = $1 AND c.kind = 'EMAIL' AND c.suspended_at IS NULL
          AND c.removed_at IS NULL ORDER BY c.created_at, c.id LIMIT 1) AS channel
      FROM users u WHERE u.organization_id = $1 AND u.suspended_at IS NULL
        AND (u.id = ANY ($2::uuid[]) OR u.role = ANY ($3::text[]::role[])) ORDER BY u.id`,
    values: [
      tx.organizationId,
      [...new Set(notices.flatMap(({ to }) => to.users ?? []))],
      [...new Set(notices.flatMap(({ to }) => to.roles ?? []))],
      [...new Set(notices.map(({ kind }) => kind))],
    ],
  });
  return rows;
}

const insert = `WITH wanted AS (
    SELECT * FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::notification_priority[], $7::text[], $8::text[], $9::uuid[],
        $10::timestamptz[], $11::boolean[], $12::uuid[], $13::uuid[], $14::text[])
      AS w(id, user_id, kind, priority, title, body, incident_id, expires_at, in_app, mail_id, channel_id, email)),
  made AS (
    INSERT INTO security_notifications (organization_id, id, user_id, kind, priority, title, body, incident_id, expires_at, in_app, created_at)
    SELECT $1, w.id, w.user_id, w.kind, w.priority, replace(w.title, '#?', '#' || coalesce(i.number::text, '?')), w.body, w.incident_id,
      w.expires_at, w.in_app, $2
    FROM wanted w LEFT JOIN security_incidents i ON i.organization_id = $1 AND i.id = w.incident_id ORDER BY w.id
    ON CONFLICT DO NOTHING RETURNING id, user_id, in_app),
  mailed AS (
    INSERT INTO security_alerts (organization_id, id, kind, priority, channel_id, recipient, user_id, notification_id, status, due_at, created_at)
    SELECT $1, w.mail_id, 'NOTIFICATION', CASE w.priority WHEN 'NORMAL' THEN 'LOW' ELSE w.priority::text END::alert_priority,
      w.channel_id, w.email, w.user_id, w.id, 'QUEUED', $2, $2
    FROM made JOIN wanted w USING (id) WHERE w.mail_id IS NOT NULL ORDER BY w.mail_id
    ON CONFLICT DO NOTHING RETURNING id, notification_id),
  told AS (
    INSERT INTO changes (organization_id, topic, kind, entity_id)
    SELECT $1, 'notification:' || user_id, 'CREATED', id FROM made WHERE in_app
    UNION ALL SELECT $1, 'alert', 'QUEUED', id FROM mailed)
  SELECT made.user_id AS "userId", mailed.id IS NOT NULL AS mailed FROM made LEFT JOIN mailed ON mailed.notification_id = made.id`;
