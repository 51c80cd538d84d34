/** Misspelt fields of correlations: one that groups by a field which no counted event has would be silent for ever. */
import type { Logsource } from "../../ingest/event.ts";
import type { DetectionDocument, ParsedDocument, RuleError } from "./document.ts";
import { type FieldFault, messageFor, nearest } from "./field-faults.ts";
import { type KnownFields, knownFields } from "./known-fields.ts";
import { type Path, readSource } from "./source.ts";

/** A detection rule by what a correlation calls it. Undefined: there is none, or it is another correlation or behaviour. */
export type CountedRule = (reference: string) => DetectionDocument | undefined;

/** The group-by, counted and aliased fields that are a known field of the counted events misspelt, each told once; none for other documents. */
export function correlationFaults(document: ParsedDocument, counted: CountedRule): FieldFault[] {
  if (document.kind !== "CORRELATION") return [];
  const { rules, groupBy, fields, aliases } = document.body;
  const found: RuleError[] = [];
  const [source] = readSource(document.yaml, found);
  if (!source) return [];
  const told = new Set<string>();
  const check = (name: string, path: Path, { category = "" }: Logsource, known: KnownFields): void => {
    // A name that is near none is a sender's own, which events may well have.
    if (known.has(name) || told.has(path.join("\n")) || nearest(name, known.names) === undefined) return;
    told.add(path.join("\n"));
    source.report(path, "INVALID", messageFor(name, category, known));
  };
  for (const reference of rules) {
    const rule = counted(reference);
    const known = rule && knownFields(rule.logsource);
    if (!rule || !known) continue;
    const asked = [
      ...groupBy.map((field, place) => ({ field, path: ["correlation", "group-by", place] })),
      ...fields.map((field) => ({ field, path: ["correlation", "condition", "field"] })),
    ];
    for (const { field, path } of asked) {
      const names = [rule.name, rule.sigmaId].filter((name) => name !== undefined);
      const as = names.find((name) => aliases.get(field)?.has(name));
      const meant = as === undefined ? undefined : aliases.get(field)?.get(as);
      if (as !== undefined && meant !== undefined)
        check(meant, ["correlation", "aliases", field, as], rule.logsource, known);
      else if (!aliases.has(field)) check(field, path, rule.logsource, known); // wiring tells of a rule without its alias
    }
  }
  return found.map(({ path, line, message }) => ({ path, line: line - source.line + document.line, message }));
}
