/** Tests and clauses -> closures over one field value. */
import { inCidr } from "./cidr.ts";
import type { Clause, Test } from "./document.ts";
import { compilePattern, plainText } from "./pattern.ts";

/** What is asked of one scalar; `lower` is its text in lower case. Objects never come here. */
type Ask = (value: unknown, text: string, lower: string) => boolean;

const decimal = /^-?\d+(\.\d+)?$/;

/** A value as a number, if it is one or is the text of one. */
function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && decimal.test(value) ? Number(value) : Number.NaN;
}

function compileTest(test: Test): Ask {
  switch (test.kind) {
    case "TEXT": {
      const matches = compilePattern(test.pattern, test.cased);
      return test.cased
        ? (value, text) => value !== null && matches(text)
        : (value, _text, lower) => value !== null && matches(lower);
    }
    case "NUMBER":
      return (value) => numberOf(value) === test.value;
    case "BOOLEAN":
      return (value, _text, lower) => value !== null && lower === String(test.value);
    case "NULL":
      return (value) => value === null;
    case "EXISTS":
      return () => test.value;
    case "COMPARE":
      return compileCompare(test);
    case "CIDR":
      return (value, text) => typeof value === "string" && inCidr(test.cidr, text);
    default:
      return test satisfies never;
  }
}

function compileCompare({ operator, value: bound }: Extract<Test, { kind: "COMPARE" }>): Ask {
  switch (operator) {
    case "lt":
      return (value) => numberOf(value) < bound;
    case "lte":
      return (value) => numberOf(value) <= bound;
    case "gt":
      return (value) => numberOf(value) > bound;
    case "gte":
      return (value) => numberOf(value) >= bound;
    default:
      return operator satisfies never;
  }
}

/** Many plain texts are one look-up. */
function compileAny(tests: readonly Test[]): Ask {
  const plain = tests.map((test) =>
    test.kind === "TEXT" && !test.cased ? plainText(test.pattern)?.toLowerCase() : undefined,
  );
  if (plain.length > 1 && plain.every((text) => text !== undefined)) {
    const texts = new Set(plain);
    return (value, _text, lower) => value !== null && texts.has(lower);
  }
  const asks = tests.map(compileTest);
  const [only] = asks;
  if (asks.length === 1 && only) return only;
  return (value, text, lower) => asks.some((ask) => ask(value, text, lower));
}

/** A clause as a question about a field's whole value; `undefined` is an absent field. */
export function compileClause(clause: Clause): (value: unknown) => boolean {
  const [first] = clause.tests;
  if (first?.kind === "EXISTS") return (value) => (value !== undefined) === first.value;
  if (clause.all) {
    const each = clause.tests.map((test) => overElements(compileTest(test), test.kind === "NULL"));
    return clause.negated
      ? (value) => value !== undefined && !each.every((one) => one(value))
      : (value) => each.every((one) => one(value));
  }
  const any = overElements(
    compileAny(clause.tests),
    clause.tests.some((test) => test.kind === "NULL"),
  );
  return clause.negated ? (value) => value !== undefined && !any(value) : any;
}

/** A list matches if one of its elements does. */
function overElements(ask: Ask, absentMatches: boolean): (value: unknown) => boolean {
  const one = (value: unknown, depth: number): boolean => {
    if (typeof value === "string") return ask(value, value, value.toLowerCase());
    if (value === null) return ask(null, "", "");
    if (typeof value === "object")
      return Array.isArray(value) && depth < 8 && value.some((item) => one(item, depth + 1));
    const text = String(value);
    return ask(value, text, text.toLowerCase());
  };
  return (value) => (value === undefined ? absentMatches : one(value, 0));
}
