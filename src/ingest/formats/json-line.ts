import type { Rejection } from "../event.ts";
import { parseJson } from "../json.ts";
import { jsonFaultAt } from "../json-fault.ts";
import { validateEvent } from "../validate.ts";
import type { LineParser, ParserOptions } from "./format.ts";

/** The JSON document that a line is, or where it is none. */
export function readJsonLine(line: string, lineNumber: number): { value: unknown } | { rejection: Rejection } {
  const value = parseJson(line);
  if (value !== undefined) return { value };
  const message = `line ${lineNumber} is not valid JSON at character ${jsonFaultAt(line) + 1}`;
  return { rejection: { index: lineNumber - 1, code: "INVALID_JSON", message } };
}

/** A line is one JSON document; validation tells the shapes apart, so a file may mix them. */
export function jsonLineParser(options: ParserOptions): LineParser {
  return (line, lineNumber) => {
    const read = readJsonLine(line, lineNumber);
    if ("rejection" in read) return line.trim() === "" ? { ignored: "blank line" } : read;
    const validated = validateEvent(read.value, lineNumber - 1, options.now);
    return "event" in validated ? { events: [validated.event] } : validated;
  };
}
