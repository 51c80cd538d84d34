/**
 * Profiles that this process knows from the batch before. They are good as long as no other process had a turn in
 * between; the most recently used of all organizations are kept, up to a bound.
 */
import { type Entity, entityId } from "./entity.ts";

export interface KnownProfiles {
  /** The batch after which they stand; whoever finds another one there clears them. */
  after: string | undefined;
  get(kind: string, key: string): Entity | undefined;
  put(entity: Entity): void;
  drop(entity: Entity): void;
  clear(): void;
}

export type ProfileCache = (organizationId: string) => KnownProfiles;

const overhead = 400; // characters' worth of an entity without its profile
const mostSize = 32_000_000; // characters of JSON, which take about three bytes each as objects

/** One cache for all organizations of a process. */
export function createProfileCache(most = mostSize): ProfileCache {
  const entries = new Map<string, { entity: Entity; size: number }>();
  let total = 0;

  function remove(id: string): void {
    total -= entries.get(id)?.size ?? 0;
    entries.delete(id);
  }

  return (organizationId) => {
    let generation = 0;
    const idOf = (kind: string, key: string) => `${organizationId} ${generation} ${entityId(kind, key)}`;
    return {
      after: undefined,
      get(kind, key) {
        const id = idOf(kind, key);
        const found = entries.get(id);
        if (!found) return undefined;
        entries.delete(id); // the last of the map is the one used last
        entries.set(id, found);
        return found.entity;
      },
      put(entity) {
        const id = idOf(entity.kind, entity.key);
        remove(id);
        const size = entity.size + overhead;
        entries.set(id, { entity, size });
        total += size;
        for (const oldest of entries.keys()) {
          if (total <= most) break;
          remove(oldest);
        }
      },
      drop: ({ kind, key }) => remove(idOf(kind, key)),
      clear: () => void generation++, // what is left of the others falls out in time
    };
  };
}
