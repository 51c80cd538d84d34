/** What a batch changed, so that it can be taken back when its transaction fails. */
import type { Group } from "./group.ts";
import { type GoBack, markGroup } from "./mark.ts";

export interface Journal {
  /** Before the first change of a group in this batch. */
  changes(groups: Map<string, Group>, key: string, group: Group): void;
  /** The group was not there before this batch. */
  adds(groups: Map<string, Group>, key: string): void;
  /** The group makes room for others. */
  forgets(groups: Map<string, Group>, key: string, group: Group): void;
  undo(eventIds: readonly string[]): void;
}

interface Note {
  groups: Map<string, Group>;
  key: string;
  before?: { group: Group; goBack?: GoBack };
}

export function createJournal(batch: number): Journal {
  const notes: Note[] = [];
  return {
    changes: (groups, key, group) => notes.push({ groups, key, before: { group, goBack: markGroup(group) } }),
    adds: (groups, key) => notes.push({ groups, key }),
    forgets: (groups, key, group) => notes.push({ groups, key, before: { group } }),
    undo(eventIds) {
      let ids: ReadonlySet<string> | undefined;
      for (const { groups, key, before } of notes.reverse()) {
        const now = groups.get(key);
        if (now && now.batch > batch) takeOut(now, (ids ??= new Set(eventIds)));
        else if (before) {
          before.goBack?.();
          groups.set(key, before.group);
        } else groups.delete(key);
      }
    },
  };
}

/**
 * A later batch built on this one, so there is no earlier state to go back to: its entries leave, and the episodes that
 * it went on with last; those that the later batch went on with stay.
 */
function takeOut(group: Group, ids: ReadonlySet<string>): void {
  group.entries = group.entries.filter((entry) => !ids.has(entry.id));
  group.episodes = group.episodes.filter((episode) => !ids.has(episode.lastEventId));
}
