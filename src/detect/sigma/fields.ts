/**
 * Field names -> readers, made once per name and logsource. What the sender wrote wins: first the exact key of
 * `attributes`, then a path into it, then the typed core. `attributes.x` is a sender's `x` whatever Vigil calls x.
 */
import type { Logsource } from "../../ingest/event.ts";
import { ecsFields, mappingOf, ownFields } from "./field-tables.ts";
import { type Read, readSent } from "./read-sent.ts";

export type FieldReader = (name: string, logsource: Logsource) => Read;

const mostKept = 4_000_000; // characters; a reader holds its name as often as that has steps

/** Equal names of one mapping share one reader, so that readers can serve as index keys. */
export function createFieldReader(): FieldReader {
  const plain = new Map<string, Read>();
  const mapped = new Map<unknown, Map<string, Read>>();
  let kept = 0; // names are whatever organizations write in their rules
  return (name, logsource) => {
    const mapping = mappingOf(logsource);
    const special = mapping?.get(name);
    const cache = special ? (mapped.get(mapping) ?? new Map<string, Read>()) : plain;
    if (special) mapped.set(mapping, cache);
    let read = cache.get(name);
    if (!read) {
      if (!special) kept += name.length * name.split(".").length;
      if (kept > mostKept) {
        plain.clear();
        kept = 0;
      }
      const core = ecsFields.get(name) ?? ownFields.get(name) ?? special;
      const rest = /^attributes\.(.+)$/s.exec(name)?.[1];
      cache.set(name, (read = readSent(name, rest === undefined ? core : readSent(rest))));
    }
    return read;
  };
}
