/** Windows in the memory of this process: for a single server, for replays and for backtests. */
import { addHit, copyEpisode, copyGroup, expire, type Group, newGroup } from "./group.ts";
import { createJournal, type Journal } from "./journal.ts";
import { createRecentIds, type RecentIds } from "./recent.ts";
import { restoreEpisodes } from "./restore.ts";
import { type Applied, type Episode, type Hit, retentionMs, type TouchedEpisode, type WindowSpec, type Windows } from "./windows.ts";

export interface MemoryWindowsOptions {
  /** Groups that one window may hold; beyond it the group that was quiet longest is forgotten. Default: 100,000. */
  maxGroups?: number;
}

/** One window: its groups in the order in which batches last touched them. */
export interface Store {
  groups: Map<string, Group>;
  recent: RecentIds;
}

export interface MemoryWindows extends Windows {
  /** How much is held, for health reports. */
  size(): { groups: number; entries: number };
}

const sweptPerBatch = 2_000; // idle groups of one window; keeps the pause of one batch short

export function createMemoryWindows({ maxGroups = 100_000 }: MemoryWindowsOptions = {}): MemoryWindows {
  const stores = new Map<string, Store>();
  const specs = new Map<string, WindowSpec>();
  let newestArrivalAt = Number.NEGATIVE_INFINITY;
  let batch = 0;

  function storeOf(window: WindowSpec): Store {
    let store = stores.get(window.key);
    if (!store) stores.set(window.key, (store = { groups: new Map(), recent: createRecentIds() }));
    specs.set(window.key, window);
    return store;
  }

  /** The group, noted in the journal before its first change in this batch and moved to the end of the order. */
  function groupOf(store: Store, hit: Hit, journal: Journal): Group {
    let group = store.groups.get(hit.group);
    if (group?.batch === batch) return group;
    journal.note(store, hit.group, group && copyGroup(group));
    if (group) store.groups.delete(hit.group);
    else group = newGroup(hit.window);
    group.batch = batch;
    store.groups.set(hit.group, group);
    if (store.groups.size > maxGroups) forgetQuietest(store, journal);
    return group;
  }

  function forgetQuietest(store: Store, journal: Journal): void {
    for (const [key, group] of store.groups) {
      if (group.batch !== batch) journal.note(store, key, group);
      store.groups.delete(key);
      return;
    }
  }

  /** What nothing can reach any more. Before the batch, so that undoing the batch need not bring it back. */
  function sweepIdle(): void {
    for (const [key, store] of stores) {
      const since = newestArrivalAt - retentionMs(specs.get(key) as WindowSpec);
      let swept = 0;
      for (const [groupKey, group] of store.groups) {
        if (group.lastArrivalAt >= since || ++swept > sweptPerBatch) break;
        store.groups.delete(groupKey);
      }
    }
  }

  function apply(hits: readonly Hit[]): Applied {
    batch++;
    sweepIdle();
    const thisBatch = batch;
    const arrivalBefore = newestArrivalAt;
    const journal = createJournal(thisBatch);
    const touched = new Map<Episode, TouchedEpisode>();
    for (const hit of hits) {
      const store = storeOf(hit.window);
      if (store.recent.has(hit.event.id)) continue;
      if (hit.event.receivedAt > newestArrivalAt) newestArrivalAt = hit.event.receivedAt;
      const group = groupOf(store, hit, journal);
      expire(group, newestArrivalAt - retentionMs(hit.window));
      const outcome = addHit(group, hit);
      if (outcome === "known") continue;
      store.recent.add(hit.event.id);
      journal.added(store, hit.event.id);
      if (!outcome) continue;
      const known = touched.get(outcome.episode);
      if (!known) touched.set(outcome.episode, { window: hit.window, ...outcome });
    }
    return {
      touched: [...touched.values()].map((one) => ({ ...one, episode: copyEpisode(one.episode) })),
      undo() {
        journal.undo();
        if (batch === thisBatch) newestArrivalAt = arrivalBefore;
      },
    };
  }

  return {
    apply: async (hits) => apply(hits),
    restore: async (window, stored) => restoreEpisodes(storeOf(window), window, stored),
    keep(windows) {
      const wanted = new Set([...windows].map((window) => window.key));
      for (const key of stores.keys()) if (!wanted.has(key)) stores.delete(key);
      for (const key of specs.keys()) if (!wanted.has(key)) specs.delete(key);
    },
    size() {
      const groups = [...stores.values()].flatMap((store) => [...store.groups.values()]);
      return { groups: groups.length, entries: groups.reduce((sum, group) => sum + group.entries.length, 0) };
    },
  };
}
