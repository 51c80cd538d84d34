/**
 * Parsed texts, remembered: every change of one rule compiles all of them anew, and reading YAML is most of that work.
 * Parsing is pure, and what it gives is never changed.
 */
import { type ParsedSigma, parseSigma } from "./parse.ts";

const most = 20_000_000; // characters of text; the parsed form takes about ten bytes a character

const known = new Map<string, { yaml: string; parsed: ParsedSigma }>();
let size = 0;

export function parseOnce(yaml: string): ParsedSigma {
  const found = known.get(yaml);
  if (found) return found.parsed;
  const parsed = parseSigma(yaml);
  if (size + yaml.length > most) {
    known.clear();
    size = 0;
  }
  known.set(yaml, { yaml, parsed });
  size += yaml.length;
  return parsed;
}

/** The same text, as the one copy that is kept anyway where it has been parsed: organizations have mostly the same rules. */
export function sameText(yaml: string): string {
  return known.get(yaml)?.yaml ?? yaml;
}
