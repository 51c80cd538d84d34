/**
 * After a replay the entries are exact, but of the episodes only their end is known: the replay began in the middle of a
 * storm, where earlier entries were missing. What was stored says which they really are.
 */
import { fingerprintOf } from "../correlation/identity.ts";
import type { Group } from "./group.ts";
import type { Store } from "./memory.ts";
import type { Episode, StoredEpisode, WindowSpec } from "./windows.ts";

export function restoreEpisodes(store: Store, window: WindowSpec, stored: readonly StoredEpisode[]): void {
  const byFingerprint = new Map<string, StoredEpisode[]>();
  for (const one of stored) byFingerprint.set(one.fingerprint, [...(byFingerprint.get(one.fingerprint) ?? []), one]);
  for (const [key, group] of store.groups) {
    const known = byFingerprint.get(fingerprintOf(window.ruleId, key)) ?? [];
    group.episodes = known.filter((one) => isUnderWay(one, group, window)).map((one) => toEpisode(one, key, group));
  }
}

/** Nothing came after it, or the replay too saw it go on. */
function isUnderWay(stored: StoredEpisode, group: Group, window: WindowSpec): boolean {
  if (stored.eventIds.at(-1) === group.lastEventId) return true;
  return group.episodes.some(
    (seen) => seen.firstEventAt < stored.lastEventAt + window.timespanMs && seen.lastEventAt > stored.firstEventAt - window.timespanMs,
  );
}

function toEpisode(stored: StoredEpisode, group: string, { entries, episodes, lastArrivalAt }: Group): Episode {
  const { id, fingerprint, firstEventAt, lastEventAt, eventCount } = stored;
  const values = entries.filter((entry) => entry.time >= firstEventAt && entry.time <= lastEventAt).map((entry) => entry.value);
  const replayed = episodes.flatMap((episode) => episode.values);
  return {
    id,
    fingerprint,
    group,
    firstEventAt,
    lastEventAt,
    eventCount,
    eventIds: [...stored.eventIds],
    subjects: [...stored.subjects],
    values: [...new Set([...replayed, ...values.filter((value) => value !== undefined)])],
    lastArrivalAt,
  };
}
