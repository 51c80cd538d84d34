/**
 * Windows in Redis, shared by all processes of an organization. They are a cache of PostgreSQL: they say after which
 * batch they stand, and whoever finds them elsewhere builds them anew. A batch loads the groups that its hits touch,
 * counts them as windows in memory do, and saves those that changed, if nobody else has moved the state meanwhile.
 *
 * All keys of an organization lie in one slot of a Redis Cluster. Each window has an epoch in its groups' keys, so that
 * groups of an earlier life are never found again; nobody has to remove them, since every key expires.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Turn } from "../turn.ts";
import type { Group } from "./group.ts";
import { createMemoryWindows, type MemoryWindows } from "./memory.ts";
import type { RedisLink } from "./redis-link.ts";
import { saveScript, settleScript } from "./redis-scripts.ts";
import { type Hit, latenessMs, retentionMs, type WindowSpec, type Windows } from "./windows.ts";

/** The windows in Redis do not stand where this turn begins. */
export class StaleWindows extends Error {}

export interface SharedState {
  /** The batch after which they stand. */
  batch: string;
  /** The version of the rules whose windows they are. */
  rules: number;
  /** Another one whenever `epochs` has changed. */
  layout: string;
}

export interface SharedBatch extends Windows {
  /** Saves what changed, and that the state now stands after this batch. */
  save(): Promise<void>;
  /** Puts back what was there before, if it was saved and nobody has moved on. Never throws: what is wrong is found. */
  undo(): Promise<void>;
}

export type SharedWindows = ReturnType<typeof createSharedWindows>;

const format = 1; // of what is stored; processes of different formats do not read each other's
const slackMs = latenessMs; // Redis' clock may run this far ahead of the senders' times of arrival
const stateTtl = 7 * 86_400_000; // ms: of an organization that sends nothing; its groups are long gone then
const chunk = 1_000; // keys a command
const lowest = "0"; // below every event id

