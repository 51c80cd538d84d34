/** The entries of one group: what is known of each counted event, sorted by event time. Plain data. */
import type { Hit } from "../windows/windows.ts";

export interface Entry {
  readonly id: string;
  readonly time: number;
  readonly receivedAt: number;
  /** VALUES, ORDER. */
  readonly value?: string;
  /** Of the value: two values that differ in it are told apart without looking at them. */
  readonly digest?: number;
  /** SUM, AVERAGE, PERCENTILE: the sum of the numbers it stands for. */
  readonly number?: number;
  /** The number, or one of them, is stored sealed. */
  readonly sealed?: true;
  /** How many events it stands for, after a compaction. Absent: 1. */
  readonly weight?: number;
}

export function entryOf({
  event: { id, time, receivedAt },
  value,
  number,
  sealed,
}: Pick<Hit, "event" | "value" | "number" | "sealed">): Entry {
  if (value !== undefined) return { id, time, receivedAt, value, digest: digestOf(value) };
  if (number !== undefined) return sealed ? { id, time, receivedAt, number, sealed } : { id, time, receivedAt, number };
  return { id, time, receivedAt };
}

/** FNV-1a over the last 32 characters. */
function digestOf(text: string): number {
  let digest = 0x811c9dc5;
  const { length } = text;
  for (let index = length > 32 ? length - 32 : 0; index < length; index++)
    digest = Math.imul(digest ^ text.charCodeAt(index), 0x01000193);
  return digest >> 2; // stays a small integer
}

export function timeAt(entries: readonly Entry[], index: number): number {
  return (entries[index] as Entry).time;
}

export function weightOf({ weight = 1 }: Entry): number {
  return weight;
}

/** Where an entry belongs: after those of the same time. */
export function positionOf(entries: readonly Entry[], time: number): number {
  let low = 0;
  let high = entries.length;
  if (high === 0 || timeAt(entries, high - 1) <= time) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeAt(entries, middle) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first entry that is not before this time. */
export function firstSince(entries: readonly Entry[], time: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeAt(entries, middle) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether this event, or moment, is there already, with this value; `position` is where it would go. */
export function holdsEvent(
  entries: readonly Entry[],
  { event: { id, time }, value, moment }: Pick<Hit, "event" | "value" | "moment">,
  position: number,
): boolean {
  for (let index = position - 1; index >= 0; index--) {
    const entry = entries[index] as Entry;
    if (entry.time !== time) return false;
    if ((moment || entry.id === id) && entry.value === value) return true;
  }
  return false;
}
