/**
 * After a replay the entries are exact, but episodes are not: the replay began in the middle of a storm, where earlier
 * entries were missing. The stored detections say which episodes there were and what was counted in them.
 */
import { type EpisodeState, maxUnderWay, stateOf } from "../correlation/episodes.ts";
import { fingerprintOf } from "../correlation/identity.ts";
import { joined, type Segment } from "../correlation/segments.ts";
import type { Group } from "./group.ts";
import { retentionMs, type StoredEpisode, type WindowSpec } from "./windows.ts";

export function restoreEpisodes(
  groups: ReadonlyMap<string, Group>,
  window: WindowSpec,
  stored: readonly StoredEpisode[],
): void {
  const byFingerprint = new Map<string, StoredEpisode[]>();
  for (const one of stored) byFingerprint.set(one.fingerprint, [...(byFingerprint.get(one.fingerprint) ?? []), one]);
  for (const group of groups.values())
    restoreGroup(group, window, byFingerprint.get(fingerprintOf(window.ruleId, group.key)) ?? []);
}

/** What one group's episodes are, given those that were stored for it. */
export function restoreGroup(group: Group, window: WindowSpec, stored: readonly StoredEpisode[]): void {
  const { episodes: guessed } = group;
  const since = group.lastArrivalAt - retentionMs(window);
  group.episodes = standing(stored)
    .map((one) => stateOf(one, knownOf(one, guessed)))
    .filter(({ lastArrivalAt }) => lastArrivalAt >= since)
    .sort((one, other) => one.lastArrivalAt - other.lastArrivalAt)
    .slice(-maxUnderWay);
}

/** Without those that another took in: it reaches over them and has heard of a later event. */
function standing(stored: readonly StoredEpisode[]): StoredEpisode[] {
  const isPartOf = (one: StoredEpisode, other: StoredEpisode) =>
    one !== other &&
    other.firstEventAt <= one.firstEventAt &&
    other.lastEventAt >= one.lastEventAt &&
    lastIdOf(other) > lastIdOf(one);
  return stored.filter((one) => !stored.some((other) => isPartOf(one, other)));
}

/** What the replay knows of it: the quiet stretches inside it, the values, the arrivals. */
function knownOf(stored: StoredEpisode, guessed: readonly EpisodeState[]) {
  const { firstEventAt, lastEventAt } = stored;
  const inside = guessed.filter((one) => one.firstEventAt <= lastEventAt && one.lastEventAt >= firstEventAt);
  const segments = inside.reduce<Segment[]>((all, one) => joined(all, one.segments), []);
  // What the replay cannot know, before what it knows and after it, was counted.
  const before: Segment = [firstEventAt, segments[0]?.[1] ?? lastEventAt];
  const after: Segment = [segments.at(-1)?.[0] ?? firstEventAt, lastEventAt];
  return {
    values: [...new Set(inside.flatMap(({ values }) => values))],
    segments: joined(segments, [before, after]),
    lastArrivalAt: arrivalOf(lastIdOf(stored)),
  };
}

function lastIdOf({ eventIds }: StoredEpisode): string {
  return eventIds.at(-1) ?? "";
}

/** Event ids are UUIDv7, whose first 48 bits are the time of arrival, ms. */
function arrivalOf(id: string): number {
  return Number.parseInt(id.replace("-", "").slice(0, 12), 16) || 0;
}