export function createSharedWindows(link: RedisLink, organizationId: string) {
  const prefix = `{vigil:${organizationId}}:windows:${format}`;
  const stateKey = `${prefix}:state`;
  let layout = "";
  let epochs = new Map<string, string>();

  const nameOf = (window: WindowSpec, group: string): string => {
    const epoch = epochs.get(window.key);
    if (epoch === undefined) throw new StaleWindows("Redis holds no window of a rule");
    return `${prefix}:${epoch}:${window.key}:${createHash("sha256").update(group).digest("base64url").slice(0, 22)}`;
  };
  const ttlOf = (window: WindowSpec): number => retentionMs(window) + slackMs;

  async function look(): Promise<SharedState | undefined> {
    const [batch, rules, found] = await link.run((redis) => redis.hmget(stateKey, "batch", "rules", "layout"));
    if (!batch || !rules || !found) return undefined;
    if (found !== layout) await readLayout(found);
    return { batch, rules: Number(rules), layout: found };
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
    for (const window of windows) {
      if (at.kept.has(window.key) || !from) continue;
      const names: [name: string, blob: string][] = [];
      for (const group of from.groupsOf(window)) names.push([nameOf(window, group.key), encode(group)]);
      for (let start = 0; start < names.length; start += chunk) {
        await link.run(async (redis) => {
          const pipeline = redis.pipeline();
          for (const [name, blob] of names.slice(start, start + chunk)) pipeline.set(name, blob, "PX", ttlOf(window));
          for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
        });
      }
    }
    const told = [at.batch, at.rules, layout, JSON.stringify(Object.fromEntries(epochs)), at.last, stateTtl];
    await link.run((redis) => redis.eval(settleScript, 1, stateKey, ...told));
  }

  function open({ batchId, previous }: Turn): SharedBatch {
    const memory = createMemoryWindows();
    const loaded = new Map<string, { window: WindowSpec; group: string; before: string }>();
    let last: string | undefined; // the highest event id before this batch
    let newest = "";
    let saved = false;

    /** One round trip for all groups that are not here yet; with the first one, the state is checked. */
    async function load(hits: readonly Hit[], again = false): Promise<void> {
      const wanted = new Map<string, { window: WindowSpec; group: string }>();
      for (const { window, group } of hits) {
        const name = nameOf(window, group);
        if (!loaded.has(name)) wanted.set(name, { window, group });
      }
      const names = [...wanted.keys()];
      const first = last === undefined;
      if (names.length === 0 && !first) return;
      const [state, blobs] = await link.run((redis) =>
        Promise.all([first ? redis.hmget(stateKey, "batch", "layout", "last") : undefined, manyOf(redis, names)]),
      );
      if (state) {
        const [batch, found, highest] = state;
        if (batch !== previous.batchId || !found) throw new StaleWindows(staleness(batch));
        if (found !== layout) {
          if (again) throw new StaleWindows("the windows in Redis are being changed");
          await readLayout(found);
          return load(hits, true);
        }
        last = highest ?? "";
      }
      names.forEach((name, index) => {
        const blob = blobs[index] ?? "";
        const { window, group } = wanted.get(name) as { window: WindowSpec; group: string };
        loaded.set(name, { window, group, before: blob });
        if (blob) memory.put(window, [decode(blob)]);
      });
    }

    async function move(
      from: string,
      to: string,
      highest: string,
      blobs: readonly (readonly [string, string, number])[],
    ) {
      const keys = [stateKey, ...blobs.map(([name]) => name)];
      const args = [from, to, highest, stateTtl, ...blobs.flatMap(([, blob, ttl]) => [blob, ttl])];
      return (await link.run((redis) => redis.eval(saveScript, keys.length, ...keys, ...args))) === 1;
    }

    return {
      async apply(hits) {
        await load(hits);
        const known = last ?? "";
        for (const { event } of hits) if (event.id > newest) newest = event.id;
        // Ids ascend from batch to batch, so an event that is not above all earlier ones was counted.
        return memory.apply(hits.filter(({ event }) => event.id > known));
      },
      async restore() {
        throw new Error("windows in Redis are restored by filling them");
      },
      keep() {},
      async save() {
        const blobs = [...loaded].flatMap(([name, { window, group, before }]) => {
          const now = memory.group(window, group);
          const blob = now ? encode(now) : "";
          return blob === before ? [] : [[name, blob, ttlOf(window)] as const];
        });
        if (!(await move(previous.batchId, batchId, newest, blobs))) throw new StaleWindows(staleness("another"));
        saved = true;
      },
      async undo() {
        if (!saved) return;
        const blobs = [...loaded].map(([name, { window, before }]) => [name, before, ttlOf(window)] as const);
        await move(batchId, previous.batchId, last || lowest, blobs).catch(() => undefined);
      },
    };

    async function manyOf(redis: Parameters<Parameters<RedisLink["run"]>[0]>[0], names: readonly string[]) {
      const parts: Promise<(string | null)[]>[] = [];
      for (let start = 0; start < names.length; start += chunk)
        parts.push(redis.mget(names.slice(start, start + chunk)));
      return (await Promise.all(parts)).flat();
    }
  }

  return {
    usable: link.usable,
    fault: link.fault,
    trust: link.trust,
    look,
    open,
    /** Everything anew, from windows in memory that stand after that batch. */
    fill: (batch: string, rules: number, windows: readonly WindowSpec[], from: MemoryWindows) =>
      write({ batch, rules, kept: new Map(), last: lowest }, windows, from),
    /** Other rules: windows that are known stay, the others are taken from where they were filled. After a look. */
    extend: (batch: string, rules: number, windows: readonly WindowSpec[], from: MemoryWindows | undefined) =>
      write({ batch, rules, kept: epochs, last: "" }, windows, from),
  };
}

const staleness = (batch: string | null | undefined): string =>
  batch ? "the windows in Redis are those after another batch" : "Redis holds no windows";

function encode(group: Group): string {
  return JSON.stringify({ ...group, batch: 0 });
}

function decode(blob: string): Group {
  return JSON.parse(blob) as Group;
}
