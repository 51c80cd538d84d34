/** NOTIFY_ADMIN: a notification to every administrator of the organization. */
import { v5 as uuidv5 } from "uuid";
import type { Tx } from "../../db.ts";
import type { Action } from "./action.ts";

export interface Notice {
  /** Equal ids tell nobody twice. */
  id: string;
  incidentId: string | null;
  kind: string;
  title: string;
  body: string;
  now: number;
}

/** Tells every administrator who can sign in. */
export async function notifyAdministrators(tx: Tx, notice: Notice): Promise<void> {
  const { id, incidentId, kind, title, body, now } = notice;
  const { rows: people } = await administratorsOf(tx);
  await tx.query({
    name: "notify_administrators",
    text: `INSERT INTO security_notifications (organization_id, id, user_id, kind, priority, title, body, incident_id, created_at)
      SELECT $1, n.id, n.user_id, $4, 'CRITICAL', $5, $6, $7, $8 FROM unnest($2::uuid[], $3::uuid[]) AS n(id, user_id)
      ON CONFLICT DO NOTHING`,
    values: [
      tx.organizationId,
      people.map((person) => uuidv5(person.id, id)),
      people.map((person) => person.id),
      kind,
      title.slice(0, 300),
      body,
      incidentId,
      new Date(now),
    ],
  });
}

function administratorsOf(tx: Tx) {
  return tx.query<{ id: string }>(
    "SELECT id FROM users WHERE organization_id = $1 AND role = 'ADMIN' AND suspended_at IS NULL ORDER BY id",
    [tx.organizationId],
  );
}

export const notifyAdmin: Action = {
  plan: () => ({ target: null }),
  isDestructive: () => false,
  async apply(tx, doings) {
    const { rows } = await tx.query<{ id: string; title: string; number: number }>({
      name: "incidents_to_tell_of",
      text: "SELECT id, title, number FROM security_incidents WHERE organization_id = $1 AND id = ANY ($2)",
      values: [tx.organizationId, doings.map(({ incidentId }) => incidentId)],
    });
    const incidents = new Map(rows.map((incident) => [incident.id, incident]));
    for (const { id, incidentId, reason, now } of doings) {
      const incident = incidents.get(incidentId);
      if (!incident) throw new Error("the incident is gone");
      const title = `#${incident.number} ${incident.title}`;
      await notifyAdministrators(tx, { id, incidentId, kind: "incident.response", title, body: reason, now });
    }
  },
  async revert(tx, { id, now }) {
    const { rows } = await administratorsOf(tx);
    await tx.query(
      `UPDATE security_notifications SET expires_at = $3
       WHERE organization_id = $1 AND id = ANY ($2) AND (expires_at IS NULL OR expires_at > $3)`,
      [tx.organizationId, rows.map((person) => uuidv5(person.id, id)), new Date(now)],
    );
  },
};
