/** Ends actions whose time is over, and those that nobody approved in time. Enforcers end theirs by their own clocks. */
import type { Tx } from "../db.ts";
import { lockIncidentsDue } from "../incident/lock-due.ts";
import { endAction, type StoredAction } from "./action-row.ts";
import { nameOf } from "./action-words.ts";
import { actions } from "./actions/table.ts";
import { doingOf, tell } from "./carry-out.ts";
import { tellRequesters } from "./notices.ts";

const most = 500; // in one transaction

/** Answers how many it ended. */
export async function expireActions(tx: Tx, now: number): Promise<number> {
  const incidents = await lockIncidentsDue(tx, { table: "incident_actions", most, now });
  if (incidents.length === 0) return 0;
  const { rows } = await tx.query<StoredAction>({
    name: "due_actions",
    text: `SELECT id, incident_id, type, status, target, scope, ttl_s, actor, reason, rule_id, requester_id, requester_session, due_at
      FROM incident_actions
      WHERE organization_id = $1 AND due_at <= $2 AND incident_id = ANY ($3) ORDER BY due_at, id LIMIT ${most}
      FOR UPDATE SKIP LOCKED`,
    values: [tx.organizationId, new Date(now), incidents],
  });
  const late = rows.filter(({ status }) => status === "AWAITING_APPROVAL");
  const outcomes = late.map(({ id, incident_id: incidentId, type, requester_id: requesterId }) => {
    return { id, incidentId, type, requesterId, done: false, why: "Nobody approved it in time." };
  });
  await tellRequesters(tx, outcomes, now);
  for (const row of rows) {
    const { id, incident_id: incidentId, status } = row;
    const about = { incidentId, actor: "vigil", now };
    if (status === "AWAITING_APPROVAL") {
      const reason = "Nobody approved it in time.";
      await endAction(tx, { id, status: "REFUSED", actor: "vigil", reason, now });
      await tell(tx, { ...about, kind: "ACTION_REFUSED", message: `The ${nameOf(row)} was refused: ${reason}` });
    } else {
      await actions[row.type].expire?.(tx, doingOf(row, now));
      await endAction(tx, { id, status: "EXPIRED", actor: "vigil", reason: "Its time is over.", now });
      await tell(tx, { ...about, kind: "ACTION_EXPIRED", message: `The ${nameOf(row)} is over.` });
    }
  }
  return rows.length;
}
