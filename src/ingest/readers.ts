import { canonicalAddress } from "../address.ts";
import { isObject } from "./json.ts";
import { invalidField } from "./refusal.ts";
import { cleanText, truncate, truncateBytes } from "./text.ts";

/** Turns one sent value into a stored one; undefined means "nothing was sent"; throws a Refusal for a wrong type. */
export type Read<T> = (value: unknown, path: string) => T | undefined;

/** One reader for each field of T: a field added to the event model does not compile until it can be read. */
export type Readers<T> = { [K in keyof T]-?: Read<NonNullable<T[K]>> };

export const textLimit = 2_048; // a user agent or path is shorter
export const shortestCut = Math.floor(textLimit / 3); // no shorter text is ever cut: a character has 3 bytes at most for each unit
export const messageLimit = 8_192;
const nameLimit = 200; // ids and actions are keys: never cut
const roleLimit = 50; // that are looked at; who has more, as of a directory's groups, is no less seen

export const text: Read<string> = readText(textLimit);
export const message: Read<string> = readText(messageLimit);

/** Longer text is cut, not refused: else a long user agent would be a way not to be seen. The caller keeps the whole. */
function readText(limit: number): Read<string> {
  return (value, path) => {
    if (typeof value !== "string") throw invalidField(path, "a string");
    if (value === "") return undefined;
    return truncate(cleanText(value), limit);
  };
}

/** What users are called is in an index, whose entries have 2,704 bytes at most: a longer one would not be stored at all. */
export const cutUser = (name: string): string => truncateBytes(name, textLimit);

export const user: Read<string> = (value, path) => {
  const read = text(value, path);
  return read === undefined ? undefined : cutUser(read);
};

export const name: Read<string> = (value, path) => {
  if (typeof value !== "string") throw invalidField(path, "a string");
  if (value.length > nameLimit) throw invalidField(path, `at most ${nameLimit} characters long`);
  return value === "" ? undefined : cleanText(value);
};

export const address: Read<string> = (value, path) => {
  if (value === "") return undefined;
  const canonical = typeof value === "string" ? canonicalAddress(value) : undefined;
  if (canonical === undefined) throw invalidField(path, "an IPv4 or IPv6 address (no port, no zone)");
  return canonical;
};

export const roles: Read<string[]> = (value, path) => {
  if (!Array.isArray(value) || !value.every((role) => typeof role === "string")) {
    throw invalidField(path, "an array of strings");
  }
  const cleaned = value.slice(0, roleLimit).map((role: string) => truncate(cleanText(role), textLimit));
  return cleaned.length === value.length && cleaned.every((role, i) => role === value[i]) ? value : cleaned;
};

export function integer(minimum: number, maximum: number): Read<number> {
  return (value, path) => {
    if (!Number.isInteger(value) || (value as number) < minimum || (value as number) > maximum) {
      throw invalidField(path, `an integer from ${minimum} to ${maximum}`);
    }
    return (value as number) + 0; // -0 becomes 0
  };
}

export function number(minimum: number, maximum: number): Read<number> {
  return (value, path) => {
    if (typeof value !== "number" || !(value >= minimum && value <= maximum)) {
      throw invalidField(path, `a number from ${minimum} to ${maximum}`);
    }
    return value + 0;
  };
}

/** One of UPPER_CASE values, sent in any case. */
export function oneOf<T extends string>(values: readonly T[]): Read<T> {
  const known = new Map<string, T>();
  for (const value of values) known.set(value, value).set(value.toLowerCase(), value);
  return (value, path) => {
    if (value === "") return undefined;
    const found = typeof value === "string" ? (known.get(value) ?? known.get(value.toUpperCase())) : undefined;
    if (found === undefined) throw invalidField(path, `one of ${values.join(", ")}`);
    return found;
  };
}

export function objectAt(value: unknown, path: string): Record<string, unknown> {
  if (!isObject(value)) throw invalidField(path, "an object");
  return value;
}
