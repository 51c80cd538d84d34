/** One turn of windows in Redis: what it touches is loaded as far as it is not known, counted in memory, and saved with the turn. */
import { createHash, randomBytes } from "node:crypto";
import type { RedisConnection } from "../../redis.ts";
import type { Turn } from "../turn.ts";
import { type Copies, type Copy, noCopy } from "./copies.ts";
import { changeOf, follow, groupOf, type Stand, standOf, textOf } from "./group-text.ts";
import { createMemoryWindows } from "./memory.ts";
import { RedisFault, type RedisLink } from "./redis-link.ts";
import { loadScript, saveScript } from "./redis-scripts.ts";
import type { Hit, WindowSpec, Windows } from "./windows.ts";

/** The windows in Redis do not stand where this turn begins. */
export class StaleWindows extends Error {}

export interface SharedBatch extends Windows {
  /** Saves what changed, and that the state now stands after this batch. */
  save(): Promise<void>;
  /** Takes back what was saved, if nobody has moved on. Never throws: what is wrong is found. */
  undo(): Promise<void>;
}

/** Where this process left the organization's windows. */
export interface Standing {
  /** Undefined: it is to be looked up. */
  batch: string | undefined;
  /** The highest event id up to then. */
  last: string;
  /** Another one whenever another process had a turn. */
  era: number;
}

/** The windows of one organization. */
export interface Shared {
  link: RedisLink;
  stateKey: string;
  copies: Copies;
  standing: Standing;
  /** What the names of a window's groups begin with. */
  placeOf(window: WindowSpec): string;
  /** Of a group, ms. */
  ttlOf(window: WindowSpec): number;
  layout(): string;
  /** What the batch saved is as it was before; false: it does not stand there, or nobody knows what it changed. */
  takeBack(batch: string, before: string): Promise<boolean>;
  readLayout(found: string): Promise<void>;
}

/** A group that the turn touches. */
interface Touched {
  window: WindowSpec;
  group: string;
  place: string;
  copy: Copy;
  /** Before the turn; undefined: there was none. */
  stand: Stand | undefined;
}

/** What is written of a group. `elements`: how many there are before, 0 where it is written whole. Without text it is removed. */
interface Writing {
  one: Touched;
  elements: number;
  text: string;
}

export const stateTtl = 7 * 86_400_000; // ms: of an organization that sends nothing; its groups are long gone then
export const keysAtOnce = 1_000;
export const lowest = "0"; // below every event id
const mostElements = 64;
const mostChanges = 512; // characters of changes above those of the whole, from which on it is written whole

