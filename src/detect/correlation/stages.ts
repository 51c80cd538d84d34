/**
 * A batch of events through the windows: first those that count matches of detection rules, then those that count
 * detections of these, and so on. Within a depth hits go in the order of the events at the bottom of them, so that the cut
 * of batches changes nothing.
 */
import type { SecurityEvent } from "../../ingest/event.ts";
import type { RuleSet } from "../compile.ts";
import type { ChainedCounter, Counter, InnerDetection } from "../rule.ts";
import type { Applied, Firing, Hit, TouchedEpisode, Windows } from "../windows/windows.ts";
import { markWatched, type WatchedAmong } from "./lower.ts";

/** A hit, and the place of its event in the batch. */
interface Placed {
  place: number;
  hit: Hit;
}

/** By depth. */
type Stages = Placed[][];

/** The moments that a batch has handed to a counter so far, by group: in a storm nearly all of them come many times. */
type Moments = Map<ChainedCounter, Map<string, Set<number>>>;

export async function applyAll(
  ruleSet: RuleSet,
  events: readonly SecurityEvent[],
  windows: Windows,
  watchedAmong?: WatchedAmong,
): Promise<{ touched: TouchedEpisode[]; undo(): void }> {
  const stages = findHits(ruleSet, events);
  const applied: Applied[] = [];
  const undo = () => {
    for (const one of applied.toReversed()) one.undo();
  };
  let places: Map<SecurityEvent, number> | undefined;
  const moments: Moments = new Map();
  try {
    for (let depth = 0; depth < stages.length; depth++) {
      const placed = stages[depth] ?? [];
      if (placed.length === 0) continue;
      if (depth > 0) placed.sort((one, other) => one.place - other.place);
      const hits = placed.map(({ hit }) => hit);
      if (watchedAmong) await markWatched(hits, ruleSet.firing, watchedAmong);
      const result = await windows.apply(hits);
      applied.push(result);
      for (const firing of result.fired) chain(ruleSet, firing, (places ??= placesOf(events)), stages, moments);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return { touched: applied.flatMap(({ touched }) => touched), undo };
}

function placesOf(events: readonly SecurityEvent[]): Map<SecurityEvent, number> {
  const places = new Map<SecurityEvent, number>();
  for (const [place, event] of events.entries()) if (!places.has(event)) places.set(event, place);
  return places;
}

function put(stages: Stages, place: number, hit: Hit): void {
  const { depth } = hit.window;
  while (stages.length <= depth) stages.push([]);
  stages[depth]?.push({ place, hit });
}

function findHits({ candidates }: RuleSet, events: readonly SecurityEvent[]): Stages {
  const stages: Stages = [];
  for (const [place, event] of events.entries())
    for (const rule of candidates(event)) {
      if (!rule.matches(event)) continue;
      if (rule.own) {
        const subjects = rule.own.subjects(event);
        const [first] = subjects;
        const group = first ? `${first.kind} ${first.key}` : "";
        put(stages, place, { window: rule.own.window, group, event, subjects, origin: event });
      }
      for (const counter of rule.counters) {
        const hit = hitOf(counter, event, event, event);
        if (hit) put(stages, place, hit);
      }
    }
  return stages;
}

/**
 * A correlation fired. Who counts its detections has a hit when one opens, at the event time at which the condition held first; who
 * waits for it (temporal) has one for each moment at which it held, since a storm that goes on is still there later.
 */
function chain(
  { firing }: RuleSet,
  { hit, opened, ends }: Firing,
  places: ReadonlyMap<SecurityEvent, number>,
  stages: Stages,
  moments: Moments,
): void {
  const rule = firing.get(hit.window.key);
  const { origin, event } = hit;
  if (!rule || !origin) return;
  const source = { group: hit.group, origin };
  for (const counter of rule.chained) {
    const times = counter.everyFiring ? freshMoments(moments, counter, source, ends) : opened ? ends.slice(0, 1) : [];
    for (const time of times) {
      const next = hitOf(counter, source, { id: event.id, time, receivedAt: event.receivedAt }, origin);
      if (next) put(stages, places.get(origin) ?? 0, { ...next, moment: counter.everyFiring });
    }
  }
}

/** Of these times those that the batch has not handed to the counter for this group. (A window would know them again.) */
function freshMoments(
  moments: Moments,
  counter: ChainedCounter,
  source: InnerDetection,
  ends: readonly number[],
): readonly number[] {
  const group = counter.groupOf(source);
  if (group === undefined) return [];
  let groups = moments.get(counter);
  if (!groups) moments.set(counter, (groups = new Map()));
  let known = groups.get(group);
  if (!known) groups.set(group, (known = new Set()));
  const fresh: number[] = [];
  for (const end of ends)
    if (!known.has(end)) {
      known.add(end);
      fresh.push(end);
    }
  return fresh;
}

function hitOf<Source>(
  { window, groupOf, countedOf, numberOf, isSealed }: Counter<Source>,
  source: Source,
  event: Hit["event"],
  origin: SecurityEvent,
): Hit | undefined {
  const group = groupOf(source);
  if (group === undefined) return undefined;
  const value = countedOf?.(source);
  if (countedOf && value === undefined) return undefined;
  if (!numberOf) return { window, group, event, value, origin };
  const number = numberOf(source);
  return number === undefined
    ? undefined
    : { window, group, event, number, sealed: isSealed?.(source) ? true : undefined, origin };
}
