/** Behaviour rules over history: profiles start empty and learn from what is read, in memory; several rule sets at once. */
import type { SecurityEvent } from "../../ingest/event.ts";
import type { Disguise } from "../correlation/disguise.ts";
import type { BehaviourRule } from "./behaviour-rule.ts";
import { createEntities, type Entities } from "./entities.ts";
import { newEntity } from "./entity.ts";
import { entityReader } from "./entity-of.ts";
import { profileKinds } from "./facet.ts";
import { facetTable } from "./facets.ts";
import { createJudge, type Findings, type Touched } from "./judge.ts";
import type { PeerGroups } from "./peer-groups.ts";

export interface TrialJudge {
  /** All that was met, also what nothing is known of yet. */
  readonly entities: Entities;
  /** Judges the events and teaches the profiles. */
  judge(events: readonly SecurityEvent[]): void;
  /** Writes into the events judged last what the rules of one set found. */
  show(set: number): void;
}

export function createTrialJudge(
  sets: readonly (readonly BehaviourRule[])[],
  { timeZone, disguise, peerGroups }: { timeZone: string; disguise: Disguise; peerGroups?: PeerGroups },
): TrialJudge {
  const entities = createEntities();
  const read = entityReader(new Set(facetTable.keys()), disguise);

  function entitiesOf(event: SecurityEvent): Touched {
    const keys = read(event);
    const group = keys.USER === undefined ? undefined : peerGroups?.get(keys.USER);
    if (group !== undefined) keys.ROLE ??= group;
    for (const kind of profileKinds) {
      const key = keys[kind];
      if (key !== undefined && !entities.get(kind, key)) entities.add(newEntity(kind, key));
    }
    return entities.touched(keys);
  }

  // Rules of different sets may share an id, and differ in their parameters.
  const rules = sets.flatMap((set, number) => set.map((rule) => ({ ...rule, id: `${number} ${rule.id}` })));
  const judge = createJudge({ rules, facets: facetTable, timeZone, disguise, entitiesOf, onFault: () => undefined });
  let found = new Map<SecurityEvent, Findings[]>();
  return {
    entities,
    judge(events) {
      found = new Map();
      judge(events, (event, findings) => {
        const bySet = sets.map((): Findings => ({}));
        for (const [id, finding] of Object.entries(findings)) {
          const [number = "", ruleId = ""] = id.split(" ");
          (bySet[Number(number)] as Findings)[ruleId] = finding;
        }
        found.set(event, bySet);
      });
    },
    show(set) {
      for (const [event, bySet] of found) event.behaviour = bySet[set] as Findings;
    },
  };
}
