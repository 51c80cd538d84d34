/** Every response action. A new one is one file here and one line. */
import type { ActionType } from "../rule.ts";
import type { Action } from "./action.ts";
import { blockIp } from "./block-ip.ts";
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
};
