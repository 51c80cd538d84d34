/** The tree of routes, asked as Alertmanager does: children before their parent, the first that matches unless it goes on. */
import { type Matchable, type Matcher, matches } from "./matcher.ts";
import type { MuteTime } from "./mute-times.ts";

export interface Route {
  id: string;
  name: string;
  parentId: string | null;
  position: number;
  matchers: readonly Matcher[];
  goesOn: boolean;
  groupBy: readonly string[];
  groupWaitS: number | null;
  groupIntervalS: number | null;
  repeatIntervalS: number | null;
  muteTimes: readonly MuteTime[];
  tellsResolved: boolean;
  escalationPolicyId: string | null;
  /** Those of its own; none: its parent's. */
  channelIds: readonly string[];
}

/** Why a route is not the one: `NOT_ASKED` because one before it or above it took the incident or did not match. */
export interface Verdict {
  route: Route;
  verdict: "TELLS" | "PASSED_ON" | "NO_MATCH" | "NOT_ASKED";
  reason: string;
  /** Of NO_MATCH: the matcher that the reason tells of. */
  fails?: Matcher;
}

/** That a matcher does not hold, in words. */
export const failing = ({ field, operator, value }: Matcher): string => `${field} ${operator} ${value} does not hold.`;

/** The routes by which an incident is told, and what became of every one. The same in whatever order they are given. */
export function askTree(routes: readonly Route[], incident: Matchable): { tells: Route[]; verdicts: Verdict[] } {
  const children = childrenOf(routes);
  const verdicts = new Map<string, Verdict>();
  const tells: Route[] = [];

  function ask(siblings: readonly Route[]): boolean {
    let taken: Route | undefined;
    let any = false;
    for (const route of siblings) {
      if (taken) {
        skip(route, `${taken.name} took it.`);
        continue;
      }
      const fails = route.matchers.find((matcher) => !matches([matcher], incident));
      const below = children.get(route.id) ?? [];
      if (fails) {
        verdicts.set(route.id, { route, verdict: "NO_MATCH", reason: failing(fails), fails });
        for (const child of below) skip(child, `${route.name} does not match.`);
        continue;
      }
      any = true;
      if (ask(below)) verdicts.set(route.id, { route, verdict: "PASSED_ON", reason: "A route below it took it." });
      else {
        tells.push(route);
        verdicts.set(route.id, { route, verdict: "TELLS", reason: "All of its matchers hold." });
      }
      if (!route.goesOn) taken = route;
    }
    return any;
  }

  function skip(route: Route, reason: string): void {
    verdicts.set(route.id, { route, verdict: "NOT_ASKED", reason });
    for (const child of children.get(route.id) ?? []) skip(child, reason);
  }

  ask(children.get(null) ?? []);
  return { tells, verdicts: inOrder(routes).flatMap(({ id }) => verdicts.get(id) ?? []) };
}

/** All routes, each before those below it, in the order in which they are asked. */
export function inOrder(routes: readonly Route[]): Route[] {
  const children = childrenOf(routes);
  const walk = (parent: string | null): Route[] =>
    (children.get(parent) ?? []).flatMap((route) => [route, ...walk(route.id)]);
  return walk(null);
}

function childrenOf(routes: readonly Route[]): Map<string | null, Route[]> {
  const children = new Map<string | null, Route[]>();
  const sorted = [...routes].sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1));
  for (const route of sorted) children.set(route.parentId, [...(children.get(route.parentId) ?? []), route]);
  return children;
}

/** What a route does, with what it takes from those above it. */
export interface Effective {
  groupBy: readonly string[];
  waitS: number;
  intervalS: number;
  /** Null: it is not told again. */
  repeatS: number | null;
  muteTimes: readonly MuteTime[];
  escalationPolicyId: string | null;
  channelIds: readonly string[];
}

const wait = 30; // seconds; as Alertmanager's group_wait, where incidents are grouped at all
const interval = 300;

/** Mute times of those above count too: who mutes a branch, mutes all of it. */
export function effective(route: Route, routes: readonly Route[]): Effective {
  const byId = new Map(routes.map((one) => [one.id, one]));
  const line: Route[] = [];
  for (
    let at: Route | undefined = route;
    at && !line.includes(at);
    at = at.parentId ? byId.get(at.parentId) : undefined
  ) {
    line.push(at);
  }
  const groupBy = line.find((one) => one.groupBy.length > 0)?.groupBy ?? ["INCIDENT"];
  const alone = groupBy.includes("INCIDENT");
  const first = <T>(read: (one: Route) => T | null): T | null =>
    line.reduce<T | null>((found, one) => found ?? read(one), null);
  return {
    groupBy,
    waitS: first((one) => one.groupWaitS) ?? (alone ? 0 : wait),
    intervalS: first((one) => one.groupIntervalS) ?? (alone ? 0 : interval),
    repeatS: first((one) => one.repeatIntervalS),
    muteTimes: line.flatMap((one) => one.muteTimes),
    escalationPolicyId: first((one) => one.escalationPolicyId),
    channelIds: line.find((one) => one.channelIds.length > 0)?.channelIds ?? [],
  };
}
