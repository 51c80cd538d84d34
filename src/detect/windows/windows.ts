/**
 * The state of detection behind one interface: which matches a group has had lately, and which episodes are under way.
 *
 * A *window* belongs to one rule revision; a *group* is one value of its group-by; an *entry* is one counted event; an
 * *episode* is a run of events that keep the rule firing. All hits of a batch go in one call, so that an implementation
 * over a network pays one round trip.
 */
import type { CountCondition } from "../correlation/condition.ts";
import type { Subject } from "../detection.ts";

/** Events may be this late, and are kept this much longer than their timespan. */
export const latenessMs = 15 * 60_000;

export interface WindowSpec {
  /** Rule id and revision: a changed rule starts afresh. */
  key: string;
  ruleId: string;
  /** EACH: every match fires (a plain rule). EVENTS, VALUES: events, or distinct values, are counted. */
  measure: "EACH" | "EVENTS" | "VALUES";
  /** The length of the window; for EACH the longest quiet stretch inside an episode. */
  timespanMs: number;
  condition: CountCondition;
}

export interface Hit {
  window: WindowSpec;
  group: string;
  event: { id: string; time: number; receivedAt: number };
  /** VALUES: the value that is counted. */
  value?: string | undefined;
  /** EACH: whom this match is about. */
  subjects?: Subject[];
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
  /** VALUES: the distinct values so far, as many as are kept. */
  values: string[];
}

export interface TouchedEpisode {
  window: WindowSpec;
  /** As it is after the batch. */
  episode: Episode;
  opened: boolean;
}

export interface Applied {
  touched: TouchedEpisode[];
  /** Takes the batch back. Exact while no later batch touched the same groups; otherwise its entries are removed. */
  undo(): void;
}

/** An episode as it was stored: what `restore` puts back in place of what a replay could only guess. */
export type StoredEpisode = Pick<
  Episode,
  "id" | "fingerprint" | "firstEventAt" | "lastEventAt" | "eventCount" | "eventIds" | "subjects"
>;

export interface Windows {
  /** Adds the hits in order. A hit whose event the window already holds changes nothing. */
  apply(hits: readonly Hit[]): Promise<Applied>;
  /** After a replay: episodes of these windows are exactly the stored ones that are still under way. */
  restore(window: WindowSpec, stored: readonly StoredEpisode[]): Promise<void>;
  /** Forgets every window that is not among these. */
  keep(windows: Iterable<WindowSpec>): void;
}

export function retentionMs(window: WindowSpec): number {
  return window.timespanMs + latenessMs;
}
