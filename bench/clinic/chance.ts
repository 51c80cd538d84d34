/** Seeded chance. Every purpose has a stream of its own, so that a change in one place leaves the others as they were. */
import { seededRandom } from "../../test/generate/random.ts";

export interface Chance {
  /** In [0, 1). */
  next(): number;
  happens(probability: number): boolean;
  /** A whole number; both included. */
  whole(from: number, to: number): number;
  /** Of a normal distribution. */
  normal(mean: number, deviation: number): number;
  pick<T>(values: readonly T[]): T;
  /** One of the values, by their weights. */
  weighted<T>(values: readonly (readonly [value: T, weight: number])[]): T;
  /** A shuffled copy. */
  shuffled<T>(values: readonly T[]): T[];
}

/** The stream of a purpose, named by what it is for. */
export function chanceOf(seed: number, ...purpose: readonly (string | number)[]): Chance {
  const next = seededRandom(hash(`${seed}/${purpose.join("/")}`));
  const chance: Chance = {
    next,
    happens: (probability) => next() < probability,
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    normal: (mean, deviation) =>
      mean + deviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick: (values) => values[Math.floor(next() * values.length)] as never,
    weighted(values) {
      let left = next() * values.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [value, weight] of values) if ((left -= weight) < 0) return value;
      return (values.at(-1) as (typeof values)[number])[0];
    },
    shuffled(values) {
      const copy = [...values];
      for (let last = copy.length - 1; last > 0; last--) {
        const other = Math.floor(next() * (last + 1));
        [copy[last], copy[other]] = [copy[other] as never, copy[last] as never];
      }
      return copy;
    },
  };
  return chance;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let place = 0; place < text.length; place++) value = Math.imul(value ^ text.charCodeAt(place), 0x01000193);
  return value >>> 0;
}
