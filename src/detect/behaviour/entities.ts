/** Entities by kind and key. */
import type { Entity } from "./entity.ts";
import { type EntityKeys, ofEachKind } from "./entity-of.ts";
import type { ProfileKind } from "./facet.ts";
import type { Touched } from "./judge.ts";

export interface Entities {
  get(kind: ProfileKind, key: string): Entity | undefined;
  add(entity: Entity): void;
  values(): Iterable<Entity>;
  /** Those of an event. */
  touched(keys: EntityKeys): Touched;
}

export function createEntities(): Entities {
  const byKind = ofEachKind(() => new Map<string, Entity>());
  const get = (kind: ProfileKind, key: string | undefined) => (key === undefined ? undefined : byKind[kind].get(key));
  return {
    get,
    add: (entity) => void byKind[entity.kind].set(entity.key, entity),
    *values() {
      for (const some of Object.values(byKind)) yield* some.values();
    },
    touched: (keys) => ofEachKind((kind) => get(kind, keys[kind])),
  };
}
