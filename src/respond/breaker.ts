/**
 * The circuit breaker (R5): automatic actions stop when there are too many of them, or when they reach too many of those
 * who use the application. Pure; `breaker-state.ts` reads and writes what it needs.
 */
import type { ActionType } from "./rule.ts";

/** In which so many automatic actions are done, ms. */
export const breakerWindow = 600_000; // 10 minutes
/** At most this share of the last day's active users is touched in the window … */
export const userShare = 0.01;
/** … but so many always may be: one of thirty is more than a hundredth. */
export const freeUsers = 5;
/** At most this share of the last day's requests is the lot of what is blocked in the window, from the day before its attack. */
export const trafficShare = 0.005;
/** Below so many requests a day a share says nothing. */
export const leastRequests = 1_000;

/** What the automatic actions of the window come to, the one in question left out. */
export interface Load {
  /** How many. */
  actions: number;
  /** How many of them stand in nobody's way: those that only tell, ask and look. */
  soft: number;
  users: ReadonlySet<string>;
}

/** What is known of the traffic of the last 24 hours. */
export interface Traffic {
  /** People who did something, counted up to what decides. */
  activeUsers: number;
  /** Requests, counted up to what decides. */
  requests: number;
  /** Requests of the addresses that are or would be blocked, that did not fail, of the day before their incidents began. */
  blockedRequests: number;
}

export type BreakerVerdict = { may: true } | { may: false; opens: boolean; reason: string };

export function isSoft(type: ActionType): boolean {
  return type === "NOTIFY_ADMIN" || type === "INCREASE_MONITORING" || type === "ASK_USER";
}

/** Whether one more automatic action may be done; where not, whether the breaker opens. */
export function judgeBreaker(
  action: { type: ActionType; user: string | undefined },
  { cap, load, traffic }: { cap: number; load: Load; traffic: Traffic },
): BreakerVerdict {
  const soft = Math.floor(cap / 2); // the rest is for those that stop an attack
  if (isSoft(action.type)) {
    if (load.soft < soft && load.actions < cap) return { may: true };
    return {
      may: false,
      opens: false,
      reason: `There were ${load.soft} such actions within 10 minutes, as many as may be.`,
    };
  }
  if (load.actions >= cap) {
    return {
      may: false,
      opens: true,
      reason: `${cap} automatic actions were done within 10 minutes, as many as may be.`,
    };
  }
  if (action.user !== undefined) {
    const touched = new Set([...load.users, action.user]).size;
    if (touched > Math.max(freeUsers, traffic.activeUsers * userShare)) {
      const share = `more than 1 % of the ${traffic.activeUsers} active users`;
      return { may: false, opens: true, reason: `Within 10 minutes ${touched} users would be touched, ${share}.` };
    }
  }
  const { requests, blockedRequests } = traffic;
  if (action.type === "BLOCK_IP" && requests >= leastRequests && blockedRequests > requests * trafficShare) {
    const share = "more than 0.5 % of the traffic of the day before";
    return { may: false, opens: true, reason: `What would be blocked made ${blockedRequests} requests, ${share}.` };
  }
  return { may: true };
}
