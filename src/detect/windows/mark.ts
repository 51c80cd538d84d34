/** Where a group stood, cheaply: most of it only grows, so that lengths are enough. */
import type { EpisodeState } from "../correlation/episodes.ts";
import type { Group } from "./group.ts";

/** Puts everything back as it was when the mark was set. */
export type GoBack = () => void;

export function markGroup(group: Group): GoBack {
  const { entries, oldestArrivalAt, lastArrivalAt, lastEventId, room, batch } = group;
  const length = entries.length;
  const episodes = group.episodes.map((episode) => ({ episode, goBack: markEpisode(episode) }));
  return () => {
    entries.length = length;
    for (const { goBack } of episodes) goBack();
    Object.assign(group, {
      entries,
      episodes: episodes.map(({ episode }) => episode),
      oldestArrivalAt,
      lastArrivalAt,
      lastEventId,
      room,
      batch,
    });
  };
}

function markEpisode(episode: EpisodeState): GoBack {
  const { firstEventAt, lastEventAt, eventCount, lastEventId, lastArrivalAt, batch } = episode;
  const [ids, subjects, values] = [episode.firstEventIds.length, episode.subjects.length, episode.values.length];
  return () => {
    episode.firstEventIds.length = ids;
    episode.subjects.length = subjects;
    episode.values.length = values;
    Object.assign(episode, { firstEventAt, lastEventAt, eventCount, lastEventId, lastArrivalAt, batch });
  };
}
