/**
 * Rules match on what was sent. But what they group by goes on into group keys, subjects, titles and alerts, so a value
 * that is stored sealed is replaced there by a keyed pseudonym: the same for equal values, and told to nobody.
 */
import type { Logsource, SecurityEvent } from "../../ingest/event.ts";
import type { FieldReader } from "../sigma/fields.ts";
import type { Read } from "../sigma/read-sent.ts";
import { keyText } from "./group.ts";

export interface Disguise {
  /** The event as anyone may see it. */
  clearOf(event: SecurityEvent): SecurityEvent;
  pseudonym(value: string): string;
}

/** A reader of group-by and counted values. Sealed numbers stay numbers where they are counted, never where they group. */
export function disguised(field: FieldReader, disguise: Disguise | undefined, numbersToo: boolean): FieldReader {
  if (!disguise) return field;
  return (name, logsource) => {
    const read: Read = field(name, logsource);
    return (event) => {
      const value = read(event);
      const clear = disguise.clearOf(event);
      if (clear === event || (typeof value === "number" && !numbersToo)) return value;
      const text = keyText(value);
      return text === undefined || text === keyText(read(clear)) ? value : disguise.pseudonym(text);
    };
  };
}

/** Whether what an event says of a field is stored sealed. */
export type SealedReader = (name: string, logsource: Logsource) => (event: SecurityEvent) => boolean;

export function sealedReader(field: FieldReader, disguise: Disguise | undefined): SealedReader {
  if (!disguise) return () => () => false;
  return (name, logsource) => {
    const read = field(name, logsource);
    return (event) => {
      const clear = disguise.clearOf(event);
      return clear !== event && read(event) !== read(clear);
    };
  };
}
