/**
 * Rules one after another. An entry's value is the place of its rule in the list of rules, from 0. Entries of one time count as
 * being in order, since their clocks cannot tell them apart.
 */
import type { Condition } from "../sigma/document.ts";
import { type Entry, timeAt } from "./entries.ts";
import { isTrueOf } from "./expression.ts";
import type { Running } from "./running.ts";

/** How many different rules follow one another in the order of the list: the longest such chain. */
export function longestOrder(entries: readonly Entry[], from: number, to: number): number {
  const longest: number[] = []; // of the chains that end with a rule
  for (const placesOfTime of placesByTime(entries, from, to))
    for (const place of placesOfTime) {
      let before = 0;
      for (let other = 0; other < place; other++) before = Math.max(before, longest[other] ?? 0);
      longest[place] = Math.max(longest[place] ?? 0, before + 1);
    }
  return longest.reduce((most, one) => Math.max(most, one ?? 0), 0);
}

/**
 * The same of entries that come one by one, all of one time before it is asked. What began before the window is not asked
 * for, so nothing need go.
 */
export function createChains(): Running {
  const begun: number[][] = []; // [rule that it ends with][length]: when the latest such chain began
  let placesOfTime: number[] = [];
  let time = Number.NaN;
  function settle(): void {
    for (const place of placesOfTime.sort((a, b) => a - b)) {
      const own = (begun[place] ??= []);
      own[1] = time;
      for (let other = 0; other < place; other++) {
        const before = begun[other] ?? [];
        for (let length = 1; length < before.length; length++) {
          const at = before[length] as number;
          own[length + 1] = Math.max(own[length + 1] ?? at, at);
        }
      }
    }
    placesOfTime = [];
  }
  return {
    add(entry) {
      if (entry.time !== time) settle();
      time = entry.time;
      placesOfTime.push(placeOf(entry));
    },
    remove() {},
    measure(entries, from) {
      settle();
      const since = timeAt(entries, from);
      let most = 0;
      for (let place = 0; place < begun.length; place++) {
        const own = begun[place] ?? [];
        for (let length = own.length - 1; length > most; length--) if ((own[length] as number) >= since) most = length;
      }
      return most;
    },
  };
}

/** The places of the rules, lowest first within one time. */
function* placesByTime(entries: readonly Entry[], from: number, to: number): Generator<number[]> {
  for (let index = from; index <= to; ) {
    const places: number[] = [];
    const time = timeAt(entries, index);
    for (; index <= to && timeAt(entries, index) === time; index++) places.push(placeOf(entries[index] as Entry));
    yield places.length > 1 ? places.sort((a, b) => a - b) : places;
  }
}

export function placeOf({ value }: Entry): number {
  return Number(value);
}

/**
 * Whether the condition is fulfilled with the parts of each `and` one after another, in the order of the list of rules
 * (by the first rule that each part names). What `not` excludes may be nowhere in the window.
 */
export function inOrder(condition: Condition, entries: readonly Entry[], from: number, to: number): boolean {
  const isSeen = (rule: string) => {
    for (let index = from; index <= to; index++) if (entries[index]?.value === rule) return true;
    return false;
  };
  const next = (rule: string, since: number): number => {
    for (let index = from; index <= to; index++) {
      const entry = entries[index] as Entry;
      if (entry.time >= since && entry.value === rule) return entry.time;
    }
    return Number.POSITIVE_INFINITY;
  };
  /** The earliest time by which it is fulfilled, not before `since`. */
  const fulfilled = (one: Condition, since: number): number => {
    switch (one.kind) {
      case "SELECTION":
        return next(one.name, since);
      case "NOT":
        return isTrueOf(one, isSeen) ? since : Number.POSITIVE_INFINITY;
      case "OR":
        return Math.min(...one.parts.map((part) => fulfilled(part, since)));
      case "AND":
        return byPlace(one.parts).reduce((time, part) => fulfilled(part, time), since);
      default:
        return one satisfies never;
    }
  };
  return fulfilled(condition, Number.NEGATIVE_INFINITY) < Number.POSITIVE_INFINITY;
}

function byPlace(parts: readonly Condition[]): readonly Condition[] {
  return parts.toSorted((one, other) => firstPlace(one) - firstPlace(other));
}

function firstPlace(condition: Condition): number {
  if (condition.kind === "SELECTION") return Number(condition.name);
  if (condition.kind === "NOT") return firstPlace(condition.part);
  return Math.min(...condition.parts.map(firstPlace));
}
