/**
 * Episodes of one group. A firing event goes to the episode that it touches in event time, or opens one; an event that
 * comes after an episode, within its reach, and does not fire ends it. Several may be under way in one group, because an
 * import of old logs and live traffic do not know of each other.
 */
import type { Subject } from "../detection.ts";
import type { Episode, Hit, StoredEpisode, WindowSpec } from "../windows/windows.ts";
import type { Entry } from "./entries.ts";
import { detectionId, fingerprintOf } from "./identity.ts";

export const maxUnderWay = 8; // in one group; beyond it the one that was quiet longest is given up
const maxEventIds = 20; // of which the last is the newest
export const maxValues = 50; // distinct values that an explanation can tell
const maxSubjects = 10;

/** An episode under way. Its lists only grow, so that a mark of their lengths is enough to go back. */
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
  lastArrivalAt: number;
  /** The last batch that went on with it; 0 while the hit that opened it is added. */
  batch: number;
}

/** How far from an episode an event may lie and still belong to it: EACH says "at most", a window is half open. */
function touches(episode: EpisodeState, time: number, window: WindowSpec): boolean {
  const distance = Math.max(episode.firstEventAt - time, time - episode.lastEventAt);
  return window.measure === "EACH" ? distance <= window.timespanMs : distance < window.timespanMs;
}

/** An event fired; answers its episode. Its window holds the entries `from` to `to`; a plain rule has none. */
export function fire(
  episodes: EpisodeState[],
  hit: Hit,
  entries: readonly Entry[],
  from: number,
  to: number,
): EpisodeState {
  let at = episodes.length - 1;
  while (at >= 0 && !touches(episodes[at] as EpisodeState, hit.event.time, hit.window)) at--;
  const episode = episodes[at];
  if (!episode) {
    const opened = open(hit, wholeWindow(entries, from, to, hit.window.timespanMs));
    episodes.push(opened);
    if (episodes.length > maxUnderWay) episodes.shift();
    return opened;
  }
  if (at < episodes.length - 1) episodes.push(...episodes.splice(at, 1)); // the busiest stays last
  extend(episode, hit);
  return episode;
}

/** What decided may be less than the window; an episode that opens wants all of it. */
function wholeWindow(entries: readonly Entry[], from: number, to: number, timespanMs: number): readonly Entry[] {
  const last = entries[to];
  if (!last) return [];
  let first = from;
  while (first > 0 && (entries[first - 1] as Entry).time > last.time - timespanMs) first--;
  return entries.slice(first, to + 1);
}

export function endAfter(episodes: EpisodeState[], time: number, window: WindowSpec): void {
  for (let index = episodes.length - 1; index >= 0; index--) {
    const episode = episodes[index];
    if (episode && episode.lastEventAt <= time && touches(episode, time, window)) episodes.splice(index, 1);
  }
}

function open({ window, group, event, value, subjects }: Hit, inWindow: readonly Entry[]): EpisodeState {
  const fingerprint = fingerprintOf(window.ruleId, group);
  const byArrival = inWindow
    .filter((entry) => entry.id !== event.id)
    .sort((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1));
  const values = new Set(
    inWindow
      .map((entry) => entry.value)
      .concat(value)
      .filter((one) => one !== undefined),
  );
  return {
    id: detectionId(window.ruleId, fingerprint, event.id),
    fingerprint,
    firstEventAt: inWindow.reduce((least, entry) => Math.min(least, entry.time), event.time),
    lastEventAt: inWindow.reduce((most, entry) => Math.max(most, entry.time), event.time),
    eventCount: Math.max(1, inWindow.length),
    firstEventIds: byArrival.map((entry) => entry.id).slice(0, maxEventIds - 1),
    lastEventId: event.id,
    subjects: [...(subjects ?? [])],
    values: [...values].slice(0, maxValues),
    lastArrivalAt: event.receivedAt,
    batch: 0,
  };
}

function extend(episode: EpisodeState, { event, value, subjects }: Hit): void {
  episode.eventCount++;
  episode.firstEventAt = Math.min(episode.firstEventAt, event.time);
  episode.lastEventAt = Math.max(episode.lastEventAt, event.time);
  episode.lastArrivalAt = Math.max(episode.lastArrivalAt, event.receivedAt);
  if (episode.firstEventIds.length < maxEventIds - 1) episode.firstEventIds.push(episode.lastEventId);
  episode.lastEventId = event.id;
  if (value !== undefined && episode.values.length < maxValues && !episode.values.includes(value))
    episode.values.push(value);
  if (subjects) for (const subject of subjects) addSubject(episode.subjects, subject);
}

/** What others may see and keep. */
export function viewOf(episode: EpisodeState, group: string): Episode {
  const { id, fingerprint, firstEventAt, lastEventAt, eventCount } = episode;
  const eventIds = episode.firstEventIds.concat(episode.lastEventId);
  return {
    id,
    fingerprint,
    group,
    firstEventAt,
    lastEventAt,
    eventCount,
    eventIds,
    subjects: episode.subjects.slice(),
    values: episode.values.slice(),
  };
}

export function stateOf(stored: StoredEpisode, values: readonly string[], lastArrivalAt: number): EpisodeState {
  const { id, fingerprint, firstEventAt, lastEventAt, eventCount } = stored;
  const firstEventIds = stored.eventIds.slice(0, -1);
  const lastEventId = stored.eventIds.at(-1) ?? "";
  return {
    id,
    fingerprint,
    firstEventAt,
    lastEventAt,
    eventCount,
    firstEventIds,
    lastEventId,
    subjects: [...stored.subjects],
    values: values.slice(0, maxValues),
    lastArrivalAt,
    batch: -1,
  };
}

function addSubject(subjects: Subject[], subject: Subject): void {
  if (subjects.length >= maxSubjects) return;
  if (!subjects.some((known) => known.kind === subject.kind && known.key === subject.key)) subjects.push(subject);
}
