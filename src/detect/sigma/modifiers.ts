/** `field|modifier|modifier: values` -> a clause. One table says what each modifier of Sigma 2.1.0 means here. */
import { parseCidr } from "./cidr.ts";
import type { Clause, RuleErrorCode, Test } from "./document.ts";
import { anyText, type Pattern, parsePattern } from "./pattern.ts";

interface Meaning {
  all?: true;
  cased?: true;
  negated?: true;
  exists?: true;
  cidr?: true;
  place?: "contains" | "startswith" | "endswith";
  operator?: "lt" | "lte" | "gt" | "gte";
}

const meanings = new Map<string, Meaning>([
  ["all", { all: true }],
  ["cased", { cased: true }],
  ["neq", { negated: true }],
  ["exists", { exists: true }],
  ["cidr", { cidr: true }],
  ["contains", { place: "contains" }],
  ["startswith", { place: "startswith" }],
  ["endswith", { place: "endswith" }],
  ["lt", { operator: "lt" }],
  ["lte", { operator: "lte" }],
  ["gt", { operator: "gt" }],
  ["gte", { operator: "gte" }],
]);
const notYet = new Set(
  "re i m s base64 base64offset utf16 utf16le utf16be wide windash fieldref expand minute hour day week month year".split(
    " ",
  ),
);

export interface Refusal {
  code: RuleErrorCode;
  message: string;
}
const invalid = (message: string): Refusal => ({ code: "INVALID", message });

/** A clause, or why there is none. `values` is one value or a list as it came from YAML. */
export function parseClause(key: string, values: unknown): Clause | Refusal {
  const [field = "", ...names] = key.split("|");
  if (/(?<!\\)\[(\d+|any|all|none)\]/.test(field))
    return { code: "UNSUPPORTED", message: `array selectors such as ${field} are not in Sigma 2.1.0` };
  if (field === "<<") return invalid("merge keys (<<) are YAML 1.1; write the fields out");
  const meaning: Meaning = {};
  for (const name of names) {
    const one = meanings.get(name);
    if (!one && notYet.has(name)) return { code: "UNSUPPORTED", message: `the modifier ${name} is not evaluated yet` };
    if (!one) return invalid(`there is no modifier ${name || "(empty)"}`);
    if (one.place && meaning.place) return invalid(`${meaning.place} and ${name} exclude each other; use two clauses`);
    if (one.operator && meaning.operator) return invalid(`${meaning.operator} and ${name} need two clauses`);
    Object.assign(meaning, one);
  }
  const compares = [meaning.exists, meaning.cidr, meaning.operator, meaning.place].filter(Boolean).length;
  if (compares > 1) return invalid(`the modifiers ${names.join(", ")} exclude each other`);
  if (!field && (meaning.exists || meaning.cidr || meaning.operator || meaning.negated))
    return invalid("this modifier needs a field");
  if (!field && meaning.place && meaning.place !== "contains") return invalid(`${meaning.place} needs a field`);
  if (meaning.exists && names.length > 1) return invalid("exists stands alone");
  const list: unknown[] = Array.isArray(values) ? values : [values];
  if (list.length === 0) return invalid("the list of values is empty");
  const tests: Test[] = [];
  for (const value of list) {
    const test = parseTest(value, field === "" ? { ...meaning, place: "contains" } : meaning, field === "");
    if ("code" in test) return test;
    tests.push(test);
  }
  const clause: Clause = { tests, all: meaning.all === true, negated: meaning.negated === true };
  if (field !== "") clause.field = field;
  return clause;
}

function parseTest(value: unknown, meaning: Meaning, keyword: boolean): Test | Refusal {
  if (typeof value === "object" && value !== null)
    return invalid("a value must be text, a number, true, false or null");
  if (meaning.exists) {
    const wanted = String(value).toLowerCase();
    return wanted === "true" || wanted === "false"
      ? { kind: "EXISTS", value: wanted === "true" }
      : invalid("exists takes true or false");
  }
  if (meaning.cidr) {
    const cidr = parseCidr(String(value));
    return cidr ? { kind: "CIDR", cidr } : invalid(`${String(value)} is no IPv4 or IPv6 range such as 192.0.2.0/24`);
  }
  if (meaning.operator) {
    const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
    const isNumber = value !== null && typeof value !== "boolean" && Number.isFinite(number);
    return isNumber
      ? { kind: "COMPARE", operator: meaning.operator, value: number }
      : invalid(`${meaning.operator} takes a number`);
  }
  if (value === null || value === undefined)
    return meaning.place || keyword ? invalid("null cannot be searched for inside a text") : { kind: "NULL" };
  const isText = typeof value === "string" || meaning.place !== undefined || meaning.cased;
  if (!isText && typeof value === "boolean") return { kind: "BOOLEAN", value };
  // A number too large to be exact is compared by its digits.
  if (!isText && Number.isFinite(Number(value)) && isExact(Number(value)))
    return { kind: "NUMBER", value: Number(value) };
  return { kind: "TEXT", pattern: placed(parsePattern(String(value)), meaning.place), cased: meaning.cased === true };
}

function isExact(value: number): boolean {
  return !Number.isInteger(value) || Number.isSafeInteger(value);
}

function placed(pattern: Pattern, place: Meaning["place"]): Pattern {
  const before = place === "contains" || place === "endswith" ? [anyText] : [];
  const after = place === "contains" || place === "startswith" ? [anyText] : [];
  return [...before, ...pattern, ...after];
}
