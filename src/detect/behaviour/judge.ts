/**
 * Judges events one by one, in order of arrival: each by all behaviour rules, against the profiles as they were before
 * it; then it teaches them. So the cut of batches changes nothing.
 */
import type { SecurityEvent, StoredFinding } from "../../ingest/event.ts";
import type { Disguise } from "../correlation/disguise.ts";
import type { Seen } from "./behaviour-detector.ts";
import type { BehaviourRule } from "./behaviour-rule.ts";
import { type Entity, hasProfile, seeAt } from "./entity.ts";
import { mayMake } from "./entity-of.ts";
import type { Facet, ProfileKind } from "./facet.ts";
import { storedFinding } from "./finding.ts";

/** The entities that an event is about. */
export type Touched = Partial<Record<ProfileKind, Entity>>;

export interface JudgeOptions {
  rules: readonly BehaviourRule[];
  facets: ReadonlyMap<ProfileKind, readonly Facet<unknown>[]>;
  timeZone: string;
  disguise: Disguise;
  entitiesOf(event: SecurityEvent): Touched;
  /** A detector or facet that throws is passed over for this event: nothing that was sent may be lost by it. */
  onFault(what: string, error: unknown): void;
}

/** Entities whose profile, or only the time of whom, changed. */
export interface Changed {
  taught: Set<Entity>;
  seen: Set<Entity>;
}

export type Findings = Record<string, StoredFinding>;

/** `tell` gets what was found in an event, before the next one is judged. */
export type Judge = (
  events: readonly SecurityEvent[],
  tell: (event: SecurityEvent, findings: Findings) => void,
) => Changed;

export function createJudge({ rules, facets, timeZone, disguise, entitiesOf, onFault }: JudgeOptions): Judge {
  let touched: Touched = {};
  let missing: { error: unknown } | undefined;
  const seen: Seen = {
    timeZone,
    disguise(value) {
      try {
        return disguise.pseudonym(value).replace("sealed-", "~");
      } catch (error) {
        missing = { error }; // no fault of whoever asked: the batch is tried again with the key
        throw error;
      }
    },
    facet<State>(facet: Facet<State>): State | undefined {
      const entity = touched[facet.of];
      return entity && ((entity.profile[facet.name] as State | undefined) ?? facet.empty());
    },
  };
  const passed = (what: string, error: unknown): void => {
    if (missing) throw missing.error;
    onFault(what, error);
  };

  function judge(event: SecurityEvent): Findings | undefined {
    let found: Findings | undefined;
    for (const { id, revision, detector, parameters } of rules) {
      try {
        if (!detector.concerns(event)) continue;
        const finding = detector.judge(event, seen, parameters);
        if (finding) (found ??= {})[id] = storedFinding(event, finding, revision, disguise);
      } catch (error) {
        passed(`the detector ${detector.name}`, error);
      }
    }
    return found;
  }

  function teach(entity: Entity, event: SecurityEvent, { taught, seen: times }: Changed): void {
    const makes = mayMake(entity.kind, event);
    if ((makes || entity.firstSeenAt !== 0) && seeAt(entity, event.time)) times.add(entity);
    if (!makes && !hasProfile(entity)) return;
    for (const facet of facets.get(entity.kind) ?? []) {
      try {
        if (!facet.concerns(event)) continue;
        facet.learn((entity.profile[facet.name] ??= facet.empty()), event, seen);
        taught.add(entity);
      } catch (error) {
        passed(`the facet ${facet.name}`, error);
      }
    }
  }

  return (events, tell) => {
    const changed: Changed = { taught: new Set(), seen: new Set() };
    for (const event of events) {
      missing = undefined;
      touched = entitiesOf(event);
      const found = judge(event);
      if (found) tell(event, found);
      for (const kind in touched) teach(touched[kind as ProfileKind] as Entity, event, changed);
    }
    return changed;
  };
}
