/** Which alerts that are due go out together, and which wait. Pure. */
import type { AlertKind, AlertPriority } from "../generated/prisma/client.ts";

/** How many alerts are claimed at once: a message never stands for more. */
export const mostTogether = 32;

export interface Claimed {
  id: string;
  incidentId: string | null;
  kind: AlertKind;
  channelId: string;
  recipient: string;
  priority: AlertPriority;
  tries: number;
  groupKey: string;
  /** The message it was in before: tried again as it was. */
  messageId: string | null;
  claim: string;
}

export interface Outgoing {
  /** Null: a new one. */
  messageId: string | null;
  channelId: string;
  recipient: string;
  alerts: Claimed[];
}

export interface Plan {
  send: Outgoing[];
  /** Those whose channel has sent its share of this minute. */
  wait: Claimed[];
}

/**
 * Alerts of one group to one recipient are one message. Where a channel has less left of its minute than there are
 * messages, what goes to one recipient is folded into one; where nothing is left, it waits, unless something in it is CRITICAL.
 */
export function planDelivery(claimed: readonly Claimed[], leftOf: (channelId: string) => number): Plan {
  const plan: Plan = { send: [], wait: [] };
  for (const [channelId, ofChannel] of groupBy(claimed, ({ channelId }) => channelId)) {
    const again = groupBy(
      ofChannel.filter(({ messageId }) => messageId !== null),
      ({ messageId }) => messageId as string,
    );
    const fresh = ofChannel.filter(({ messageId }) => messageId === null);
    const grouped = groupBy(fresh, ({ id, recipient, groupKey }) => JSON.stringify([recipient, groupKey || id]));
    const left = leftOf(channelId);
    const news = again.size + grouped.size > left ? groupBy(fresh, ({ recipient }) => recipient) : grouped;
    const messages = [...again.values(), ...news.values()].map((alerts) => ({
      messageId: alerts[0]?.messageId ?? null,
      channelId,
      recipient: alerts[0]?.recipient ?? "",
      alerts,
    }));
    const isCritical = ({ alerts }: Outgoing): boolean => alerts.some(({ priority }) => priority === "CRITICAL");
    messages.sort((a, b) => Number(isCritical(b)) - Number(isCritical(a)));
    messages.forEach((message, n) => {
      if (n < left || isCritical(message)) plan.send.push(message);
      else plan.wait.push(...message.alerts);
    });
  }
  return plan;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
