/**
 * After a replay the entries are exact, but of the episodes only their end is known: the replay began in the middle of a
 * storm, where earlier entries were missing. What was stored says which they really are.
 */
import { type EpisodeState, stateOf } from "../correlation/episodes.ts";
import { fingerprintOf } from "../correlation/identity.ts";
import type { Group } from "./group.ts";
import type { StoredEpisode, WindowSpec } from "./windows.ts";

export function restoreEpisodes(
  groups: ReadonlyMap<string, Group>,
  window: WindowSpec,
  stored: readonly StoredEpisode[],
): void {
  const byFingerprint = new Map<string, StoredEpisode[]>();
  for (const one of stored) byFingerprint.set(one.fingerprint, [...(byFingerprint.get(one.fingerprint) ?? []), one]);
  for (const [key, group] of groups) {
    const known = byFingerprint.get(fingerprintOf(window.ruleId, key)) ?? [];
    group.episodes = known.filter((one) => isUnderWay(one, group, window)).map((one) => toEpisode(one, group));
  }
}

/** Nothing came after it, or the replay too saw it go on. */
function isUnderWay(stored: StoredEpisode, group: Group, window: WindowSpec): boolean {
  if (stored.eventIds.at(-1) === group.lastEventId) return true;
  return group.episodes.some(
    (seen) =>
      seen.firstEventAt < stored.lastEventAt + window.timespanMs &&
      seen.lastEventAt > stored.firstEventAt - window.timespanMs,
  );
}

function toEpisode(stored: StoredEpisode, { entries, episodes, lastArrivalAt }: Group): EpisodeState {
  const inside = entries.filter((entry) => entry.time >= stored.firstEventAt && entry.time <= stored.lastEventAt);
  const values = [...episodes.flatMap((episode) => episode.values), ...inside.map((entry) => entry.value)];
  return stateOf(stored, [...new Set(values.filter((value) => value !== undefined))], lastArrivalAt);
}
