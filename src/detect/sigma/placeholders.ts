/** `expand`: %names% in values stand for lists that the organization holds. */
import type { Clause, DetectionBody, Selection, Test } from "./document.ts";
import { standIn, withFields } from "./filled.ts";
import { parseClause } from "./modifiers.ts";
import { beginExpressions, sizeOfExpressions } from "./regex.ts";
import type { Template } from "./template.ts";

/** A placeholder's name, without percent signs -> its values, which may have wildcards. */
export type Placeholders = ReadonlyMap<string, readonly string[]>;

const maxExpanded = 10_000; // texts that one value may become

/**
 * The body with every placeholder's values in its place, itself where there are none, and what is wrong, once per cause. Inside a longer text a
 * placeholder that no list answers for stands for the event's own field of that name, where such events may have it.
 * (A field that is the whole value is written with `fieldref`, so there a missing list is a fault.)
 */
export function expandPlaceholders(
  body: DetectionBody,
  placeholders: Placeholders,
  isField: (name: string) => boolean = () => false,
): { body: DetectionBody; faults: string[]; expressions: number } {
  if (!hasPlaceholders(body)) return { body, faults: [], expressions: 0 };
  const faults = new Set<string>();
  beginExpressions();
  const expand = (test: Test, clause: Clause): Test => {
    if (test.kind !== "EXPAND") return test;
    const fields: string[] = [];
    const texts = textsOf(test.template, faults, (name) => {
      const values = placeholders.get(name) ?? [];
      if (values.length > 0 || test.template.length === 1 || !isField(name)) return values;
      return [standIn(fields.push(name) - 1)];
    });
    const parsed = texts.length > 0 ? parseClause(test.key, texts) : clause;
    if ("code" in parsed) faults.add(`a value of ${namesOf(test.template)}: ${parsed.message}`);
    if ("code" in parsed || texts.length === 0) return { kind: "ANY", tests: [] };
    if (fields.length === 0) return { kind: "ANY", tests: parsed.tests };
    const filled = withFields(parsed, fields);
    if (!filled) for (const name of fields) faults.add(`the placeholder %${name}% has no values`);
    return { kind: "ANY", tests: filled ?? [] };
  };
  const selections = new Map<string, Selection>();
  for (const [name, alternatives] of body.selections)
    selections.set(
      name,
      alternatives.map((clauses) =>
        clauses.map((clause) =>
          clause.tests.some((test) => test.kind === "EXPAND")
            ? { ...clause, tests: clause.tests.map((test) => expand(test, clause)) }
            : clause,
        ),
      ),
    );
  return { body: { ...body, selections }, faults: [...faults], expressions: sizeOfExpressions() };
}

function hasPlaceholders({ selections }: DetectionBody): boolean {
  for (const alternatives of selections.values())
    for (const clauses of alternatives)
      if (clauses.some(({ tests }) => tests.some(({ kind }) => kind === "EXPAND"))) return true;
  return false;
}

function namesOf(template: Template): string {
  return template.flatMap((part) => (typeof part === "string" ? [] : [`%${part.placeholder}%`])).join(", ");
}

function textsOf(
  template: Template,
  faults: Set<string>,
  valuesOf: (placeholder: string) => readonly string[],
): string[] {
  let texts = [""];
  for (const part of template) {
    const values = typeof part === "string" ? [part] : valuesOf(part.placeholder);
    if (values.length === 0) faults.add(`the placeholder ${namesOf([part])} has no values`);
    if (texts.length * values.length > maxExpanded) {
      faults.add(`${namesOf(template)} stand for more than ${maxExpanded} texts`);
      return [];
    }
    texts = texts.flatMap((text) => values.map((value) => text + value));
  }
  return texts;
}
