/** Every response action. A new one is one file here and one line. */
import type { ActionType } from "../rule.ts";
import type { Surroundings } from "../safety.ts";
import type { Target } from "../target.ts";
import type { Action } from "./action.ts";
import { askUser } from "./ask-user.ts";
import { blockIp } from "./block-ip.ts";
import { callWebhook } from "./call-webhook.ts";
import { forceMfa } from "./force-mfa.ts";
import { increaseMonitoring } from "./increase-monitoring.ts";
import { notifyAdmin } from "./notify-admin.ts";
import { suspendUser } from "./suspend-user.ts";

export const actions: Record<ActionType, Action> = {
  BLOCK_IP: blockIp,
  SUSPEND_USER: suspendUser,
  INCREASE_MONITORING: increaseMonitoring,
  FORCE_MFA: forceMfa,
  NOTIFY_ADMIN: notifyAdmin,
  CALL_WEBHOOK: callWebhook,
  ASK_USER: askUser,
};

/** Whether a second person has to approve it (R6): it is destructive, or the webhook that is called says so. */
export function needsApproval(
  { type, target, name }: { type: ActionType; target: Target | null; name: string },
  { webhooks }: Pick<Surroundings, "webhooks">,
): boolean {
  return actions[type].isDestructive(target) || (type === "CALL_WEBHOOK" && webhooks.get(name)?.needsApproval === true);
}
