/**
 * INCREASE_MONITORING: enforcers send every event of a user, an address or a session instead of a sample, and while it is in
 * force `watch.ts` lets what rules find about the former two weigh more.
 */
import { networkOf } from "../../address.ts";
import { readNetwork } from "../target.ts";
import type { Action } from "./action.ts";
import { applyByDecision, planPerson, revertByDecision } from "./by-decision.ts";

export const increaseMonitoring: Action = {
  plan(text, kind) {
    const network = kind === "USER" ? undefined : readNetwork(text);
    if (network?.scope === "RANGE" && networkOf(network.value.replace(/\/\d+$/, "")) !== network.value)
      return { fault: "It is done to one address, one IPv6 network (/64) or one user." };
    return network ? { target: network } : planPerson(text, kind);
  },
  isDestructive: () => false,
  apply: applyByDecision,
  revert: revertByDecision,
};
