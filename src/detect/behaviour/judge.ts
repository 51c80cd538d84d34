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
import { type Facet, type ProfileKind, profileKinds } from "./facet.ts";
import { storedFinding } from "./finding.ts";

/** The entities that an event is about. */
export type Touched = Record<ProfileKind, Entity | undefined>;

export interface JudgeOptions {
  rules: readonly BehaviourRule[];
  facets: ReadonlyMap<ProfileKind, readonly Facet<unknown>[]>;
  timeZone: string;
  disguise: Disguise;
  /** `index`: which of the events that are judged it is. */
  entitiesOf(event: SecurityEvent, index: number): Touched;
  /** A detector or facet that throws is passed over for this event: nothing that was sent may be lost by it. */
  onFault(what: string, error: unknown): void;
}

/** Entities whose profile, or only the time of whom, changed. */
export interface Changed {
  taught: Set<Entity>;
  seen: Set<Entity>;
}

export type Findings = Record<string, StoredFinding>;

/** `tell` gets what was found in an event, before the next one is judged; `changed` is added to, and answered. */
export type Judge = (
  events: readonly SecurityEvent[],
  tell: (event: SecurityEvent, findings: Findings) => void,
  changed?: Changed,
) => Changed;

const mostKept = 20_000; // disguises: the same people and patients come again and again

export function createJudge({ rules, facets, timeZone, disguise, entitiesOf, onFault }: JudgeOptions): Judge {
  let touched: Touched | undefined;
  let missing: { error: unknown } | undefined;
  const disguised = new Map<string, string>();
  const seen: Seen = {
    timeZone,
    shortKeys: new Map(),
    disguise(value) {
      const known = disguised.get(value);
      if (known !== undefined) return known;
      try {
        const short = disguise.pseudonym(value).replace("sealed-", "~");
        disguised.set(value, short);
        return short;
      } catch (error) {
        missing = { error }; // no fault of whoever asked: the batch is tried again with the key
        throw error;
      }
    },
    facet<State>(facet: Facet<State>): State | undefined {
      const entity = touched?.[facet.of];
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
    let learned = false;
    for (const facet of facets.get(entity.kind) ?? []) {
      try {
        if (!facet.concerns(event)) continue;
        learned = true;
        facet.learn((entity.profile[facet.name] ??= facet.empty()), event, seen);
      } catch (error) {
        passed(`the facet ${facet.name}`, error);
      }
    }
    if (learned) taught.add(entity);
  }

  return (events, tell, changed = { taught: new Set(), seen: new Set() }) => {
    if (disguised.size > mostKept) {
      disguised.clear();
      seen.shortKeys?.clear();
    }
    for (let index = 0; index < events.length; index++) {
      const event = events[index] as SecurityEvent;
      missing = undefined;
      touched = entitiesOf(event, index);
      const found = judge(event);
      if (found) tell(event, found);
      for (const kind of profileKinds) {
        const entity = touched[kind];
        if (entity) teach(entity, event, changed);
      }
    }
    return changed;
  };
}
