/**
 * A profile is what is known of one entity, as facets: each facet is one question (from which countries, at which hours,
 * how much a day) with a small state that learns from events in order of arrival and forgets by their own time. Profiles
 * do not depend on rules: a rule that changes reads the same profile.
 */
import type { SecurityEvent } from "../../ingest/event.ts";

export const profileKinds = ["USER", "ADDRESS", "API_KEY", "SERVICE", "PATIENT", "ROLE", "ORGANIZATION"] as const;
/** Of whom there are profiles. SERVICE is a log source (`product/service/category`); ROLE a peer group; ORGANIZATION has one, with the key "". */
export type ProfileKind = (typeof profileKinds)[number];

/** What a facet and a detector may know besides the event. */
export interface Surroundings {
  /** The organization's IANA time zone. */
  timeZone: string;
  /** Stands for a value that profiles may not hold in clear (patients, surnames): short, equal for equal values. */
  disguise(value: string): string;
  /** Short keys of the events at hand by kind and value, for `shortKey` to remember; absent: it makes each anew. */
  shortKeys?: Map<string, Map<string, string>>;
}

/** The profiles that concern an event. */
export interface Seen extends Surroundings {
  /** The facet of the event's entity of the facet's kind (its user, its address, its service …); undefined: it has none. */
  facet<State>(facet: Facet<State>): State | undefined;
}

export interface Facet<State> {
  /** Its key in the stored profile: snake_case, never reused. */
  readonly name: string;
  readonly of: ProfileKind;
  /** Whether `learn` could change anything; cheap. */
  concerns(event: SecurityEvent): boolean;
  /** People teach it, not events: it stays when profiles are rebuilt. */
  readonly byPeople?: true;
  /** The state before anything is known. */
  empty(): State;
  /**
   * What the event teaches, in place, after the detectors have judged it. Bounded: at most a few kB as JSON. It may look
   * at other facets, which may or may not have learned the same event: it must not matter.
   */
  learn(state: State, event: SecurityEvent, seen: Seen): void;
  /** What a person is told, in words; undefined: nothing worth saying. */
  tell?(state: State): string | undefined;
}
