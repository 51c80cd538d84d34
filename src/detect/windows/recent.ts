/** The last events that were counted, so that a repeated event is known even where its entry was compacted away. */
const generation = 32_768; // ids; between one and two generations are remembered

export interface RecentEvents {
  /** The batch that counted the event. */
  batchOf(id: string): number | undefined;
  add(id: string, batch: number): void;
  delete(id: string): void;
}

export function createRecentEvents(): RecentEvents {
  let current = new Map<string, number>();
  let previous = new Map<string, number>();
  return {
    batchOf: (id) => current.get(id) ?? previous.get(id),
    add(id, batch) {
      current.set(id, batch);
      if (current.size < generation) return;
      previous = current;
      current = new Map();
    },
    delete(id) {
      current.delete(id);
      previous.delete(id);
    },
  };
}
