/**
 * After a replay the entries are exact, but episodes are not: the replay began in the middle of a storm, where earlier
 * entries were missing. The stored detections say which episodes there were; the entries, which of them are over.
 */
import { type EpisodeState, maxUnderWay, stateOf } from "../correlation/episodes.ts";
import { detectionId, fingerprintOf } from "../correlation/identity.ts";
import type { Group } from "./group.ts";
import type { StoredEpisode, WindowSpec } from "./windows.ts";

interface KnownEpisode extends StoredEpisode {
  /** The event that opened it; undefined where it is not among the kept ids. */
  opener: string | undefined;
}

export function restoreEpisodes(
  groups: ReadonlyMap<string, Group>,
  window: WindowSpec,
  stored: readonly StoredEpisode[],
): void {
  const byFingerprint = new Map<string, StoredEpisode[]>();
  for (const one of stored) byFingerprint.set(one.fingerprint, [...(byFingerprint.get(one.fingerprint) ?? []), one]);
  for (const group of groups.values()) {
    const told = byFingerprint.get(fingerprintOf(window.ruleId, group.key)) ?? [];
    const known = told.map((one) => ({ ...one, opener: openerOf(one, window.ruleId) }));
    group.episodes = known
      .filter((one) => !isOver(one, known, group, window))
      .sort((one, other) => (lastIdOf(one) < lastIdOf(other) ? -1 : 1))
      .slice(-maxUnderWay)
      .map((one) => toEpisode(one, group));
  }
}

function lastIdOf({ eventIds }: StoredEpisode): string {
  return eventIds.at(-1) ?? "";
}

/** An event came after its newest, within reach and later in event time, and did not fire. */
function isOver(stored: KnownEpisode, all: readonly KnownEpisode[], { entries }: Group, window: WindowSpec): boolean {
  const last = lastIdOf(stored);
  return entries.some(
    ({ id, time }) =>
      id > last &&
      time >= stored.lastEventAt &&
      time < stored.lastEventAt + window.timespanMs &&
      !all.some((other) => isOf(other, id, time)),
  );
}

/** Whether the event fired in this episode: not before the event that opened it, nor after its newest. */
function isOf(episode: KnownEpisode, id: string, time: number): boolean {
  if (id > lastIdOf(episode) || time < episode.firstEventAt || time > episode.lastEventAt) return false;
  return episode.opener === undefined || id >= episode.opener;
}

/** The id of a detection is made from the event that opened it, so that event can be told among those that are kept. */
function openerOf({ id, fingerprint, eventIds }: StoredEpisode, ruleId: string): string | undefined {
  return eventIds.find((eventId) => detectionId(ruleId, fingerprint, eventId) === id);
}

function toEpisode(stored: StoredEpisode, { entries, episodes }: Group): EpisodeState {
  const inside = entries.filter(({ time }) => time >= stored.firstEventAt && time <= stored.lastEventAt);
  const values = [...episodes.flatMap((episode) => episode.values), ...inside.map((entry) => entry.value)];
  const newest = lastIdOf(stored);
  const lastArrivalAt = entries.find(({ id }) => id === newest)?.receivedAt ?? arrivalOf(newest);
  return stateOf(stored, [...new Set(values.filter((value) => value !== undefined))], lastArrivalAt);
}

/** Event ids are UUIDv7, whose first 48 bits are the time of arrival. */
function arrivalOf(id: string): number {
  return Number.parseInt(id.replace("-", "").slice(0, 12), 16);
}