export function openSharedTurn(
  { link, stateKey, copies, standing, placeOf, ttlOf, layout, takeBack, readLayout }: Shared,
  { batchId, previous }: Turn,
): SharedBatch {
  const memory = createMemoryWindows();
  const generation = randomBytes(6).toString("base64url");
  const touched = new Map<WindowSpec, { place: string; groups: Map<string, Touched> }>();
  let known: string | undefined; // the highest event id before this batch
  let newest = "";
  let saved: boolean | "unknown" = false;
  if (standing.batch === previous.batchId) known = standing.last;
  else standing.era++;

  async function check(): Promise<string> {
    const [batch, found, last] = await link.run((redis) => redis.hmget(stateKey, "batch", "layout", "last"));
    if (batch !== previous.batchId || !found) throw new StaleWindows(staleness(batch));
    if (found !== layout()) await readLayout(found);
    return last ?? "";
  }

  function groupsOf(window: WindowSpec) {
    let found = touched.get(window);
    if (!found) touched.set(window, (found = { place: placeOf(window), groups: new Map() }));
    return found;
  }

  async function load(hits: readonly Hit[]): Promise<void> {
    const unknown: Touched[] = [];
    for (const { window, group } of hits) {
      const { place, groups } = groupsOf(window);
      if (groups.has(group)) continue;
      const copy = copies.get(place + group);
      if (copy) copies.delete(place + group); // until it is known what became of this turn
      const one: Touched = { window, group, place, copy: copy ?? noCopy(), stand: undefined };
      groups.set(group, one);
      if (one.copy.era === standing.era) begin(one);
      else unknown.push(one);
    }
    const found = unknown.length === 0 ? [] : await link.run((redis) => loadAll(redis, unknown));
    unknown.forEach((one, index) => {
      bring(one.copy, found[index] ?? null);
      begin(one);
    });
  }

  async function loadAll(redis: RedisConnection, wanted: readonly Touched[]): Promise<(string[] | null)[]> {
    const parts: Promise<unknown>[] = [];
    for (let start = 0; start < wanted.length; start += keysAtOnce) {
      const some = wanted.slice(start, start + keysAtOnce);
      const names = some.map(({ place, group }) => nameOf(place, group));
      const held = some.flatMap(({ copy }) => [copy.generation, copy.elements]);
      parts.push(redis.eval(loadScript, names.length, ...names, ...held));
    }
    return ((await Promise.all(parts)) as (string[] | null)[][]).flat();
  }

  function begin(one: Touched): void {
    const { group } = one.copy;
    if (!group) return;
    memory.put(one.window, [group]);
    one.stand = standOf(group);
  }

  function whole(one: Touched): Writing {
    const now = memory.group(one.window, one.group);
    return { one, elements: 0, text: now ? textOf(now) : "" };
  }

  function writing(one: Touched, before: string): Writing {
    const { copy, window, group, stand } = one;
    const now = memory.group(window, group);
    const text = now && stand && copy.elements < mostElements ? changeOf(stand, now, before) : undefined;
    if (text === undefined || copy.changes + text.length > copy.whole + mostChanges) return whole(one);
    return { one, elements: copy.elements, text };
  }

  const all = (): Touched[] => [...touched.values()].flatMap(({ groups }) => [...groups.values()]);

  /** Answers which groups are not what they are taken for; then nothing has changed. */
  async function move(from: string, to: string, last: string, writings: readonly Writing[]): Promise<number[]> {
    const keys = [stateKey, ...writings.map(({ one }) => nameOf(one.place, one.group))];
    const args = [from, layout(), to, last, `${stateTtl}`];
    for (const { one, elements, text } of writings)
      args.push(elements === 0 ? generation : one.copy.generation, `${elements}`, text, `${ttlOf(one.window)}`);
    // As one list: a function takes some hundred thousand arguments, which are the groups of one large batch.
    const answer = await link.run((redis) => redis.eval(saveScript, keys.length, [...keys, ...args]));
    if (Array.isArray(answer)) return answer as number[];
    if (answer !== 1) throw new StaleWindows(staleness("another"));
    return [];
  }

  async function save(): Promise<void> {
    const before = (known ??= await check());
    let writings = all().map((one) => writing(one, before));
    const last = newest > before ? newest : "";
    const others = new Set(await move(previous.batchId, batchId, last, writings));
    if (others.size > 0) {
      writings = writings.map((one, index) => (others.has(index + 1) ? whole(one.one) : one));
      if ((await move(previous.batchId, batchId, last, writings)).length > 0)
        throw new StaleWindows("groups in Redis are being changed");
    }
    saved = true;
    for (const { one, elements, text } of writings) {
      const { copy, window, group, place } = one;
      Object.assign(copy, { group: memory.group(window, group), era: standing.era });
      if (elements > 0) Object.assign(copy, { elements: elements + 1, changes: copy.changes + text.length });
      else Object.assign(copy, { generation, elements: text ? 2 : 0, whole: text.length, changes: 0 });
      copies.set(place + group, copy);
    }
    Object.assign(standing, { batch: batchId, last: last || before });
  }

  return {
    async apply(hits) {
      const before = (known ??= await check());
      await load(hits);
      for (const { event } of hits) if (event.id > newest) newest = event.id;
      // Ids ascend from batch to batch, so an event that is not above all earlier ones was counted.
      return memory.apply(hits.filter(({ event }) => event.id > before));
    },
    async restore() {
      throw new Error("windows in Redis are restored by filling them");
    },
    keep() {},
    async save() {
      try {
        await save();
      } catch (error) {
        standing.batch = undefined;
        if (error instanceof RedisFault) saved = "unknown";
        throw error;
      }
    },
    async undo() {
      if (saved === false) return;
      saved = false;
      standing.batch = undefined;
      for (const { place, group } of all()) copies.delete(place + group);
      await takeBack(batchId, previous.batchId).catch(() => undefined); // whoever has the turn next does
    },
  };
}

/** Of a group, of bounded length whatever it is grouped by. */
export function nameOf(place: string, group: string): string {
  return place + createHash("sha256").update(group).digest("base64url").slice(0, 22);
}

/** The copy comes to what Redis holds: `found` is what of it was not known, null where there is no such group. */
function bring(copy: Copy, found: readonly string[] | null): void {
  if (!found) return void Object.assign(copy, noCopy());
  const sizeOf = (texts: readonly string[]): number => texts.reduce((sum, { length }) => sum + length, 0);
  const [first = "{"] = found;
  try {
    if (copy.group && first.startsWith("{")) {
      for (const change of found) follow(copy.group, change);
      copy.elements += found.length;
      copy.changes += sizeOf(found);
      return;
    }
    const [generation = "", text = "", ...changes] = found;
    const group = groupOf(text, changes);
    Object.assign(copy, { group, generation, elements: found.length, whole: text.length, changes: sizeOf(changes) });
  } catch {
    throw new StaleWindows("a group in Redis cannot be read");
  }
}

const staleness = (batch: string | null | undefined): string =>
  batch ? "the windows in Redis are those after another batch" : "Redis holds no windows";
