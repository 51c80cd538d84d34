/** What a batch changed, so that it can be taken back when its transaction fails. */
import type { Group } from "./group.ts";
import type { Store } from "./memory.ts";

export interface Journal {
  /** The group as it was before this batch; undefined: there was none. */
  note(store: Store, key: string, before: Group | undefined): void;
  /** A window counted this event. */
  added(store: Store, eventId: string): void;
  undo(): void;
}

export function createJournal(batch: number): Journal {
  const notes: { store: Store; key: string; before: Group | undefined }[] = [];
  const counted = new Map<Store, Set<string>>();
  let undone = false;
  return {
    note: (store, key, before) => notes.push({ store, key, before }),
    added(store, eventId) {
      const ids = counted.get(store);
      if (ids) ids.add(eventId);
      else counted.set(store, new Set([eventId]));
    },
    undo() {
      if (undone) return;
      undone = true;
      for (const [store, ids] of counted) for (const id of ids) store.recent.delete(id);
      for (const { store, key, before } of notes.reverse()) {
        const now = store.groups.get(key);
        if (now && now.batch !== batch) takeOut(now, counted.get(store) ?? new Set());
        else if (before) store.groups.set(key, before);
        else store.groups.delete(key);
      }
    },
  };
}

/**
 * A later batch built on this one, so there is no earlier state to go back to: its entries leave, and the episodes that
 * it opened too unless the later batch went on with them.
 */
function takeOut(group: Group, ids: ReadonlySet<string>): void {
  group.entries = group.entries.filter((entry) => !ids.has(entry.id));
  group.episodes = group.episodes.filter((episode) => !ids.has(episode.eventIds.at(-1) ?? ""));
}
