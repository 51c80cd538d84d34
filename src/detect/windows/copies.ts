/**
 * Groups of windows in Redis as this process last read or wrote them, so that a batch reads only what others have changed. Of all
 * organizations, the most recently used are kept, up to a bound.
 */
import { LRUCache } from "lru-cache";
import type { Group } from "./group.ts";

export interface Copy {
  /** Undefined: there is none. */
  group: Group | undefined;
  /** What Redis holds of it: which writing of the whole, how many elements, and the characters of the whole and of the changes. */
  generation: string;
  elements: number;
  whole: number;
  changes: number;
  /** While this is that of the organization's windows, nobody else has changed it since. */
  era: number;
}

/** By the group's name in this process. */
export type Copies = Pick<LRUCache<string, Copy>, "get" | "set" | "delete">;

const overhead = 400; // characters' worth of a group without its texts
const mostSize = 32_000_000; // characters of JSON, which take about three bytes each as objects

export function createCopies(most = mostSize): Copies {
  return new LRUCache<string, Copy>({
    maxSize: most,
    sizeCalculation: ({ whole, changes }) => whole + changes + overhead,
  });
}

export const noCopy = (): Copy => ({ group: undefined, generation: "", elements: 0, whole: 0, changes: 0, era: -1 });
