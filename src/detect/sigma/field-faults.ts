/** Misspelt fields: a rule that asks for one would be silent for ever. */
import { distance } from "fastest-levenshtein";
import type { ParsedDocument, RuleError } from "./document.ts";
import { type KnownFields, knownFields } from "./known-fields.ts";
import { get, isShape, type Shape } from "./shape.ts";
import { type Path, readSource } from "./source.ts";

export type FieldFault = Pick<RuleError, "path" | "line" | "message">;

/**
 * The fields of a detection rule, or of a filter, that no event of its logsource can have, in the order in which they are written. Empty
 * for a correlation, and for logsources whose fields are the sender's own.
 */
export function fieldFaults(document: ParsedDocument): FieldFault[] {
  const known = document.kind === "CORRELATION" ? undefined : knownFields(document.logsource);
  if (!known) return [];
  const found: RuleError[] = [];
  const [source] = readSource(document.yaml, found);
  if (!source || !isShape(source.value)) return [];
  for (const { name, path } of fieldsOf(source.value, document.kind === "FILTER" ? "filter" : "detection"))
    if (!known.has(name)) source.report(path, "INVALID", messageFor(name, document.logsource.category ?? "", known));
  return found.map(({ path, line, message }) => ({ path, line: line - source.line + document.line, message }));
}

/** Every field that the selections name, and those that `fieldref` refers to. */
function* fieldsOf(document: Shape, part: string): Generator<{ name: string; path: Path }> {
  const detection = get(document, part);
  if (!isShape(detection)) return;
  for (const [selection, value] of Object.entries(detection)) {
    const list: unknown[] = Array.isArray(value) ? value : [value];
    for (const [index, map] of list.entries()) {
      if (!isShape(map)) continue;
      const at = Array.isArray(value) ? [part, selection, index] : [part, selection];
      for (const [key, values] of Object.entries(map)) {
        const [name = "", ...modifiers] = key.split("|");
        if (name !== "") yield { name, path: [...at, key] };
        if (!modifiers.includes("fieldref")) continue;
        for (const other of Array.isArray(values) ? values : [values])
          yield { name: String(other), path: [...at, key] };
      }
    }
  }
}

/** What is told of a field that events of a category cannot have. */
export function messageFor(name: string, category: string, { names }: KnownFields): string {
  const own = `your own fields are written \`attributes.${name}\``;
  const close = nearest(name, names);
  const hint = close === undefined ? "" : `did you mean \`${close}\`? `;
  return `events of the category ${category} have no field \`${name}\`: ${hint}${hint === "" ? own : `(${own})`}`;
}

/** The known name that takes the fewest changes, if those are few for its length. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const one of names) {
    const changes = distance(lower, one.toLowerCase());
    if (changes < least) [best, least] = [one, changes];
  }
  return best;
}
