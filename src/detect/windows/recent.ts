/** The ids of the last events a window counted, so that a repeated event is known although its entry was compacted. */
const generation = 16_384; // ids; between one and two generations are remembered

export interface RecentIds {
  has(id: string): boolean;
  add(id: string): void;
  delete(id: string): void;
}

export function createRecentIds(): RecentIds {
  let current = new Set<string>();
  let previous = new Set<string>();
  return {
    has: (id) => current.has(id) || previous.has(id),
    add(id) {
      current.add(id);
      if (current.size < generation) return;
      previous = current;
      current = new Set();
    },
    delete(id) {
      current.delete(id);
      previous.delete(id);
    },
  };
}
