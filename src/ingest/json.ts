import { invalidField } from "./refusal.ts";
import { cleanText } from "./text.ts";

export type JsonObject = Record<string, unknown>;

const maximumDepth = 20; // of nesting below the event
const maximumKeys = 1_000; // of one event, at all depths: a bound on index and row size

/**
 * What an event may still hold beside the model. What is beyond it stays, as text: were the event refused, whoever fills
 * a form with a thousand fields would not be seen.
 */
export interface Budget {
  keys: number;
  /** What there was no room for, to be one text. */
  excess: JsonObject | undefined;
}

export function newBudget(): Budget {
  return { keys: maximumKeys, excess: undefined };
}

/** Or a string, which may hold the words. */
const notNumbers = /"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|-?\b(?:NaN|Infinity)\b/g;

/**
 * JSON, and what Python takes for JSON: `NaN` and `Infinity`, which stay as text. Whoever sends 1e999 to an application that
 * tells of what it was sent would otherwise not be seen. Undefined: it is neither, as no JSON means that.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (!/NaN|Infinity/.test(text)) return undefined;
  }
  try {
    return JSON.parse(text.replace(notNumbers, (token) => (token.startsWith('"') ? token : `"${token}"`)));
  } catch {
    return undefined;
  }
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

/** What stands under a path, whether its keys are nested, joined by dots, or both. */
export function valueAt(object: JsonObject, path: string): unknown {
  const exact = object[path];
  if (exact !== undefined && exact !== null) return exact;
  for (let dot = path.indexOf("."); dot > 0; dot = path.indexOf(".", dot + 1)) {
    const inner = object[path.slice(0, dot)];
    const found = isObject(inner) ? valueAt(inner, path.slice(dot + 1)) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The last number given: a thousand keys that are one when cleaned must not each try all names before theirs. */
const duplicates = new WeakMap<JsonObject, number>();

/** Adds a key that was sent outside `attributes` to them, without losing an equal key that was sent inside. */
export function keep(attributes: JsonObject, key: string, value: unknown): void {
  const cleaned = cleanText(key);
  let free = cleaned;
  if (Object.hasOwn(attributes, free)) free = `vigil.duplicate.${cleaned}`;
  if (Object.hasOwn(attributes, free)) {
    let number = duplicates.get(attributes) ?? 1;
    while (Object.hasOwn(attributes, free)) free = `vigil.duplicate.${++number}.${cleaned}`;
    duplicates.set(attributes, number);
  }
  put(attributes, free, value);
}

/** Adds what the model does not know, as far as there is room for it. False: there was none, or no value. */
export function keepUnknown(attributes: JsonObject, key: string, value: unknown, budget: Budget, path = key): boolean {
  if (value === undefined) return false;
  if (budget.keys > 0) {
    budget.keys--;
    keep(attributes, key, storable(value, path, budget));
    return true;
  }
  budget.excess ??= {};
  keep(budget.excess, path, value);
  return false;
}

/** Adds what there was no room for, when all has been read. */
export function keepExcess(attributes: JsonObject, { excess }: Budget): void {
  if (excess !== undefined) keep(attributes, "vigil.excess", asText(excess));
}

/** JSON of what may not stay an object or a list: a search for its words still finds them. */
export function asText(value: unknown): string {
  try {
    return cleanText(JSON.stringify(value) ?? "");
  } catch {
    return "[nested too deep]"; // thousands of levels: V8 gives up where the stack is full
  }
}

/** Attributes as sent, in storable form; of more keys than there is room for, those beyond are the budget's excess. */
export function storableBag(sent: JsonObject, path: string, budget: Budget): JsonObject {
  const keys = Object.keys(sent);
  if (keys.length <= budget.keys) return storable(sent, path, budget) as JsonObject;
  const first: JsonObject = {};
  for (const key of keys.slice(0, budget.keys)) put(first, key, sent[key]);
  budget.excess ??= {};
  for (const key of keys.slice(budget.keys)) keep(budget.excess, key, sent[key]);
  return storable(first, path, budget) as JsonObject;
}

/**
 * The same JSON value in storable form: U+0000 and lone surrogates replaced in keys and strings; what is nested too
 * deep, or has more keys than there is room for, as text. What needs no change is returned as it is, not copied.
 */
function storable(value: unknown, path: string, budget: Budget, depth = 0): unknown {
  switch (typeof value) {
    case "string":
      return cleanText(value);
    case "number":
      if (!Number.isFinite(value)) return String(value); // 1e999 is JSON
      return value === 0 ? 0 : value; // JSON has no -0
    case "boolean":
      return value;
    case "object":
      if (value === null) return value;
      if (depth >= maximumDepth) return asText(value);
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

function storableObject(object: JsonObject, path: string, budget: Budget, depth: number): JsonObject | string {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw invalidField(path, "a plain JSON value");
  const keys = Object.keys(object);
  if (keys.length > budget.keys) return asText(object);
  budget.keys -= keys.length;
  let copy: JsonObject | undefined;
  let doubles = 1; // keys that are equal once they are cleaned: neither value may be lost
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const value = object[key];
    const cleaned = value === undefined ? undefined : storable(value, path, budget, depth);
    const cleanedKey = cleanText(key);
    if (copy === undefined && (!Object.is(cleaned, value) || value === undefined || cleanedKey !== key)) {
      copy = {};
      for (const earlier of keys.slice(0, i)) put(copy, earlier, object[earlier]);
    }
    if (copy === undefined || cleaned === undefined) continue;
    let free = cleanedKey;
    while (free !== key && (Object.hasOwn(copy, free) || Object.hasOwn(object, free)))
      free = `${cleanedKey}${++doubles}`;
    put(copy, free, cleaned);
  }
  return copy ?? object;
}
