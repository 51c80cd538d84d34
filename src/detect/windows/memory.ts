/** Windows in the memory of this process: for a single server, for replays and for backtests. */
import { viewOf } from "../correlation/episodes.ts";
import { addHit, expire, type Group, newGroup } from "./group.ts";
import { createJournal, type Journal } from "./journal.ts";
import { createRecentEvents } from "./recent.ts";
import { restoreEpisodes } from "./restore.ts";
import { type Applied, type Hit, retentionMs, type TouchedEpisode, type WindowSpec, type Windows } from "./windows.ts";

export interface MemoryWindowsOptions {
  /** Groups that one window may hold; beyond it the group that was quiet longest is forgotten. Default: 100,000. */
  maxGroups?: number;
}

export interface MemoryWindows extends Windows {
  /** How much is held, for health reports. */
  size(): { groups: number; entries: number };
}

/** One window and its groups, in the order in which batches last touched them. */
interface Store {
  window: WindowSpec;
  /** The batch before its first. */
  since: number;
  groups: Map<string, Group>;
}

const sweptPerBatch = 2_000; // idle groups of one window; keeps the pause of one batch short

export function createMemoryWindows({ maxGroups = 100_000 }: MemoryWindowsOptions = {}): MemoryWindows {
  const stores = new Map<string, Store>();
  const recent = createRecentEvents();
  let newestArrivalAt = Number.NEGATIVE_INFINITY;
  let batch = 0;

  function storeOf(window: WindowSpec): Store {
    let store = stores.get(window.key);
    if (!store) stores.set(window.key, (store = { window, since: batch - 1, groups: new Map() }));
    return store;
  }

  /** The group, noted in the journal before its first change in this batch and moved to the end of the order. */
  function groupOf({ groups, window }: Store, key: string, journal: Journal): Group {
    let group = groups.get(key);
    if (group?.batch === batch) return group;
    if (group) {
      journal.changes(groups, key, group);
      groups.delete(key);
    } else {
      journal.adds(groups, key);
      group = newGroup(window);
    }
    group.batch = batch;
    groups.set(key, group);
    if (groups.size > maxGroups) forgetQuietest(groups, journal);
    return group;
  }

  function forgetQuietest(groups: Map<string, Group>, journal: Journal): void {
    for (const [key, group] of groups) {
      if (group.batch !== batch) journal.forgets(groups, key, group);
      groups.delete(key);
      return;
    }
  }

  /** What nothing can reach any more. Before the batch, so that undoing the batch need not bring it back. */
  function sweepIdle(): void {
    for (const { groups, window } of stores.values()) {
      const since = newestArrivalAt - retentionMs(window);
      let swept = 0;
      for (const [key, group] of groups) {
        if (group.lastArrivalAt >= since || ++swept > sweptPerBatch) break;
        groups.delete(key);
      }
    }
  }

  function apply(hits: readonly Hit[]): Applied {
    batch++;
    sweepIdle();
    const thisBatch = batch;
    const arrivalBefore = newestArrivalAt;
    const journal = createJournal(thisBatch);
    const counted: string[] = [];
    const touched: { hit: Hit; fired: NonNullable<Exclude<ReturnType<typeof addHit>, "known">> }[] = [];
    let event: Hit["event"] | undefined;
    let countedIn: number | undefined;
    for (const hit of hits) {
      if (hit.event !== event) {
        ({ event } = hit);
        countedIn = recent.batchOf(event.id);
        if (countedIn === undefined) counted.push(event.id);
        recent.add(event.id, thisBatch);
        if (event.receivedAt > newestArrivalAt) newestArrivalAt = event.receivedAt;
      }
      const store = storeOf(hit.window);
      // A window that is younger than the event's first count has not seen it: it is being filled by a replay.
      if (countedIn !== undefined && countedIn > store.since) continue;
      const group = groupOf(store, hit.group, journal);
      expire(group, newestArrivalAt - retentionMs(hit.window));
      const fired = addHit(group, hit);
      if (fired === "known" || !fired || fired.episode.batch === batch) continue;
      fired.episode.batch = batch;
      touched.push({ hit, fired });
    }
    return {
      touched: touched.map(
        ({ hit: { window, group }, fired }): TouchedEpisode => ({
          window,
          episode: viewOf(fired.episode, group),
          opened: fired.opened,
        }),
      ),
      undo() {
        journal.undo(counted);
        for (const id of counted.splice(0)) recent.delete(id);
        if (batch === thisBatch) newestArrivalAt = arrivalBefore;
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
