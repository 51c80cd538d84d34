/**
 * What the sender wrote under a name, in `attributes`: a key of that name, or a path that begins with a key. The longest
 * key that leads to something wins, for unknown keys of a group are stored with its name before them: `actor.tenant`.
 */
import type { SecurityEvent } from "../../ingest/event.ts";

export type Read = (event: SecurityEvent) => unknown;

/** The keys of `attributes` that can hold a field of this name, the longest first. */
export function keysOf(name: string): string[] {
  const steps = name.split(".");
  return steps.map((_, index) => steps.slice(0, steps.length - index).join("."));
}

/** Has it: attributes that are no sender's, but note by which names they are asked. */
export const notes = Symbol("notes what it is asked");

/**
 * With which letters the keys of an event's attributes begin, a bit each: hundreds of names are asked for of an event that
 * has a few keys. Of the latest event it is known.
 */
let lastAttributes: object | undefined;
let lastLetters = 0;

function lettersOf(attributes: object): number {
  if (attributes !== lastAttributes) {
    lastLetters = notes in attributes ? -1 : 0;
    for (const key in attributes) lastLetters |= letterOf(key);
    lastAttributes = attributes;
  }
  return lastLetters;
}

const letterOf = (key: string): number => 1 << (key.charCodeAt(0) & 31);

const mostSteps = 100; // events are less deep, and what is remembered of a name grows with the square of its steps

/** `core`: where else it may be. */
export function readSent(name: string, core?: Read): Read {
  const steps = name.split(".", mostSteps + 1);
  if (steps.length > mostSteps)
    return (event) => (Object.hasOwn(event.attributes, name) ? event.attributes[name] : core?.(event));
  const rests = steps.map((_, index) => steps.slice(index).join("."));
  const keys = keysOf(name);
  const letters = keys.reduce((bits, key) => bits | letterOf(key), 0); // mostly one: each key begins the name
  return (event) => {
    const { attributes } = event;
    if ((lettersOf(attributes) & letters) === 0) return core?.(event);
    if (Object.hasOwn(attributes, name)) return attributes[name];
    for (let index = 1; index < keys.length; index++) {
      const key = keys[index] as string;
      if (!Object.hasOwn(attributes, key)) continue;
      const found = walk(attributes[key], steps, rests, steps.length - index);
      if (found !== undefined) return found;
    }
    return core?.(event);
  };
}

/** Own properties only, so that `__proto__` or `constructor` reach nothing. A list on the way stands for its elements. */
function walk(value: unknown, steps: readonly string[], rests: readonly string[], at: number): unknown {
  if (at === steps.length) return value;
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    const found = value.map((item) => walk(item, steps, rests, at)).filter((item) => item !== undefined);
    return found.length > 0 ? found : undefined;
  }
  const rest = rests[at] ?? "";
  if (Object.hasOwn(value, rest)) return (value as Record<string, unknown>)[rest];
  const step = steps[at] ?? "";
  return Object.hasOwn(value, step) ? walk((value as Record<string, unknown>)[step], steps, rests, at + 1) : undefined;
}
