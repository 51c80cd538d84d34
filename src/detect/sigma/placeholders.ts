/** `expand`: %names% in values stand for lists that the organization holds. */
import type { Clause, DetectionBody, Selection, Test } from "./document.ts";
import { parseClause } from "./modifiers.ts";
import type { Template } from "./template.ts";

/** A placeholder's name, without percent signs -> its values, which may have wildcards. */
export type Placeholders = ReadonlyMap<string, readonly string[]>;

const maxExpanded = 10_000; // texts that one value may become

/** The body with every placeholder's values in its place, and what is wrong, once per cause. */
export function expandPlaceholders(
  body: DetectionBody,
  placeholders: Placeholders,
): { body: DetectionBody; faults: string[] } {
  const faults = new Set<string>();
  const expand = (test: Test, clause: Clause): Test => {
    if (test.kind !== "EXPAND") return test;
    const texts = textsOf(test.template, placeholders, faults);
    const parsed = texts.length > 0 ? parseClause(test.key, texts) : clause;
    if ("code" in parsed) faults.add(`a value of ${namesOf(test.template)}: ${parsed.message}`);
    return { kind: "ANY", tests: "code" in parsed || texts.length === 0 ? [] : parsed.tests };
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
  return { body: { ...body, selections }, faults: [...faults] };
}

function namesOf(template: Template): string {
  return template.flatMap((part) => (typeof part === "string" ? [] : [`%${part.placeholder}%`])).join(", ");
}

function textsOf(template: Template, placeholders: Placeholders, faults: Set<string>): string[] {
  let texts = [""];
  for (const part of template) {
    const values = typeof part === "string" ? [part] : (placeholders.get(part.placeholder) ?? []);
    if (values.length === 0) faults.add(`the placeholder ${namesOf([part])} has no values`);
    if (texts.length * values.length > maxExpanded) {
      faults.add(`${namesOf(template)} stand for more than ${maxExpanded} texts`);
      return [];
    }
    texts = texts.flatMap((text) => values.map((value) => text + value));
  }
  return texts;
}
