/** Actions as sentences name them: timelines, notifications and refusals are read by people. */
import type { ActionType } from "./rule.ts";

const nouns: Record<ActionType, (target?: string) => string> = {
  ASK_USER: (user = "a user") => `question to ${user}`,
  BLOCK_IP: (address = "an address") => `block of ${address}`,
  CALL_WEBHOOK: (webhook = "a webhook") => `call of ${webhook}`,
  FORCE_MFA: (user = "a user") => `second factor for ${user}`,
  INCREASE_MONITORING: (whom = "somebody") => `closer watch on ${whom}`,
  NOTIFY_ADMIN: (whom = "administrators") => `message to ${whom}`,
  SUSPEND_USER: (user = "a user") => `suspension of ${user}`,
};

/** `block of 203.0.113.9`, with an article before it. */
export const nameOf = ({ type, target }: { type: ActionType; target: string }): string => nouns[type](target);

/** The same without a name: `block of an address`. */
export const namelessOf = (type: ActionType): string => nouns[type]();
