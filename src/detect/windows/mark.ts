/** Where a group stood before a batch, cheaply: its lists only grow, so that their lengths are enough to go back. */

import type { Entry } from "../correlation/entries.ts";
import type { EpisodeState } from "../correlation/episodes.ts";
import type { Group } from "./group.ts";

/** Plain data, not closures: one is made for every group that a batch touches. */
export interface Mark {
  group: Group;
  entries: Entry[];
  length: number;
  oldestArrivalAt: number;
  lastArrivalAt: number;
  lastEventId: string;
  room: number;
  batch: number;
  episodes: readonly EpisodeMark[];
}

interface EpisodeMark {
  episode: EpisodeState;
  firstEventAt: number;
  lastEventAt: number;
  eventCount: number;
  lastEventId: string;
  lastArrivalAt: number;
  batch: number;
  ids: number;
  subjects: number;
  values: number;
}

const none: readonly EpisodeMark[] = [];

export function markGroup(group: Group): Mark {
  const { entries, oldestArrivalAt, lastArrivalAt, lastEventId, room, batch } = group;
  const episodes = group.episodes.length > 0 ? group.episodes.map(markEpisode) : none;
  return { group, entries, length: entries.length, oldestArrivalAt, lastArrivalAt, lastEventId, room, batch, episodes };
}

export function goBack(mark: Mark): Group {
  const { group, length, episodes, ...before } = mark;
  before.entries.length = length;
  for (const { episode, ids, subjects, values, ...rest } of episodes) {
    episode.firstEventIds.length = ids;
    episode.subjects.length = subjects;
    episode.values.length = values;
    Object.assign(episode, rest);
  }
  return Object.assign(group, before, { episodes: episodes.map(({ episode }) => episode) });
}

function markEpisode(episode: EpisodeState): EpisodeMark {
  const { firstEventAt, lastEventAt, eventCount, lastEventId, lastArrivalAt, batch } = episode;
  return {
    episode,
    firstEventAt,
    lastEventAt,
    eventCount,
    lastEventId,
    lastArrivalAt,
    batch,
    ids: episode.firstEventIds.length,
    subjects: episode.subjects.length,
    values: episode.values.length,
  };
}
