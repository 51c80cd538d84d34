import { invalidField, Refusal } from "./refusal.ts";
import { cleanText } from "./text.ts";

export type JsonObject = Record<string, unknown>;

const maximumDepth = 20; // of nesting below the event
const maximumKeys = 1_000; // of one event, at all depths: a bound on index and row size

export interface Budget {
  keys: number;
}

export function newBudget(): Budget {
  return { keys: maximumKeys };
}

export function charge(budget: Budget, keys: number): void {
  budget.keys -= keys;
  if (budget.keys < 0) throw new Refusal("TOO_MANY_KEYS", `an event may have at most ${maximumKeys} keys`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Assignment that stores `__proto__` as an ordinary key instead of changing the prototype. */
export function put(object: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}

/** Adds a key that was sent outside `attributes` to them, without losing an equal key that was sent inside. */
export function keep(attributes: JsonObject, key: string, value: unknown): void {
  let free = cleanText(key);
  while (Object.hasOwn(attributes, free)) free = `vigil.duplicate.${free}`;
  put(attributes, free, value);
}

/**
 * The same JSON value in storable form: U+0000 and lone surrogates replaced in keys and strings, bounds checked.
 * What needs no change is returned as it is, not copied.
 */
export function storable(value: unknown, path: string, budget: Budget, depth = 0): unknown {
  switch (typeof value) {
    case "string":
      return cleanText(value);
    case "number":
      if (!Number.isFinite(value)) throw invalidField(path, "a finite number");
      return value === 0 ? 0 : value; // JSON has no -0
    case "boolean":
      return value;
    case "object":
      if (value === null) return value;
      if (depth >= maximumDepth) throw new Refusal("TOO_DEEP", `attributes may be nested at most ${maximumDepth} deep`);
      return Array.isArray(value)
        ? storableArray(value, path, budget, depth + 1)
        : storableObject(value as JsonObject, path, budget, depth + 1);
    default:
      throw invalidField(path, "a JSON value");
  }
}

function storableArray(array: unknown[], path: string, budget: Budget, depth: number): unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < array.length; i++) {
    const value = array[i] ?? null;
    const cleaned = storable(value, path, budget, depth);
    if (copy === undefined && !Object.is(cleaned, array[i])) copy = array.slice(0, i);
    copy?.push(cleaned);
  }
  return copy ?? array;
}

function storableObject(object: JsonObject, path: string, budget: Budget, depth: number): JsonObject {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw invalidField(path, "a plain JSON value");
  const keys = Object.keys(object);
  charge(budget, keys.length);
  let copy: JsonObject | undefined;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const value = object[key];
    const cleaned = value === undefined ? undefined : storable(value, path, budget, depth);
    const cleanedKey = cleanText(key);
    if (copy === undefined && (!Object.is(cleaned, value) || value === undefined || cleanedKey !== key)) {
      copy = {};
      for (const earlier of keys.slice(0, i)) put(copy, earlier, object[earlier]);
    }
    if (copy !== undefined && cleaned !== undefined) put(copy, freeKey(copy, object, key, cleanedKey), cleaned);
  }
  return copy ?? object;
}

/** Cleaning may make two keys equal; neither value may be lost. */
function freeKey(copy: JsonObject, original: JsonObject, key: string, cleaned: string): string {
  if (cleaned === key) return key;
  let free = cleaned;
  while (Object.hasOwn(copy, free) || Object.hasOwn(original, free)) free += "\ufffd";
  return free;
}
