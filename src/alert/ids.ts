/** Ids made from what they stand for: whoever does the same twice, makes nothing twice. */
import { v5 as uuidv5 } from "uuid";

const namespace = "7c0f1c5e-62a5-4b6e-9d0c-2f6f0a9e51d4";

/** An alert is one per what it reports, who asked for it, and whom it goes to. */
export function alertId(of: {
  incidentId: string;
  /** What it reports: the line of the timeline; of a repetition the alert that it repeats and when that was sent, of a step the escalation. */
  cause: string;
  kind: string;
  step?: number | undefined;
  round?: number | undefined;
  routeId: string | null;
  channelId: string;
  recipient: string;
}): string {
  const { incidentId, cause, kind, step = "", round = "", routeId, channelId, recipient } = of;
  return idOf("alert", incidentId, cause, kind, step, round, routeId ?? "", channelId, recipient);
}

/** The id in alert_groups of what goes to one recipient on one channel under one key. */
export function groupId(of: { groupKey: string; channelId: string; recipient: string }): string {
  return idOf("group", of.groupKey, of.channelId, of.recipient);
}

/** The key of a group; its parts, which may be names, cannot be read from it. */
export function groupKeyOf(...parts: readonly string[]): string {
  return idOf("key", ...parts);
}

/**
 * An escalation is one per life of an incident (from its opening or reopening on) and policy; where that is exhausted, one
 * more per line of the timeline by which it became more severe.
 */
export function escalationId(of: { incidentId: string; policyId: string; since: number | string }): string {
  return idOf("escalation", of.incidentId, of.policyId, of.since);
}

function idOf(...parts: readonly (string | number)[]): string {
  return uuidv5(JSON.stringify(parts), namespace);
}
