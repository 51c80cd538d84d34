/** OTLP's values (AnyValue in its JSON form) as plain JSON. */
import { asText, isObject, type JsonObject, put } from "../json.ts";
import { invalidField } from "../refusal.ts";

const deepest = 20; // as an event's attributes may be; what is nested deeper stays as text

/** The value itself; undefined: there is none. */
export function plainValue(value: unknown, path: string, depth = 0): unknown {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw invalidField(path, "an AnyValue");
  if (depth > deepest) return asText(value);
  for (const name of ["stringValue", "boolValue", "doubleValue", "bytesValue"]) {
    if (value[name] !== undefined) return finite(value[name]);
  }
  if (value.intValue !== undefined) return integer(value.intValue, path);
  if (isObject(value.arrayValue)) {
    return listAt(value.arrayValue.values, path).map((one) => plainValue(one, path, depth + 1) ?? null);
  }
  if (isObject(value.kvlistValue)) return plainAttributes(value.kvlistValue.values, path, depth + 1);
  return undefined;
}

/** A list of KeyValue as an object; of a key that comes twice, all values are kept, in a list. */
export function plainAttributes(list: unknown, path: string, depth = 0): JsonObject {
  const found: JsonObject = {};
  const several = new Map<string, unknown[]>();
  for (const pair of listAt(list, path)) {
    const key = isObject(pair) ? (pair.key ?? "") : undefined; // protobuf leaves out what is empty
    if (!isObject(pair) || typeof key !== "string") throw invalidField(path, "a list of keys with values");
    const value = plainValue(pair.value, `${path}.${key}`, depth) ?? null;
    if (!Object.hasOwn(found, key)) {
      put(found, key, value);
      continue;
    }
    const values = several.get(key) ?? [found[key]].flat();
    for (const one of [value].flat()) values.push(one);
    several.set(key, values);
  }
  for (const [key, values] of several) put(found, key, values);
  return found;
}

/** A repeated field: absent is empty. */
export function listAt(value: unknown, path: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidField(path, "a list");
  return value;
}

/** A 64-bit number, sent as text; as text it stays where a double would not hold it. */
function integer(value: unknown, path: string): unknown {
  const number = Number(value);
  if (!Number.isInteger(number)) throw invalidField(path, "an integer");
  return Number.isSafeInteger(number) ? number : String(value);
}

const finite = (value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
