/** SUSPEND_USER: enforcers answer 403 to whatever a user, or one session, asks. */
import type { Action } from "./action.ts";
import { applyByDecision, planPerson, revertByDecision } from "./by-decision.ts";

export const suspendUser: Action = {
  plan: planPerson,
  isDestructive: () => true, // somebody cannot work
  apply: applyByDecision,
  revert: revertByDecision,
};
