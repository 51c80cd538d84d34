/** Windows in the memory of this process: for a single server, for replays and for backtests. */
import { addHit, expire, type Group, newGroup } from "./group.ts";
import { createJournal, type Journal } from "./journal.ts";
import { createRecentEvents, type RecentEvents } from "./recent.ts";
import { restoreEpisodes } from "./restore.ts";
import { createTold } from "./told.ts";
import { type Applied, type Hit, retentionMs, type WindowSpec, type Windows } from "./windows.ts";

export interface MemoryWindowsOptions {
  /** Groups that one window may hold; beyond it the group that was quiet longest is forgotten. Default: 100,000. */
  maxGroups?: number;
}

export interface MemoryWindows extends Windows {
  /** How much is held, for health reports. */
  size(): { groups: number; entries: number };
}

interface Store {
  window: WindowSpec;
  retentionMs: number;
  /** The batch before its first. */
  since: number;
  groups: Map<string, Group>;
  /** Goes round and round through the groups. */
  hand: Iterator<Group>;
  /** New groups since the last sweep, which the next one keeps pace with. */
  made: number;
}

/** Of one depth: the same event comes again at another, and there the end of a batch must not be known at its start. */
interface Level {
  recent: RecentEvents;
  newestArrivalAt: number;
}

const leastLooks = 64; // groups of one window looked at per batch
const looksPerNewGroup = 4;
const evictionSample = 8; // groups of which the quietest makes room

export function createMemoryWindows({ maxGroups = 100_000 }: MemoryWindowsOptions = {}): MemoryWindows {
  const stores = new Map<string, Store>();
  const levels = new Map<number, Level>();
  let batch = 0;

  function storeOf(window: WindowSpec): Store {
    let store = stores.get(window.key);
    if (!store) {
      const groups = new Map<string, Group>();
      store = { window, retentionMs: retentionMs(window), since: batch - 1, groups, hand: groups.values(), made: 0 };
      stores.set(window.key, store);
    }
    return store;
  }

  /** The group, noted in the journal before its first change in this batch. */
  function groupOf(store: Store, key: string, journal: Journal): Group {
    const { groups } = store;
    let group = groups.get(key);
    if (group?.batch === batch) return group;
    if (group) journal.changes(groups, group);
    else {
      group = newGroup(key, store.window);
      groups.set(key, group);
      store.made++;
      journal.adds(groups, key);
    }
    group.batch = batch;
    if (groups.size > maxGroups) makeRoom(store, journal);
    return group;
  }

  function next(store: Store): Group | undefined {
    let { done, value } = store.hand.next();
    if (done) ({ done, value } = (store.hand = store.groups.values()).next());
    return done ? undefined : value;
  }

  function makeRoom(store: Store, journal: Journal): void {
    let quietest: Group | undefined;
    for (let looks = 0; looks < evictionSample; looks++) {
      const seen = next(store);
      if (seen && seen.batch !== batch && seen.lastArrivalAt < (quietest?.lastArrivalAt ?? Infinity)) quietest = seen;
    }
    if (!quietest) return; // all in use by this batch; it ends soon
    journal.changes(store.groups, quietest);
    store.groups.delete(quietest.key);
  }

  /** What nothing can reach any more goes. Before the batch, so that undoing the batch need not bring it back. */
  function sweepIdle(): void {
    for (const store of stores.values()) {
      const since = levelOf(store.window.depth).newestArrivalAt - store.retentionMs;
      const looks = Math.min(store.groups.size, leastLooks + looksPerNewGroup * store.made);
      for (let look = 0; look < looks; look++) {
        const seen = next(store);
        if (seen && seen.lastArrivalAt < since) store.groups.delete(seen.key);
      }
      store.made = 0;
    }
  }

  function levelOf(depth: number): Level {
    let level = levels.get(depth);
    if (!level) levels.set(depth, (level = { recent: createRecentEvents(), newestArrivalAt: 0 }));
    return level;
  }

  function apply(hits: readonly Hit[]): Applied {
    const thisBatch = ++batch;
    sweepIdle();
    const level = levelOf(hits[0]?.window.depth ?? 0);
    const arrivalBefore = level.newestArrivalAt;
    const journal = createJournal(thisBatch);
    const { recent } = level;
    const counted: string[] = [];
    const told = createTold();
    let eventId = "";
    let countedIn: number | undefined;
    for (const hit of hits) {
      const { event, window } = hit;
      if (event.id !== eventId) {
        eventId = event.id;
        countedIn = recent.note(eventId, thisBatch);
        if (countedIn === undefined) counted.push(eventId);
        if (event.receivedAt > level.newestArrivalAt) level.newestArrivalAt = event.receivedAt;
      }
      const store = storeOf(window);
      // A window that is younger than the event's first count has not seen it: it is being filled by a replay.
      if (countedIn !== undefined && countedIn > store.since) continue;
      const group = groupOf(store, hit.group, journal);
      expire(group, window, level.newestArrivalAt);
      const outcome = addHit(group, hit);
      if (outcome !== undefined && outcome !== "known") told.note(hit, outcome);
    }
    let done = false;
    return {
      ...told.all(),
      undo() {
        if (done) return;
        done = true;
        journal.undo(counted);
        for (const id of counted) recent.delete(id);
        if (batch !== thisBatch) return; // a later batch has built on it
        level.newestArrivalAt = arrivalBefore;
        batch--; // so that the batch before it, of a lower depth, is the last one again
      },
    };
  }

  return {
    apply: async (hits) => apply(hits),
    restore: async (window, stored) => restoreEpisodes(storeOf(window).groups, window, stored),
    keep(windows) {
      const wanted = new Set([...windows].map((window) => window.key));
      for (const key of stores.keys()) if (!wanted.has(key)) stores.delete(key);
    },
    size() {
      const groups = [...stores.values()].flatMap((store) => [...store.groups.values()]);
      return { groups: groups.length, entries: groups.reduce((sum, group) => sum + group.entries.length, 0) };
    },
  };
}
