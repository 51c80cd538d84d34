/** ASK_USER: the user is asked by e-mail whether it was them. The question is sent after the commit, by `user-checks.ts`. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../../db.ts";
import type { Action } from "./action.ts";
import { planPerson } from "./by-decision.ts";

export const askUser: Action = {
  plan(text) {
    const read = planPerson(text, "USER");
    return "fault" in read ? read : { target: null };
  },
  isDestructive: () => false,
  async apply(tx, doings) {
    await tx.query({
      name: "queue_questions",
      text: `INSERT INTO user_checks (organization_id, id, action_id, incident_id, subject, created_at, expires_at, due_at)
        SELECT $1, q.id, q.action_id, q.incident_id, q.subject, $6, q.expires_at, $6
        FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $7::timestamptz[]) AS q(id, action_id, incident_id, subject, expires_at)
        ON CONFLICT (organization_id, action_id) DO NOTHING`,
      values: [
        tx.organizationId,
        doings.map(({ now }) => uuidv7({ msecs: now })),
        doings.map(({ id }) => id),
        doings.map(({ incidentId }) => incidentId),
        doings.map(({ target }) => target),
        new Date(doings[0]?.now ?? 0),
        doings.map(({ now, ttl }) => new Date(now + ttl)),
      ],
    });
  },
  async revert(tx: Tx, { id, now }) {
    await tx.query(
      `UPDATE user_checks SET expires_at = least(expires_at, $3), due_at = NULL
       WHERE organization_id = $1 AND action_id = $2 AND answered_at IS NULL`,
      [tx.organizationId, id, new Date(now)],
    );
  },
};
