/**
 * Windows in Redis, shared by all processes of an organization. They are a cache of PostgreSQL: they say after which
 * batch they stand, and whoever finds them elsewhere builds them anew. A batch loads what it does not know of the groups that its
 * hits touch (nothing, where this process had the turn before), counts them as windows in memory do, and saves what became of
 * them, if nobody else has moved the state meanwhile.
 *
 * All keys of an organization lie in one slot of a Redis Cluster. Each window has an epoch in its groups' keys, so that
 * groups of an earlier life are never found again; nobody has to remove them, since every key expires.
 */
import { randomBytes } from "node:crypto";
import type { Turn } from "../turn.ts";
import { type Copies, createCopies } from "./copies.ts";
import { textOf } from "./group-text.ts";
import type { MemoryWindows } from "./memory.ts";
import type { RedisLink } from "./redis-link.ts";
import { fillScript, settleScript, takeBackScript } from "./redis-scripts.ts";
import {
  keysAtOnce,
  lowest,
  nameOf,
  openSharedTurn,
  type Shared,
  type SharedBatch,
  StaleWindows,
  stateTtl,
} from "./shared-turn.ts";
import { latenessMs, retentionMs, type WindowSpec } from "./windows.ts";

export interface SharedState {
  /** The batch after which they stand. */
  batch: string;
  /** The version of the rules whose windows they are. */
  rules: number;
  /** Another one whenever `epochs` has changed. */
  layout: string;
}

export type SharedWindows = ReturnType<typeof createSharedWindows>;

const format = 2; // of what is stored; processes of different formats do not read each other's
const slackMs = latenessMs; // Redis' clock may run this far ahead of the senders' times of arrival

/** Those of each organization; what this process knows of their groups is bounded over all of them. */
export function sharedWindowsOfAll(link: RedisLink): (organizationId: string) => SharedWindows {
  const copies = createCopies();
  return (organizationId) => createSharedWindows(link, organizationId, copies);
}

/** `copies`: what this process knows of groups, of whichever organizations. */
export function createSharedWindows(link: RedisLink, organizationId: string, copies: Copies = createCopies()) {
  const prefix = `{vigil:${organizationId}}:windows:${format}`;
  const stateKey = `${prefix}:state`;
  let layout = "";
  let epochs = new Map<string, string>();
  const standing: Shared["standing"] = { batch: undefined, last: "", era: 0 };

  /** What the names of the window's groups begin with. */
  const placeOf = (window: WindowSpec): string => {
    const epoch = epochs.get(window.key);
    if (epoch === undefined) throw new StaleWindows("Redis holds no window of a rule");
    return `${prefix}:${epoch}:${window.key}:`;
  };
  const ttlOf = (window: WindowSpec): number => retentionMs(window) + slackMs;

  async function look(): Promise<SharedState | undefined> {
    const [batch, rules, found] = await link.run((redis) => redis.hmget(stateKey, "batch", "rules", "layout"));
    if (!batch || !rules || !found) return undefined;
    if (found !== layout) await readLayout(found);
    if (batch !== standing.batch) standing.batch = undefined;
    return { batch, rules: Number(rules), layout: found };
  }

  async function takeBack(batch: string, before: string): Promise<boolean> {
    return (await link.run((redis) => redis.eval(takeBackScript, 1, stateKey, batch, before))) === 1;
  }

  async function readLayout(found: string): Promise<void> {
    const text = await link.run((redis) => redis.hget(stateKey, "epochs"));
    epochs = new Map(Object.entries(JSON.parse(text ?? "{}") as Record<string, string>));
    layout = found;
  }

  /** Writes the groups of these windows, all under a new epoch, and then that this is the state. */
  async function write(
    at: { batch: string; rules: number; kept: ReadonlyMap<string, string>; last: string },
    windows: readonly WindowSpec[],
    from: MemoryWindows | undefined,
  ): Promise<void> {
    const epoch = randomBytes(6).toString("base64url");
    epochs = new Map(windows.map(({ key }) => [key, at.kept.get(key) ?? epoch]));
    layout = randomBytes(6).toString("base64url");
    standing.batch = undefined;
    for (const window of windows) {
      if (at.kept.has(window.key) || !from) continue;
      const groups = [...from.groupsOf(window)];
      for (let start = 0; start < groups.length; start += keysAtOnce) {
        const some = groups.slice(start, start + keysAtOnce);
        const names = some.map(({ key }) => nameOf(placeOf(window), key));
        await link.run((redis) =>
          redis.eval(fillScript, names.length, ...names, layout, ttlOf(window), ...some.map(textOf)),
        );
      }
    }
    const told = [at.batch, at.rules, layout, JSON.stringify(Object.fromEntries(epochs)), at.last, stateTtl];
    await link.run((redis) => redis.eval(settleScript, 1, stateKey, ...told));
  }

  const all = { link, stateKey, copies, standing, placeOf, ttlOf, layout: () => layout, takeBack, readLayout };
  const open = (turn: Turn): SharedBatch => openSharedTurn(all, turn);

  return {
    usable: link.usable,
    fault: link.fault,
    trust: link.trust,
    look,
    /** Whoever has the turn takes back what was saved in one that was not committed, and is over. */
    takeBack,
    open,
    /** Everything anew, from windows in memory that stand after that batch. */
    fill: (batch: string, rules: number, windows: readonly WindowSpec[], from: MemoryWindows) =>
      write({ batch, rules, kept: new Map(), last: lowest }, windows, from),
    /** Other rules: windows that are known stay, the others are taken from where they were filled. After a look. */
    extend: (batch: string, rules: number, windows: readonly WindowSpec[], from: MemoryWindows | undefined) =>
      write({ batch, rules, kept: epochs, last: "" }, windows, from),
  };
}
