/** What a batch changed, so that it can be taken back when its transaction fails. */
import type { Group } from "./group.ts";
import { goBack, type Mark, markGroup } from "./mark.ts";

export interface Journal {
  /** Before the first change of a group in this batch. */
  changes(groups: Map<string, Group>, group: Group): void;
  /** The group was not there before this batch. */
  adds(groups: Map<string, Group>, key: string): void;
  undo(eventIds: readonly string[]): void;
}

export function createJournal(batch: number): Journal {
  // Parallel lists: a note for every group that the batch touches.
  const owners: Map<string, Group>[] = [];
  const keys: string[] = [];
  const marks: (Mark | undefined)[] = [];
  const note = (groups: Map<string, Group>, key: string, mark: Mark | undefined) => {
    owners.push(groups);
    keys.push(key);
    marks.push(mark);
  };
  return {
    changes: (groups, group) => note(groups, group.key, markGroup(group)),
    adds: (groups, key) => note(groups, key, undefined),
    undo(eventIds) {
      let ids: ReadonlySet<string> | undefined;
      for (let index = keys.length - 1; index >= 0; index--) {
        const [groups, key, mark] = [owners[index], keys[index], marks[index]];
        if (groups === undefined || key === undefined) continue;
        const now = groups.get(key);
        if (now && now.batch > batch) takeOut(now, (ids ??= new Set(eventIds)));
        else if (mark) groups.set(key, goBack(mark));
        else groups.delete(key);
      }
      keys.length = 0;
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
