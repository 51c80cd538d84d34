/** One group of one window: its entries and the episodes under way. Everything here happens per event, in order. */
import { busiestSpan } from "../correlation/busiest.ts";
import { holds } from "../correlation/condition.ts";
import { compact, type Entry, entryOf, holdsEvent, positionOf, roomFor } from "../correlation/entries.ts";
import { type EpisodeState, endAfter, fire } from "../correlation/episodes.ts";
import type { Hit, WindowSpec } from "./windows.ts";

export interface Group {
  readonly key: string;
  /** Grows at its end; any other change makes a new list, so that a mark of list and length is enough to go back. */
  entries: Entry[];
  episodes: EpisodeState[];
  /** The earliest arrival among the entries. */
  oldestArrivalAt: number;
  /** The latest arrival of anything: says when the group is idle. */
  lastArrivalAt: number;
  lastEventId: string;
  /** Above this many entries it is compacted. */
  room: number;
  /** The last batch that changed it. */
  batch: number;
}

export function newGroup(key: string, window: WindowSpec): Group {
  return {
    key,
    entries: [],
    episodes: [],
    oldestArrivalAt: Number.POSITIVE_INFINITY,
    lastArrivalAt: Number.NEGATIVE_INFINITY,
    lastEventId: "",
    room: roomFor(window),
    batch: 0,
  };
}

/** Whatever was received before `since` is gone. */
export function expire(group: Group, since: number): void {
  if (group.oldestArrivalAt < since) {
    group.entries = group.entries.filter((entry) => entry.receivedAt >= since);
    group.oldestArrivalAt = group.entries.reduce(
      (oldest, entry) => Math.min(oldest, entry.receivedAt),
      Number.POSITIVE_INFINITY,
    );
  }
  if (group.episodes.length > 0 && group.episodes.some((episode) => episode.lastArrivalAt < since))
    group.episodes = group.episodes.filter((episode) => episode.lastArrivalAt >= since);
}

/** Answers the episode that the hit belongs to, undefined if the rule does not fire, and "known" for a repeated event. */
export function addHit(group: Group, hit: Hit): EpisodeState | "known" | undefined {
  const { window, event } = hit;
  if (group.lastEventId === event.id) return "known";
  if (window.measure === "EACH") {
    arrive(group, event);
    return fire(group.episodes, hit, group.entries, 0, -1);
  }
  let at = positionOf(group.entries, event.time);
  if (holdsEvent(group.entries, event.id, event.time, at)) return "known";
  if (group.entries.length >= group.room) {
    group.entries = compact(group.entries, window);
    group.room = Math.max(roomFor(window), 2 * group.entries.length);
    at = positionOf(group.entries, event.time);
  }
  arrive(group, event);
  const entry = entryOf(event, hit.value);
  if (at === group.entries.length) group.entries.push(entry);
  else group.entries = group.entries.toSpliced(at, 0, entry);
  if (event.receivedAt < group.oldestArrivalAt) group.oldestArrivalAt = event.receivedAt;
  const span = busiestSpan(group.entries, at, window);
  if (holds(window.condition, span.count)) return fire(group.episodes, hit, group.entries, span.from, span.to);
  if (group.episodes.length > 0) endAfter(group.episodes, event.time, window);
  return undefined;
}

function arrive(group: Group, { id, receivedAt }: Hit["event"]): void {
  group.lastEventId = id;
  if (receivedAt > group.lastArrivalAt) group.lastArrivalAt = receivedAt;
}
