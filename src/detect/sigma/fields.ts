/**
 * Field names -> readers, made once per name and logsource. What the sender wrote wins: first the exact key of
 * `attributes`, then a path into it, then the typed core. `attributes.x` is a sender's `x` whatever Vigil calls x.
 */
import type { Logsource } from "../../ingest/event.ts";
import { ecsFields, mappingOf, ownFields, type Read } from "./field-tables.ts";

export type { Read };
export type FieldReader = (name: string, logsource: Logsource) => Read;

/** Equal names of one mapping share one reader, so that readers can serve as index keys. */
export function createFieldReader(): FieldReader {
  const plain = new Map<string, Read>();
  const mapped = new Map<unknown, Map<string, Read>>();
  return (name, logsource) => {
    const mapping = mappingOf(logsource);
    const special = mapping?.get(name);
    const cache = special ? (mapped.get(mapping) ?? new Map<string, Read>()) : plain;
    if (special) mapped.set(mapping, cache);
    let read = cache.get(name);
    if (!read) {
      const core = ecsFields.get(name) ?? ownFields.get(name) ?? special;
      const rest = /^attributes\.(.+)$/s.exec(name)?.[1];
      cache.set(name, (read = compileRead(name, rest === undefined ? core : compileRead(rest, undefined))));
    }
    return read;
  };
}

function compileRead(name: string, core: Read | undefined): Read {
  const steps = name.split(".");
  const rests = steps.map((_, index) => steps.slice(index).join("."));
  const [first = ""] = steps;
  return (event) => {
    const { attributes } = event;
    if (Object.hasOwn(attributes, name)) return attributes[name];
    if (steps.length > 1 && Object.hasOwn(attributes, first)) {
      const found = walk(attributes[first], steps, rests, 1);
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
