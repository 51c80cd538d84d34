/** What is set up in alerting that would not do what its author thinks. Decides only. */
import type { ChannelKind } from "../generated/prisma/client.ts";
import { effective, inOrder, type Route } from "./route-tree.ts";

/** What kind of weakness it is; the order is that of the answer. */
export const findingKinds = [
  "NO_CHANNEL",
  "ONE_WAY_ONLY",
  "ROUTE_UNREACHABLE",
  "ROUTE_TELLS_NOBODY",
  "CHANNEL_STOPPED",
  "CHANNEL_FAILING",
  "CHANNEL_UNPROVEN",
  "POLICY",
  "SCHEDULE",
  "RESPONDER_UNREACHABLE",
  "RESPONDER_MAY_NOT_ACKNOWLEDGE",
] as const;

export interface Finding {
  kind: (typeof findingKinds)[number];
  /** What it is about, by name; null: the whole. */
  name: string | null;
  message: string;
}

export interface LintChannel {
  id: string;
  name: string;
  kind: ChannelKind;
  suspended: boolean;
  suspendedReason: string | null;
  failing: boolean;
  proven: boolean;
  /** Where messages end: addresses, numbers, a URL, a Slack channel. */
  ends: readonly string[];
}

/** Findings about channels and routes. */
export function lintRoutes(routes: readonly Route[], channels: readonly LintChannel[]): Finding[] {
  const live = channels.filter(({ suspended }) => !suspended);
  if (live.length === 0)
    return [
      { kind: "NO_CHANNEL", name: null, message: "There is no channel that delivers: nobody is told of anything." },
    ];
  const ofChannels = channels.flatMap((channel): Finding[] => {
    const { name, suspended, suspendedReason, failing, proven } = channel;
    if (suspended) {
      const why = suspendedReason ? `: ${suspendedReason}` : ".";
      return [{ kind: "CHANNEL_STOPPED", name, message: `It is stopped${why}` }];
    }
    if (failing)
      return [{ kind: "CHANNEL_FAILING", name, message: "Its last try failed, and none has succeeded since." }];
    if (proven) return [];
    return [{ kind: "CHANNEL_UNPROVEN", name, message: "It has never delivered anything: try it with alertTestSend." }];
  });
  const hidden = hiddenRoutes(routes);
  const tells = inOrder(routes).filter(({ id }) => !hidden.has(id));
  const ofRoutes = tells.flatMap((route): Finding[] => {
    const { channelIds, escalationPolicyId } = effective(route, routes);
    const reached = live.filter(({ id }) => channelIds.includes(id));
    const { name } = route;
    if (reached.length === 0 && escalationPolicyId === null) {
      const message = "It has no channel that delivers, and nobody is called: what it takes is told to nobody.";
      return [{ kind: "ROUTE_TELLS_NOBODY", name, message }];
    }
    return reached.length > 0 && escalationPolicyId === null && takesCritical(route, routes)
      ? oneWay(name, reached)
      : [];
  });
  return [
    ...(routes.length === 0 ? oneWay(null, live) : ofRoutes),
    ...[...hidden].map(([id, by]): Finding => {
      const name = routes.find((route) => route.id === id)?.name ?? null;
      return { kind: "ROUTE_UNREACHABLE", name, message: `It is never asked: ${by} takes all that it would.` };
    }),
    ...ofChannels,
  ];
}

/** Of what is CRITICAL: fewer than two ends, so that one mailbox or one telephone decides. */
function oneWay(name: string | null, channels: readonly LintChannel[]): Finding[] {
  const ends = new Set(channels.flatMap((channel) => channel.ends.map((end) => `${channel.kind} ${end}`)));
  if (ends.size >= 2) return [];
  const message =
    channels.length > 1
      ? "All its channels end in one place: what is CRITICAL is lost with it."
      : "What is CRITICAL is told in one way only: add a second, independent channel.";
  return [{ kind: "ONE_WAY_ONLY", name, message }];
}

/** Routes that none asks, with the name of the one before that takes all: its matchers are among theirs, and it does not go on. */
function hiddenRoutes(routes: readonly Route[]): Map<string, string> {
  const hidden = new Map<string, string>();
  const order = inOrder(routes);
  order.forEach((route, index) => {
    const parent = route.parentId === null ? undefined : hidden.get(route.parentId);
    const by =
      parent ??
      order
        .slice(0, index)
        .find(
          (other) =>
            other.parentId === route.parentId &&
            !other.goesOn &&
            other.matchers.every((one) =>
              route.matchers.some((its) => JSON.stringify(keyOf(its)) === JSON.stringify(keyOf(one))),
            ),
        )?.name;
    if (by !== undefined) hidden.set(route.id, by);
  });
  return hidden;
}

const keyOf = ({ field, operator, value }: Route["matchers"][0]): string[] => [field, operator, value];

/** Whether an incident that is CRITICAL can come to it. */
function takesCritical(route: Route, routes: readonly Route[]): boolean {
  const fits = route.matchers.every(({ field, operator, value }) => {
    if (field !== "SEVERITY" || operator === "AT_LEAST") return true;
    return (operator === "EQUALS") === (value === "CRITICAL");
  });
  const parent = routes.find(({ id }) => id === route.parentId);
  return fits && (!parent || takesCritical(parent, routes));
}
