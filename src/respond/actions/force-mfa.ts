/** FORCE_MFA: enforcers have the application ask a user for a second factor again. */
import type { Action } from "./action.ts";
import { applyByDecision, planPerson, revertByDecision } from "./by-decision.ts";

export const forceMfa: Action = {
  plan: planPerson,
  isDestructive: () => false,
  apply: applyByDecision,
  revert: revertByDecision,
};
