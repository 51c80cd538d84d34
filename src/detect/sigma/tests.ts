/** Tests and clauses -> closures over one field value. */
import type { SecurityEvent } from "../../ingest/event.ts";
import { inCidr } from "./cidr.ts";
import type { Clause, Test } from "./document.ts";
import { compileFilled } from "./filled.ts";
import { compilePattern, plainText } from "./pattern.ts";
import type { Read } from "./read-sent.ts";
import { compileRegex, regexLiterals } from "./regex.ts";
import { timePart } from "./time-part.ts";

/** What is asked of one scalar; `lower` is its text in lower case. Objects never come here. */
type Ask = (value: unknown, text: string, lower: string, event: SecurityEvent | undefined) => boolean;

/** How the other field of a `fieldref` is read. */
export type ReadOther = (field: string) => Read;
/** Of a field's whole value, `undefined` if absent; the event is needed where the clause refers to another field. */
export type ClauseTest = (value: unknown, event?: SecurityEvent) => boolean;

const decimal = /^-?\d+(\.\d+)?$/;

/** A value as a number, if it is one or is the text of one. */
function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && decimal.test(value) ? Number(value) : Number.NaN;
}

function compileTest(test: Test, other: ReadOther): Ask {
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
    case "COMPARE": {
      const holds = comparison(test.operator, test.value);
      return (value) => holds(numberOf(value));
    }
    case "CIDR":
      return (value, text) => typeof value === "string" && inCidr(test.cidr, text);
    case "REGEX": {
      const matches = compileRegex(test.source, test.flags);
      const needed = regexLiterals(test.source, test.flags);
      if (!needed) return (value, text) => value !== null && matches(text);
      const holds = (lower: string) => needed.some((one) => lower.includes(one));
      return (value, text, lower) => value !== null && holds(lower) && matches(text);
    }
    case "FIELDREF":
      return compileFieldRef(test, other(test.field));
    case "TIME": {
      const { part, operator, value: bound } = test;
      const holds = operator === "eq" ? (found: number) => found === bound : comparison(operator, bound);
      return (value) => holds(timePart(value, part));
    }
    case "ANY":
      return compileAny(test.tests, other);
    case "FILLED": {
      const holds = compileFilled(test, other);
      return (value, text, lower, event) =>
        value !== null && event !== undefined && holds(test.cased ? text : lower, event);
    }
    case "EXPAND":
      return () => false; // a rule whose placeholders have no values is not run
    default:
      return test satisfies never;
  }
}

function comparison(operator: "lt" | "lte" | "gt" | "gte", bound: number): (value: number) => boolean {
  switch (operator) {
    case "lt":
      return (value) => value < bound;
    case "lte":
      return (value) => value <= bound;
    case "gt":
      return (value) => value > bound;
    case "gte":
      return (value) => value >= bound;
    default:
      return operator satisfies never;
  }
}

/** Two fields are alike as numbers, if one of them is a number, else as texts. */
function compileFieldRef({ place, cased }: Extract<Test, { kind: "FIELDREF" }>, read: Read): Ask {
  const alike = (value: unknown, text: string, other: unknown, depth: number): boolean => {
    if (Array.isArray(other)) return depth < 8 && other.some((one) => alike(value, text, one, depth + 1));
    if (other === null || other === undefined || typeof other === "object") return false;
    if (!place && (typeof value === "number" || typeof other === "number")) return numberOf(value) === numberOf(other);
    const wanted = cased ? String(other) : String(other).toLowerCase();
    if (!place) return text === wanted;
    if (wanted === "") return false; // every text contains it, which says nothing
    if (place === "contains") return text.includes(wanted);
    return place === "startswith" ? text.startsWith(wanted) : text.endsWith(wanted);
  };
  return (value, text, lower, event) =>
    value !== null && event !== undefined && alike(value, cased ? text : lower, read(event), 0);
}

/** Many plain texts are one look-up. */
function compileAny(tests: readonly Test[], other: ReadOther): Ask {
  const plain = tests.map((test) =>
    test.kind === "TEXT" && !test.cased ? plainText(test.pattern)?.toLowerCase() : undefined,
  );
  if (plain.length > 1 && plain.every((text) => text !== undefined)) {
    const texts = new Set(plain);
    return (value, _text, lower) => value !== null && texts.has(lower);
  }
  const asks = tests.map((test) => compileTest(test, other));
  const [only] = asks;
  if (asks.length === 1 && only) return only;
  return (value, text, lower, event) => {
    for (const ask of asks) if (ask(value, text, lower, event)) return true;
    return false;
  };
}

/** A clause as a question about a field's whole value. Without `other`, a `fieldref` in it never holds. */
export function compileClause(clause: Clause, other: ReadOther = () => () => undefined): ClauseTest {
  const [first] = clause.tests;
  if (first?.kind === "EXISTS") return (value) => (value !== undefined) === first.value;
  const matches = compileMatches(clause, other);
  if (!clause.negated) return matches;
  const referred = clause.tests.flatMap((test) => (test.kind === "FIELDREF" ? [other(test.field)] : []));
  if (referred.length === 0) return (value, event) => value !== undefined && !matches(value, event);
  return (value, event) =>
    value !== undefined &&
    event !== undefined &&
    referred.every((read) => read(event) !== undefined) &&
    !matches(value, event);
}

function compileMatches({ tests, all }: Clause, other: ReadOther): ClauseTest {
  if (!all)
    return overElements(
      compileAny(tests, other),
      tests.some((test) => test.kind === "NULL"),
    );
  const each = tests.map((test) => overElements(compileTest(test, other), test.kind === "NULL"));
  return (value, event) => {
    for (const one of each) if (!one(value, event)) return false;
    return true;
  };
}

/** A list matches if one of its elements does. */
function overElements(ask: Ask, absentMatches: boolean): ClauseTest {
  const one = (value: unknown, event: SecurityEvent | undefined, depth: number): boolean => {
    if (typeof value === "string") return ask(value, value, value.toLowerCase(), event);
    if (value === null) return ask(null, "", "", event);
    if (typeof value === "object")
      return Array.isArray(value) && depth < 8 && value.some((item) => one(item, event, depth + 1));
    const text = String(value);
    return ask(value, text, text.toLowerCase(), event);
  };
  return (value, event) => (value === undefined ? absentMatches : one(value, event, 0));
}
