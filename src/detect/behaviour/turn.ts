/** Behaviour within one batch's turn: profiles are read, events judged, profiles taught and written back with the batch. */
import type { Tx } from "../../db.ts";
import type { SecurityEvent } from "../../ingest/event.ts";
import type { Disguise } from "../correlation/disguise.ts";
import type { Turn } from "../turn.ts";
import type { BehaviourRule } from "./behaviour-rule.ts";
import { entityId } from "./entity.ts";
import { type EntityKeys, entityReader } from "./entity-of.ts";
import type { ProfileKind } from "./facet.ts";
import { facetTable } from "./facets.ts";
import { createJudge, type JudgeOptions, type Touched } from "./judge.ts";
import type { KnownProfiles } from "./profile-cache.ts";
import { type Entities, loadEntities, saveEntities } from "./profiles.ts";

export interface BehaviourTurn {
  /** Writes into each event what behaviour rules find in it, and teaches the profiles. */
  judge(events: readonly SecurityEvent[]): Promise<void>;
  /** The profiles are written. */
  save(): Promise<void>;
  committed(): void;
  failed(): void;
}

export interface BehaviourTurnOptions {
  rules: readonly BehaviourRule[];
  timeZone: string;
  disguise: Disguise;
  known: KnownProfiles;
  onFault: JudgeOptions["onFault"];
}

export function openBehaviour(
  tx: Tx,
  turn: Turn,
  { rules, timeZone, disguise, known, onFault }: BehaviourTurnOptions,
): BehaviourTurn {
  const standing = (batchId: string): string => `${batchId} ${turn.profilesVersion}`;
  if (known.after !== standing(turn.previous.batchId)) known.clear(); // another process, or a person, has taught them
  known.after = undefined; // until it is known what became of this turn
  let entities: Entities = new Map();
  let writing: Promise<void> | undefined;
  return {
    async judge(events) {
      const read = entityReader(new Set(facetTable.keys()), disguise);
      const keys = new Map(events.map((event) => [event, read(event)]));
      entities = await loadEntities(tx, [...keys.values()], known);
      const entitiesOf = (event: SecurityEvent) => touchedBy(keys.get(event) ?? {}, entities);
      const judge = createJudge({ rules, facets: facetTable, timeZone, disguise, entitiesOf, onFault });
      const changed = judge(events, (event, findings) => {
        event.behaviour = findings;
        disguise.clearOf(event).behaviour = findings;
      });
      writing = saveEntities(tx, changed);
      writing.catch(() => undefined); // awaited in `save`; PostgreSQL works while detection does
    },
    save: async () => writing,
    committed() {
      known.after = standing(turn.batchId);
      for (const entity of entities.values()) known.put(entity);
    },
    failed() {
      for (const entity of entities.values()) known.drop(entity);
      known.after = standing(turn.previous.batchId);
    },
  };
}

export function touchedBy(keys: EntityKeys, entities: Entities): Touched {
  const touched: Touched = {};
  for (const kind in keys) {
    const entity = entities.get(entityId(kind, keys[kind as ProfileKind] as string));
    if (entity) touched[kind as ProfileKind] = entity;
  }
  return touched;
}
