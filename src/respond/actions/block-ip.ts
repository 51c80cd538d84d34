/** BLOCK_IP: enforcers answer 403 to an address or a range. */
import { readNetwork } from "../target.ts";
import type { Action } from "./action.ts";
import { applyByDecision, revertByDecision } from "./by-decision.ts";

export const blockIp: Action = {
  plan(text) {
    const target = readNetwork(text);
    return target ? { target } : { fault: `${text} is no address and no range such as 203.0.113.0/24.` };
  },
  isDestructive: (target) => target?.scope === "RANGE", // it may hit bystanders
  apply: applyByDecision,
  revert: revertByDecision,
};
