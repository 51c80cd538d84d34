/** Behaviour within one batch's turn: profiles are read, events judged, profiles taught and written back with the batch. */
import { setImmediate as breathe } from "node:timers/promises";
import type { Tx } from "../../db.ts";
import type { SecurityEvent } from "../../ingest/event.ts";
import type { Disguise } from "../correlation/disguise.ts";
import type { Turn } from "../turn.ts";
import type { BehaviourRule } from "./behaviour-rule.ts";
import { createEntities, type Entities } from "./entities.ts";
import { type EntityKeys, entityReader, ofEachKind } from "./entity-of.ts";
import { facetTable } from "./facets.ts";
import { type Changed, createJudge, type Findings, type JudgeOptions } from "./judge.ts";
import type { KnownProfiles } from "./profile-cache.ts";
import { loadEntities, saveEntities } from "./profiles.ts";

export interface BehaviourTurn {
  /**
   * Writes into each event what behaviour rules find in it, and teaches the profiles. `judged` is told of events `from` up
   * to `to` as soon as they are: PostgreSQL stores those while the next ones are judged, and others have a turn in between.
   */
  judge(events: readonly SecurityEvent[], judged?: (from: number, to: number) => void): Promise<void>;
  /** The profiles are written. */
  save(): Promise<void>;
  committed(): void;
  failed(): void;
}

const atOnce = 500; // events

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
  const entities: Entities = createEntities();
  let writing: Promise<void> | undefined;
  return {
    async judge(events, judged) {
      const read = entityReader(new Set(facetTable.keys()), disguise);
      const keys = events.map(read);
      await loadEntities(tx, keys, { into: entities, known });
      const grouped = withGroups(keys, entities);
      if (grouped.length > 0) await loadEntities(tx, grouped, { into: entities, known });
      let from = 0;
      const entitiesOf = (_: SecurityEvent, index: number) => entities.touched(keys[from + index] as EntityKeys);
      const judge = createJudge({ rules, facets: facetTable, timeZone, disguise, entitiesOf, onFault });
      const changed: Changed = { taught: new Set(), seen: new Set() };
      const tell = (event: SecurityEvent, findings: Findings): void => {
        event.behaviour = findings;
        disguise.clearOf(event).behaviour = findings;
      };
      while (from < events.length) {
        const to = Math.min(from + atOnce, events.length);
        judge(events.slice(from, to), tell, changed);
        judged?.(from, to);
        from = to;
        if (from < events.length) await breathe();
      }
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

/** Where an event tells no role, its user's peer group is the role; answers the groups that were named so. */
function withGroups(all: readonly EntityKeys[], entities: Entities): EntityKeys[] {
  const named = new Set<string>();
  for (const keys of all) {
    if (keys.ROLE !== undefined || keys.USER === undefined) continue;
    const group = entities.get("USER", keys.USER)?.group;
    if (group === undefined) continue;
    keys.ROLE = group;
    named.add(group);
  }
  const missing = [...named].filter((group) => !entities.get("ROLE", group));
  return missing.map((group) => ofEachKind((kind) => (kind === "ROLE" ? group : undefined)));
}
