/**
 * Lower thresholds for whom somebody watches (INCREASE_MONITORING): half of what a count asks of everybody, rounded up, and
 * two at least. Only counts of which more is worse are lowered. A rule that feeds another one is not: the other one would
 * count what nothing stores.
 */
import type { Subject } from "../detection.ts";
import type { FiringRule } from "../rule.ts";
import type { Hit, WindowSpec } from "../windows/windows.ts";
import { onlyGrows } from "./condition.ts";
import { subjectsOfGroup } from "./subject.ts";

/** Answers which of the subjects are watched, as `KIND:key`. Asked once for many. */
export type WatchedAmong = (subjects: readonly Subject[]) => Promise<Pick<ReadonlySet<string>, "has" | "size">>;

export const subjectKey = ({ kind, key }: Subject): string => `${kind}:${key}`;

const lowered = new WeakMap<WindowSpec, WindowSpec | undefined>();

/** The window as it is for whom is watched; undefined: no different. */
export function loweredOf(window: WindowSpec): WindowSpec | undefined {
  if (!lowered.has(window)) lowered.set(window, lower(window));
  return lowered.get(window);
}

function lower(window: WindowSpec): WindowSpec | undefined {
  const { measure, condition, expression, feeds } = window;
  const { min = 1 } = condition;
  const isCount = (measure === "EVENTS" || measure === "VALUES") && !expression && onlyGrows(condition);
  const less = Math.max(2, Math.ceil(min / 2));
  return isCount && !feeds && less < min ? { ...window, condition: { ...condition, min: less } } : undefined;
}

/** Marks those of the hits whose group is somebody watched. */
export async function markWatched(
  hits: readonly Hit[],
  firing: ReadonlyMap<string, FiringRule>,
  watchedAmong: WatchedAmong,
): Promise<void> {
  const groups = new Map<WindowSpec, Map<string, readonly Subject[]>>();
  for (const { window, group } of hits) {
    if (!loweredOf(window)) continue;
    let known = groups.get(window);
    if (!known) groups.set(window, (known = new Map()));
    if (!known.has(group)) known.set(group, subjectsOf(firing.get(window.key), group));
  }
  const asked = [...groups.values()].flatMap((known) => [...known.values()].flat());
  if (asked.length === 0) return;
  const watched = await watchedAmong(asked);
  if (watched.size === 0) return;
  for (const hit of hits)
    if (
      groups
        .get(hit.window)
        ?.get(hit.group)
        ?.some((subject) => watched.has(subjectKey(subject)))
    )
      hit.watched = true;
}

function subjectsOf(rule: FiringRule | undefined, group: string): Subject[] {
  if (rule?.document.kind !== "CORRELATION") return [];
  const subjects = subjectsOfGroup(group, rule.document.body.groupBy);
  return subjects.filter(({ kind }) => kind === "ADDRESS" || kind === "USER");
}
