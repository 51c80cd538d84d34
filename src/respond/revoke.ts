/** A person ends a decision before its time: the action that it comes of is over with it. */
import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { endTakenBack } from "./carry-out.ts";
import { revokeDecisions } from "./decide.ts";
import { lockAction } from "./lock-action.ts";

/**
 * Revokes it. Unlike taking back the action it does not bring back what the decision had replaced: the target is free.
 * Errors: NOT_FOUND, CONFLICT.
 */
export async function revokeDecision(
  tx: Tx,
  asked: { id: string; reason: string; actor: string; auditActor: string; now: number },
): Promise<{ id: string; cursor: string | undefined }> {
  const { id, reason, actor, auditActor, now } = asked;
  const { rows } = await tx.query<{ action_id: string | null }>(
    "SELECT action_id FROM decisions WHERE organization_id = $1 AND id = $2",
    [tx.organizationId, id],
  );
  const [decision] = rows;
  if (!decision) throw new VigilError("NOT_FOUND", "There is no such decision.", { path: ["id"] });
  // The action first, then its decision: the order of whoever takes back an action.
  const action = decision.action_id ? await lockAction(tx, decision.action_id) : undefined;
  const { revoked, cursor } = await revokeDecisions(tx, { ids: [id], actor, now });
  if (revoked.length === 0) throw new VigilError("CONFLICT", "The decision is over already.", { path: ["id"] });
  if (action?.status === "APPLIED") await endTakenBack(tx, action, { actor, auditActor, reason, now });
  await audit(tx, {
    actor: auditActor,
    action: "DECISION_REVOKED",
    entityKind: "Decision",
    entityId: id,
    detail: { reason },
  });
  return { id, cursor };
}
