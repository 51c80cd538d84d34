/**
 * The last events that were counted, so that a repeated event is known even where its entry was compacted away. Ids sort
 * by arrival, so an id above all others is new without a look; only when one is not, the ids are put into a map.
 */
const generation = 32_768; // ids; between one and two generations are remembered

export interface RecentEvents {
  /** Notes that the batch counts the event; answers the batch that counted it before. */
  note(id: string, batch: number): number | undefined;
  delete(id: string): void;
}

interface Generation {
  ids: string[];
  batches: number[];
  byId: Map<string, number> | undefined;
}

const empty = (): Generation => ({ ids: [], batches: [], byId: undefined });

export function createRecentEvents(): RecentEvents {
  let current = empty();
  let previous = empty();
  let highest = "";
  return {
    note(id, batch) {
      const known = id > highest ? undefined : (mapOf(current).get(id) ?? mapOf(previous).get(id));
      if (id > highest) highest = id;
      if (known !== undefined) return known;
      current.ids.push(id);
      current.batches.push(batch);
      current.byId?.set(id, batch);
      if (current.ids.length >= generation) [previous, current] = [current, empty()];
      return undefined;
    },
    delete(id) {
      mapOf(current).delete(id);
      mapOf(previous).delete(id);
    },
  };
}

function mapOf(generation: Generation): Map<string, number> {
  if (!generation.byId) {
    generation.byId = new Map();
    for (const [index, id] of generation.ids.entries()) generation.byId.set(id, generation.batches[index] ?? 0);
  }
  return generation.byId;
}
