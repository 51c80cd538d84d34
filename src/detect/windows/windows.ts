/**
 * The state of detection behind one interface: which matches a group has had lately, and which episodes are under way.
 *
 * A *window* belongs to one rule revision; a *group* is one value of its group-by; an *entry* is one counted event; an
 * *episode* is a run of events that keep the rule firing. All hits of one depth of a batch go in one call, so that an
 * implementation over a network pays one round trip for each depth of correlations of correlations (mostly one).
 */
import type { SecurityEvent } from "../../ingest/event.ts";
import type { Bounds } from "../correlation/condition.ts";
import type { Subject } from "../detection.ts";
import type { Condition } from "../sigma/document.ts";

/** Events may be this late, and are kept this much longer than their timespan. */
export const latenessMs = 15 * 60_000;

/**
 * EACH: every match fires (a plain rule). EVENTS, VALUES: events, or distinct values, are counted; ORDER: rules that
 * come one after another, told apart by the entry's value. SUM, AVERAGE, PERCENTILE: of the entries' numbers.
 */
export type Measure = "EACH" | "EVENTS" | "VALUES" | "ORDER" | "SUM" | "AVERAGE" | "PERCENTILE";

export interface WindowSpec {
  /** Rule id and revision: a changed rule starts afresh. */
  key: string;
  ruleId: string;
  measure: Measure;
  /** The length of the window; it is half open: events exactly this far apart do not share one. */
  timespanMs: number;
  /** What fires no further than this from an episode, in event time, belongs to it. At least the timespan. */
  gapMs: number;
  condition: Bounds;
  /** VALUES, ORDER: a condition over values (here called selections) that is asked instead of the bounds. */
  expression?: Condition;
  /** PERCENTILE: 0-100. */
  percentile?: number;
  /** How many correlations lie below it: its hits are applied after those of lower depth. */
  depth: number;
  /** Other correlations count it, so each time that it fires is told in `fired`. */
  feeds: boolean;
  /** How long before a restart events must have arrived to matter to it, ms. */
  horizonMs: number;
}

export interface Hit {
  window: WindowSpec;
  group: string;
  event: { id: string; time: number; receivedAt: number };
  /** VALUES, ORDER: the value that is counted. */
  value?: string | undefined;
  /** SUM, AVERAGE, PERCENTILE. */
  number?: number | undefined;
  /** The number is stored sealed: nobody may be told it. */
  sealed?: true | undefined;
  /** EACH: whom this match is about. */
  subjects?: Subject[] | undefined;
  /** Its group is somebody who is watched: a lower threshold applies (see `lower.ts`). */
  watched?: true | undefined;
  /** It stands for a moment at which another rule fired: the same value at the same time again is nothing new. */
  moment?: boolean | undefined;
  /** The event at the bottom of it, for correlations of correlations; windows hand it back and do not look at it. */
  origin?: SecurityEvent;
}

export interface Episode {
  id: string;
  fingerprint: string;
  group: string;
  /** Event times. */
  firstEventAt: number;
  lastEventAt: number;
  eventCount: number;
  /** In order of arrival: the first ones, and last the newest. */
  eventIds: string[];
  subjects: Subject[];
  /** VALUES, ORDER: the distinct values so far, as many as are kept. */
  values: string[];
  /** SUM, AVERAGE, PERCENTILE: what was measured when it fired last. */
  measured?: number;
  /** Some of its numbers are sealed. */
  sealed?: boolean;
  /** So far it fires only at the lower threshold of whom is watched. */
  lowered?: boolean;
}

export interface TouchedEpisode {
  window: WindowSpec;
  /** As it is after the batch. */
  episode: Episode;
  opened: boolean;
}

/** One time that a window which feeds others fired, in the order of the hits. */
export interface Firing {
  hit: Hit;
  /** It opened an episode. */
  opened: boolean;
  /** The event times at which the condition held because of the hit, earliest first. */
  ends: readonly number[];
}

export interface Applied {
  touched: TouchedEpisode[];
  fired: Firing[];
  /** Takes the batch back. Exact while no later batch touched the same groups; otherwise its entries are removed. */
  undo(): void;
}

/** An episode as it was stored: what `restore` puts back in place of what a replay could only guess. */
export type StoredEpisode = Pick<
  Episode,
  "id" | "fingerprint" | "firstEventAt" | "lastEventAt" | "eventCount" | "eventIds" | "subjects"
>;

export interface Windows {
  /** Adds the hits, all of one depth, in order. A hit whose event the window already holds changes nothing. */
  apply(hits: readonly Hit[]): Promise<Applied>;
  /** After a replay: episodes of these windows are exactly the stored ones that are still under way. */
  restore(window: WindowSpec, stored: readonly StoredEpisode[]): Promise<void>;
  /** Forgets every window that is not among these. */
  keep(windows: Iterable<WindowSpec>): void;
}

/** How long a group may be quiet before nothing can reach it any more. */
export function retentionMs({ timespanMs, gapMs }: Pick<WindowSpec, "timespanMs" | "gapMs">): number {
  return Math.max(timespanMs, gapMs) + latenessMs;
}
