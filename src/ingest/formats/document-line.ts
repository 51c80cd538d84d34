/**
 * Audit logs whose line is a product's own JSON document, or a list of such: what the document means in our words is
 * told beside it, and the document itself is the event's attributes, whole, so rules see the fields they were written for.
 */

import { isObject, type JsonObject } from "../json.ts";
import { validateEvent } from "../validate.ts";
import type { LineParser, ParserOptions } from "./format.ts";
import { readJsonLine } from "./json-line.ts";

/** A document as an event is sent, without its attributes; `undefined` in it: the document does not say. */
export type Meaning = (document: JsonObject) => JsonObject;

/**
 * `listed`: the key under which a file holds a list of documents, e.g. `Records`. `look` sees the documents of a line
 * before what each means is asked.
 */
export function documentLineParser(
  meaning: Meaning,
  listed: string,
  { now }: ParserOptions,
  look?: (documents: readonly JsonObject[]) => void,
): LineParser {
  return (line, lineNumber) => {
    const document = readJsonLine(line, lineNumber);
    if ("rejection" in document) return document;
    const { value } = document;
    const list = isObject(value) && Array.isArray(value[listed]) ? value[listed] : value;
    const documents: unknown[] = Array.isArray(list) ? list : [list];
    look?.(documents.filter(isObject));
    const read = documents.map((one) =>
      validateEvent(isObject(one) ? { ...meaning(one), attributes: one } : one, lineNumber - 1, now),
    );
    return {
      events: read.flatMap((one) => ("event" in one ? [one.event] : [])),
      rejections: read.flatMap((one) => ("rejection" in one ? [one.rejection] : [])),
    };
  };
}

/** The value at a path of keys, where it is text that says something. */
export function textAt(document: unknown, ...path: string[]): string | undefined {
  let value = document;
  for (const key of path) value = isObject(value) ? value[key] : undefined;
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
