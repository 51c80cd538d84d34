/**
 * One group of one window: its entries and the episodes under way. Plain data that survives JSON, and functions over it that know no
 * store, so that every implementation of windows decides alike. Everything here happens per event, in order.
 */
import { compact, entryRetentionMs, roomFor } from "../correlation/compact.ts";
import { type Entry, entryOf, holdsEvent, positionOf } from "../correlation/entries.ts";
import { type EpisodeState, fireEach, fireWindows, type Outcome } from "../correlation/episodes.ts";
import { findWindows } from "../correlation/find.ts";
import { loweredOf } from "../correlation/lower.ts";
import { type Hit, retentionMs, type WindowSpec } from "./windows.ts";

export interface Group {
  readonly key: string;
  entries: Entry[];
  /** A mark holds the list, to go back to it: it may grow at its end, any other change makes a new list. */
  marked: boolean;
  episodes: EpisodeState[];
  /** The earliest arrival among the entries. */
  oldestArrivalAt: number;
  /** The latest arrival of anything: says when the group is idle. */
  lastArrivalAt: number;
  lastEventId: string;
  lastValue: string | undefined;
  /** Above this many entries it is compacted. */
  room: number;
  /** The last batch of this process that changed it; means nothing elsewhere. */
  batch: number;
}

const never = Number.MAX_SAFE_INTEGER; // no Infinity: JSON has none

export function newGroup(key: string, window: WindowSpec): Group {
  return {
    key,
    entries: [],
    marked: false,
    episodes: [],
    oldestArrivalAt: never,
    lastArrivalAt: 0,
    lastEventId: "",
    lastValue: undefined,
    room: roomFor(window),
    batch: 0,
  };
}

/** What arrived too long before `now`, the newest arrival, to matter to any later event is gone. */
export function expire(group: Group, window: WindowSpec, now: number): void {
  const entriesSince = now - entryRetentionMs(window);
  if (group.oldestArrivalAt < entriesSince) {
    group.entries = group.entries.filter((entry) => entry.receivedAt >= entriesSince);
    group.marked = false;
    group.oldestArrivalAt = oldestOf(group.entries);
  }
  const { episodes } = group;
  if (episodes.length === 0) return;
  const since = now - retentionMs(window);
  if (episodes.some((episode) => episode.lastArrivalAt < since))
    group.episodes = episodes.filter((episode) => episode.lastArrivalAt >= since);
}

export function oldestOf(entries: readonly Entry[]): number {
  return entries.reduce((oldest, entry) => Math.min(oldest, entry.receivedAt), never);
}

/** Answers what the hit did, undefined if the rule does not fire, and "known" for a repeated event. */
export function addHit(group: Group, hit: Hit): Outcome | "known" | undefined {
  const { window, event, value } = hit;
  if (group.lastEventId === event.id && group.lastValue === value && !hit.moment) return "known";
  if (window.measure === "EACH") {
    arrive(group, hit);
    return fireEach(group.episodes, hit);
  }
  let at = positionOf(group.entries, event.time);
  if (holdsEvent(group.entries, hit, at)) return "known";
  if (group.entries.length >= group.room) {
    group.entries = compact(group.entries, window);
    group.marked = false;
    group.room = Math.max(roomFor(window), 2 * group.entries.length);
    group.oldestArrivalAt = oldestOf(group.entries);
    at = positionOf(group.entries, event.time);
  }
  arrive(group, hit);
  const entry = entryOf(hit);
  if (at === group.entries.length) group.entries.push(entry);
  else {
    if (group.marked) group.entries = group.entries.slice();
    group.marked = false;
    group.entries.splice(at, 0, entry);
  }
  if (event.receivedAt < group.oldestArrivalAt) group.oldestArrivalAt = event.receivedAt;
  const found = findWindows(group.entries, at, window);
  if (found) return fireWindows(group.episodes, hit, group.entries, at, found);
  const lower = hit.watched && loweredOf(window);
  const sooner = lower && findWindows(group.entries, at, lower);
  return sooner && fireWindows(group.episodes, hit, group.entries, at, sooner, true);
}

function arrive(group: Group, { event: { id, receivedAt }, value }: Hit): void {
  group.lastEventId = id;
  group.lastValue = value;
  if (receivedAt > group.lastArrivalAt) group.lastArrivalAt = receivedAt;
}
