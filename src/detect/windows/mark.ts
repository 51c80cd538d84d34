/** Where a group stood before a batch: its entries only grow, so that their number is enough to go back; episodes are copied. */
import type { Entry } from "../correlation/entries.ts";
import { copyOf, type EpisodeState } from "../correlation/episodes.ts";
import type { Group } from "./group.ts";

/** Plain data, not closures: one is made for every group that a batch touches. */
export interface Mark {
  group: Group;
  entries: Entry[];
  length: number;
  oldestArrivalAt: number;
  lastArrivalAt: number;
  lastEventId: string;
  lastValue: string | undefined;
  room: number;
  batch: number;
  episodes: EpisodeState[];
}

const none: EpisodeState[] = [];

export function markGroup(group: Group): Mark {
  const { entries, oldestArrivalAt, lastArrivalAt, lastEventId, lastValue, room, batch } = group;
  const episodes = group.episodes.length > 0 ? group.episodes.map(copyOf) : none;
  const { length } = entries;
  group.marked = true;
  return { group, entries, length, oldestArrivalAt, lastArrivalAt, lastEventId, lastValue, room, batch, episodes };
}

export function goBack(mark: Mark): Group {
  const { group, length, episodes, ...before } = mark;
  before.entries.length = length;
  return Object.assign(group, before, { episodes: episodes.slice(), marked: false });
}
