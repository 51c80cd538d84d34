/** CALL_WEBHOOK: a signed call to a system of the organization's own, and another one when the action is over. */
import { v5 as uuidv5 } from "uuid";
import type { Tx } from "../../db.ts";
import type { CallEvent } from "../../generated/prisma/client.ts";
import { isWebhookName } from "../webhooks.ts";
import type { Action, Doing } from "./action.ts";

const namespace = "0d1f4f2a-8f1b-4a53-9a8e-3c5d7b6a2e10";

export const callWebhook: Action = {
  plan: (text) => (isWebhookName(text) ? { target: null } : { fault: "A response webhook is given by its name." }),
  isDestructive: () => false, // the webhook itself says whether a second person is needed
  apply: (tx, doings) => queueCalls(tx, "APPLIED", doings),
  async revert(tx, doing) {
    await endCall(tx, "REVERTED", doing);
  },
  async expire(tx, doing) {
    await endCall(tx, "EXPIRED", doing);
  },
};

/** What was not told yet need not be told any more: what may have arrived is taken back in any case. */
async function endCall(tx: Tx, event: CallEvent, doing: Doing): Promise<void> {
  await tx.query(
    `UPDATE response_calls SET status = 'FAILED', due_at = NULL, detail = 'The action was over before it arrived.'
     WHERE organization_id = $1 AND action_id = $2 AND event = 'APPLIED' AND status = 'QUEUED'`,
    [tx.organizationId, doing.id],
  );
  await queueCalls(tx, event, [doing]);
}

/** One call for each action and event, whose id is made of both: queued twice, it is there once. */
async function queueCalls(tx: Tx, event: CallEvent, doings: readonly Doing[]): Promise<void> {
  await tx.query({
    name: "queue_calls",
    text: `INSERT INTO response_calls (organization_id, id, action_id, event, due_at, created_at)
      SELECT $1, c.id, c.action_id, $4::call_event, $5, $5 FROM unnest($2::uuid[], $3::uuid[]) AS c(id, action_id)
      ON CONFLICT (organization_id, action_id, event) DO NOTHING`,
    values: [
      tx.organizationId,
      doings.map(({ id }) => uuidv5(`${id} ${event}`, namespace)),
      doings.map(({ id }) => id),
      event,
      new Date(doings[0]?.now ?? 0),
    ],
  });
}
