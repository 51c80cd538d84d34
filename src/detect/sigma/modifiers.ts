/** `field|modifier|modifier: values` -> a clause. One table says what each modifier of Sigma 2.1.0 means here. */
import type { Clause, Refusal, Test, TimePart } from "./document.ts";
import { isUtf16, utf16Names } from "./encodings.ts";
import { nearest } from "./field-faults.ts";
import { templateOf } from "./template.ts";
import { timeParts } from "./time-part.ts";
import { invalid, type Meaning, parseTest } from "./values.ts";

const meanings = new Map(
  Object.entries<Partial<Meaning>>({
    all: { all: true },
    cased: { cased: true },
    neq: { negated: true },
    expand: { expand: true },
    exists: { kind: "exists" },
    cidr: { kind: "cidr" },
    re: { kind: "re" },
    i: { flags: "i" },
    m: { flags: "m" },
    s: { flags: "s" },
    fieldref: { kind: "fieldref" },
    contains: { place: "contains" },
    startswith: { place: "startswith" },
    endswith: { place: "endswith" },
    lt: { operator: "lt" },
    lte: { operator: "lte" },
    gt: { operator: "gt" },
    gte: { operator: "gte" },
  }),
);
for (const step of ["windash", "base64", "base64offset", ...utf16Names]) meanings.set(step, { steps: [step] });
for (const part of Object.keys(timeParts) as TimePart[]) meanings.set(part, { part });

/** Every modifier there is. */
export const modifierNames: readonly string[] = [...meanings.keys()];

/** A clause, or why there is none. `values` is one value or a list as it came from YAML. */
export function parseClause(key: string, values: unknown): Clause | Refusal {
  const [field = "", ...names] = key.split("|");
  if (/(?<!\\)\[(\d+|any|all|none)\]/.test(field))
    return { code: "UNSUPPORTED", message: `array selectors such as ${field} are not in Sigma 2.1.0` };
  if (field === "<<") return invalid("merge keys (<<) are YAML 1.1; write the fields out");
  const meaning = readMeaning(names, field === "");
  if ("code" in meaning) return meaning;
  const list: unknown[] = Array.isArray(values) ? values : [values];
  if (list.length === 0) return invalid("the list of values is empty");
  if (meaning.kind === "exists" && list.length > 1) return invalid("exists takes one value, true or false");
  const tests: Test[] = [];
  for (const value of list) {
    const template = meaning.expand && typeof value === "string" ? templateOf(value) : undefined;
    if (typeof template === "object") {
      tests.push({ kind: "EXPAND", template, key: key.replace("|expand", "") });
      continue;
    }
    const test = parseTest(template ?? value, meaning, field === "");
    if ("code" in test) return test;
    tests.push(test);
  }
  const clause: Clause = { tests, all: meaning.all === true, negated: meaning.negated === true };
  if (field !== "") clause.field = field;
  return clause;
}

function readMeaning(names: readonly string[], keyword: boolean): Meaning | Refusal {
  const meaning: Meaning = { flags: "", steps: [] };
  for (const [index, name] of names.entries()) {
    const one = meanings.get(name);
    if (!one) return invalid(unknownModifier(name));
    if (names.indexOf(name) < index) return invalid(`the modifier ${name} is there twice`);
    const fault = clash(meaning, one, name);
    if (fault) return invalid(fault);
    const { flags = "", steps = [] } = one;
    Object.assign(meaning, one, { flags: meaning.flags + flags, steps: [...meaning.steps, ...steps] });
  }
  const fault = wholeFault(meaning, names, keyword);
  return fault ? invalid(fault) : meaning;
}

function unknownModifier(name: string): string {
  const close = nearest(name, modifierNames);
  return `there is no modifier ${name || "(empty)"}${close === undefined ? "" : `: did you mean ${close}?`}`;
}

/** Whether a modifier may follow those that stand before it. */
function clash(before: Meaning, one: Partial<Meaning>, name: string): string | undefined {
  if (one.place && before.place) return `${before.place} and ${name} exclude each other; use two clauses`;
  if (one.operator && before.operator) return `${before.operator} and ${name} need two clauses`;
  if (one.part && before.part) return `${before.part} and ${name} need two clauses`;
  if (one.kind && before.kind) return `${before.kind} and ${name} exclude each other`;
  if (one.flags && before.kind !== "re") return `${name} is a flag of regular expressions and stands after re`;
  const [step] = one.steps ?? [];
  if (step === undefined) return undefined;
  const encoded = before.steps.find((earlier) => earlier.startsWith("base64"));
  if (encoded) return `${step} must stand before ${encoded}: modifiers apply in the order in which they are written`;
  const wide = before.steps.find(isUtf16);
  if (wide && !step.startsWith("base64")) return `${wide} and ${step} exclude each other in this order`;
  return undefined;
}

/** Whether the modifiers make sense together. */
function wholeFault(meaning: Meaning, names: readonly string[], keyword: boolean): string | undefined {
  const { kind, place, operator, part, steps, flags } = meaning;
  const number = part ?? operator;
  const isReference = kind === "fieldref";
  const exclusive = isReference ? [kind, number, steps[0], meaning.expand] : [kind, number, place ?? steps[0]];
  if (exclusive.filter(Boolean).length > 1) return `the modifiers ${names.join(", ")} exclude each other`;
  if (keyword && ((kind && kind !== "re") || number || meaning.negated)) return "this modifier needs a field";
  if (keyword && place && place !== "contains") return `${place} needs a field`;
  if (kind === "exists" && names.length > 1) return "exists stands alone";
  if (meaning.cased && flags.includes("i")) return "cased and i contradict each other";
  if (meaning.cased && (number || kind === "cidr")) return "cased is for texts";
  return undefined;
}
