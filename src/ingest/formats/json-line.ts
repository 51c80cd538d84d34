import { jsonFaultAt } from "../json-fault.ts";
import { validateEvent } from "../validate.ts";
import type { LineParser, ParserOptions } from "./format.ts";

/** A line is one JSON document; validation tells the shapes apart, so a file may mix them. */
export function jsonLineParser(options: ParserOptions): LineParser {
  return (line, lineNumber) => {
    const index = lineNumber - 1;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      if (line.trim() === "") return { ignored: "blank line" };
      const message = `line ${lineNumber} is not valid JSON at character ${jsonFaultAt(line) + 1}`;
      return { rejection: { index, code: "INVALID_JSON", message } };
    }
    const validated = validateEvent(value, index, options.now);
    return "event" in validated ? { events: [validated.event] } : validated;
  };
}
