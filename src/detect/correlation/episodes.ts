/**
 * Episodes of one group: which windows that fired belong together.
 *
 * All windows of the group that fire, joined where they overlap or lie no further apart than the rule's gap, are its
 * episodes; the first and last event and the count of an episode follow from the events of the group alone, whatever the order of
 * their arrival, as long as no event is later than the lateness, the condition is a lower bound (see condition.ts), the group is below its room of
 * entries (see compact.ts; above it counts of values and sums may be off by what compaction blurs) and has no more than eight episodes under way.
 *
 * The id of an episode is made from its earliest event at the time when it opened, and stays: the same history in the same
 * order of arrival gives the same ids, however it is cut into batches; another order of arrival may give another id. An event that
 * connects two episodes makes them one: the one whose first event arrived first takes the other in, which then is told
 * no more and stays stored as it was (the incident is one, since the fingerprint is).
 */
import type { Subject } from "../detection.ts";
import type { Episode, Hit, StoredEpisode } from "../windows/windows.ts";
import { onlyGrows } from "./condition.ts";
import { type Entry, firstSince, timeAt, weightOf } from "./entries.ts";
import type { Found } from "./find.ts";
import { detectionId, fingerprintOf } from "./identity.ts";
import { covering, joined, type Segment } from "./segments.ts";

export const maxUnderWay = 8; // in one group; beyond it the one that was quiet longest is given up
const maxEventIds = 20; // of which the last is the newest
export const maxValues = 50; // distinct values that an explanation can tell
const maxSubjects = 10;

/** An episode under way. Plain data. */
export interface EpisodeState {
  readonly id: string;
  readonly fingerprint: string;
  firstEventAt: number;
  lastEventAt: number;
  eventCount: number;
  firstEventIds: string[];
  lastEventId: string;
  subjects: Subject[];
  values: string[];
  /** Counted events within these are counted in it. */
  segments: Segment[];
  lastArrivalAt: number;
  measured?: number;
  sealed?: boolean;
  lowered?: boolean;
}

/** What an event that fired did. */
export interface Outcome {
  episode: EpisodeState;
  opened: boolean;
  /** The event times at which the condition held because of it, earliest first. */
  ends: readonly number[];
}

const noEntries: readonly Entry[] = [];

/** A match of a plain rule. */
export function fireEach(episodes: EpisodeState[], hit: Hit): Outcome {
  return fire(episodes, hit, [hit.event.time, hit.event.time], noEntries, [hit.event.time]);
}

/** An event made windows fire. */
export function fireWindows(
  episodes: EpisodeState[],
  hit: Hit,
  entries: readonly Entry[],
  at: number,
  found: Found,
  /** It fires only at the lower threshold of whom is watched. */
  lowered = false,
): Outcome {
  const fresh: Entry[] = [];
  // Nothing is later and nothing was taken out: once an entry is covered, so are those before it in the window.
  const early = at === entries.length - 1 && onlyGrows(hit.window.condition) && !hit.window.expression;
  for (let index = found.lastEnd; index >= found.from; index--) {
    const entry = entries[index] as Entry;
    const since = index === at ? undefined : coveredSince(episodes, entry.time);
    if (since === undefined) fresh.push(entry);
    else if (early) break;
    else {
      const start = Math.max(firstSince(entries, since), found.from);
      if (start <= at && at < index) fresh.push(entries[at] as Entry);
      index = start; // all of them are counted already
    }
  }
  const span: Segment = [timeAt(entries, found.from), timeAt(entries, found.lastEnd)];
  const outcome = fire(episodes, hit, span, fresh, found.ends);
  if (!lowered) delete outcome.episode.lowered;
  else if (outcome.opened) outcome.episode.lowered = true;
  if (hit.number !== undefined) {
    outcome.episode.measured = found.measured;
    if (entries.slice(found.from, found.lastEnd + 1).some(({ sealed }) => sealed)) outcome.episode.sealed = true;
  }
  return outcome;
}

/** The beginning of the segment, of any episode, that covers the time. */
function coveredSince(episodes: readonly EpisodeState[], time: number): number | undefined {
  for (let index = 0; index < episodes.length; index++) {
    const segment = covering((episodes[index] as EpisodeState).segments, time);
    if (segment) return segment[0];
  }
  return undefined;
}

function fire(
  episodes: EpisodeState[],
  hit: Hit,
  span: Segment,
  fresh: readonly Entry[],
  ends: readonly number[],
): Outcome {
  const { gapMs } = hit.window;
  const near = episodes.filter(
    ({ firstEventAt, lastEventAt }) => Math.max(firstEventAt - span[1], span[0] - lastEventAt) <= gapMs,
  );
  const [first, ...others] = near.length > 1 ? near.sort(byFirstArrival) : near;
  if (!first) {
    const episode = open(hit, span, fresh);
    episodes.push(episode);
    if (episodes.length > maxUnderWay) giveUpQuietest(episodes, episode);
    return { episode, opened: true, ends };
  }
  for (const other of others) {
    absorb(first, other);
    episodes.splice(episodes.indexOf(other), 1);
  }
  extend(first, hit, span, fresh);
  return { episode: first, opened: false, ends };
}

function byFirstArrival(one: EpisodeState, other: EpisodeState): number {
  return firstIdOf(one) < firstIdOf(other) ? -1 : 1;
}

function firstIdOf({ firstEventIds, lastEventId }: EpisodeState): string {
  return firstEventIds[0] ?? lastEventId;
}

