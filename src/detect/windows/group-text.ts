/**
 * A group as text: whole, or what became of it in one batch. A batch adds few entries to groups that hold many, and takes out
 * those that are too old: saying this alone is a tenth of saying everything again. Pure.
 */
import type { Entry } from "../correlation/entries.ts";
import type { Group } from "./group.ts";

/** Where a group stands before a batch: enough to tell afterwards what has changed. */
export interface Stand {
  /** The list as it was; it may have grown at its end since. */
  entries: readonly Entry[];
  length: number;
  episodes: string;
}

/** Of a whole group, and never read as anything else. */
interface Change {
  /** Entries that were taken out, of those before: where, and how many. */
  out: [from: number, count: number][];
  /** Entries that came in, and the place of each in the list as it is now, ascending. */
  in: Entry[];
  at: number[];
  /** Absent: as before. */
  episodes?: Group["episodes"];
  rest: Pick<Group, "oldestArrivalAt" | "lastArrivalAt" | "lastEventId" | "lastValue" | "room">;
}

export const textOf = (group: Group): string => JSON.stringify({ ...group, batch: 0, marked: false });

/** From the text of a whole one and, in order, of what became of it. */
export function groupOf(whole: string, changes: readonly string[]): Group {
  const group = JSON.parse(whole) as Group;
  for (const change of changes) follow(group, change);
  return group;
}

export function standOf({ entries, episodes }: Group): Stand {
  return { entries, length: entries.length, episodes: tellApart(episodes) };
}

/** An episode that anything happened to has another last event. */
function tellApart(episodes: Group["episodes"]): string {
  return episodes.length === 0 ? "" : episodes.map(({ id, lastEventId }) => `${id} ${lastEventId}`).join();
}

/** Undefined where it is more than entries that came and went: the list was compacted. `known`: no event id before is above it. */
export function changeOf(stand: Stand, group: Group, known: string): string | undefined {
  const change = entriesChange(stand, group.entries, known);
  if (!change) return undefined;
  const { oldestArrivalAt, lastArrivalAt, lastEventId, lastValue, room } = group;
  const rest = { oldestArrivalAt, lastArrivalAt, lastEventId, lastValue, room };
  const { episodes } = group;
  return JSON.stringify({
    ...change,
    ...(tellApart(episodes) === stand.episodes ? {} : { episodes }),
    rest,
  } satisfies Change);
}

function entriesChange(
  { entries: before, length }: Stand,
  now: readonly Entry[],
  known: string,
): Pick<Change, "out" | "in" | "at"> | undefined {
  const change: Pick<Change, "out" | "in" | "at"> = { out: [], in: [], at: [] };
  const came = (place: number): void => {
    change.in.push(now[place] as Entry);
    change.at.push(place);
  };
  if (now === before) {
    for (let place = length; place < now.length; place++) came(place);
    return change;
  }
  let next = 0; // of those before
  for (let place = 0; place < now.length; place++) {
    const entry = now[place] as Entry;
    const from = next;
    while (next < length && before[next] !== entry && entry.id <= known) next++;
    if (next < length && before[next] === entry) {
      if (next > from) change.out.push([from, next - from]);
      next++;
    } else if (entry.id > known) came(place);
    else return undefined;
  }
  if (next < length) change.out.push([next, length - next]);
  return change;
}

/** Does to the group what was done to it. Throws where it cannot be. */
export function follow(group: Group, text: string): void {
  const { out, in: came, at, episodes, rest } = JSON.parse(text) as Change;
  const entries: Entry[] = [];
  let next = 0; // of those before
  let gap = 0;
  let arrived = 0;
  const stayed = (): void => {
    for (; gap < out.length && (out[gap] as [number, number])[0] === next; gap++)
      next += (out[gap] as [number, number])[1];
  };
  for (stayed(); next < group.entries.length || arrived < came.length; stayed()) {
    if (at[arrived] === entries.length) entries.push(came[arrived++] as Entry);
    else if (next < group.entries.length) entries.push(group.entries[next++] as Entry);
    else throw new Error("a change does not fit the group");
  }
  Object.assign(group, rest, { entries, marked: false });
  if (!("lastValue" in rest)) group.lastValue = undefined;
  if (episodes) group.episodes = episodes;
}