function giveUpQuietest(episodes: EpisodeState[], but: EpisodeState): void {
  let quietest = 0;
  for (const [index, episode] of episodes.entries())
    if (episode !== but && episode.lastArrivalAt < (episodes[quietest] as EpisodeState).lastArrivalAt) quietest = index;
  episodes.splice(quietest, 1);
}

function open({ window, group, event, value, subjects }: Hit, span: Segment, fresh: readonly Entry[]): EpisodeState {
  const fingerprint = fingerprintOf(window.ruleId, group);
  const anchor = fresh.reduce<{ id: string; time: number }>(
    (first, one) => (isBefore(one, first) ? one : first),
    event,
  );
  const inTime = [...fresh].sort((one, other) => one.time - other.time);
  const values = new Set(
    inTime
      .map((entry) => entry.value)
      .concat(value)
      .filter((one) => one !== undefined),
  );
  const episode: EpisodeState = {
    id: detectionId(window.ruleId, fingerprint, anchor.id),
    fingerprint,
    firstEventAt: span[0],
    lastEventAt: span[1],
    eventCount: Math.max(1, weigh(fresh)),
    firstEventIds: idsOf(fresh, event.id).slice(0, maxEventIds - 1),
    lastEventId: event.id,
    subjects: [...(subjects ?? [])],
    values: [...values].slice(0, maxValues),
    segments: [span],
    lastArrivalAt: event.receivedAt,
  };
  return episode;
}

function extend(episode: EpisodeState, hit: Hit, span: Segment, fresh: readonly Entry[]): void {
  const { event, value, subjects } = hit;
  episode.eventCount += Math.max(1, weigh(fresh));
  episode.firstEventAt = Math.min(episode.firstEventAt, span[0]);
  episode.lastEventAt = Math.max(episode.lastEventAt, span[1]);
  episode.segments =
    hit.window.measure === "EACH" ? [[episode.firstEventAt, episode.lastEventAt]] : joined(episode.segments, [span]);
  episode.lastArrivalAt = Math.max(episode.lastArrivalAt, event.receivedAt);
  if (episode.firstEventIds.length < maxEventIds - 1)
    episode.firstEventIds = [...episode.firstEventIds, episode.lastEventId, ...idsOf(fresh, event.id)].slice(
      0,
      maxEventIds - 1,
    );
  episode.lastEventId = event.id;
  for (const entry of fresh) addValue(episode.values, entry.value);
  addValue(episode.values, value);
  if (subjects) for (const subject of subjects) addSubject(episode.subjects, subject);
}

function absorb(episode: EpisodeState, other: EpisodeState): void {
  episode.eventCount += other.eventCount;
  episode.firstEventAt = Math.min(episode.firstEventAt, other.firstEventAt);
  episode.lastEventAt = Math.max(episode.lastEventAt, other.lastEventAt);
  episode.segments = joined(episode.segments, other.segments);
  episode.lastArrivalAt = Math.max(episode.lastArrivalAt, other.lastArrivalAt);
  const ids = new Set([...episode.firstEventIds, episode.lastEventId, ...other.firstEventIds, other.lastEventId]);
  const sorted = [...ids].sort();
  episode.lastEventId = sorted.pop() as string;
  episode.firstEventIds = sorted.slice(0, maxEventIds - 1);
  for (const value of other.values) addValue(episode.values, value);
  for (const subject of other.subjects) addSubject(episode.subjects, subject);
  if (other.sealed) episode.sealed = true;
}

function isBefore(one: { id: string; time: number }, other: { id: string; time: number }): boolean {
  return one.time < other.time || (one.time === other.time && one.id < other.id);
}

function weigh(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + weightOf(entry), 0);
}

/** In order of arrival, without the newest. */
function idsOf(entries: readonly Entry[], newest: string): string[] {
  if (entries.length <= 1) return [];
  const ids = new Set(entries.map(({ id }) => id));
  ids.delete(newest);
  return [...ids].sort();
}

function addValue(values: string[], value: string | undefined): void {
  if (value !== undefined && values.length < maxValues && !values.includes(value)) values.push(value);
}

function addSubject(subjects: Subject[], subject: Subject): void {
  if (subjects.length >= maxSubjects) return;
  if (!subjects.some((known) => known.kind === subject.kind && known.key === subject.key)) subjects.push(subject);
}

/** What others may see and keep. */
export function viewOf(episode: EpisodeState, group: string): Episode {
  const { firstEventIds, lastEventId, segments: _, lastArrivalAt: __, ...rest } = episode;
  const eventIds = firstEventIds.concat(lastEventId);
  return { ...rest, group, eventIds, subjects: rest.subjects.slice(), values: rest.values.slice() };
}

export function copyOf(episode: EpisodeState): EpisodeState {
  return {
    ...episode,
    firstEventIds: episode.firstEventIds.slice(),
    subjects: episode.subjects.slice(),
    values: episode.values.slice(),
    segments: episode.segments.slice(),
  };
}

export function stateOf(
  stored: StoredEpisode,
  guessed: { values: readonly string[]; segments: Segment[]; lastArrivalAt: number },
): EpisodeState {
  const { id, fingerprint, firstEventAt, lastEventAt, eventCount } = stored;
  return {
    id,
    fingerprint,
    firstEventAt,
    lastEventAt,
    eventCount,
    firstEventIds: stored.eventIds.slice(0, -1),
    lastEventId: stored.eventIds.at(-1) ?? "",
    subjects: [...stored.subjects],
    values: guessed.values.slice(0, maxValues),
    segments: guessed.segments,
    lastArrivalAt: guessed.lastArrivalAt,
  };
}
