/**
 * What an event must have for a detection to match at all: per field, the only values that can, or texts of which a
 * value holds one. The rule index looks events up by these, so a requirement may be too wide, never too narrow.
 */
import type { Clause, Condition, DetectionBody, Selection, Test } from "./document.ts";
import { type Pattern, plainText } from "./pattern.ts";
import { regexLiterals } from "./regex.ts";

/** One of these must be so of the field. */
export interface Requirement {
  /** A value is equal to one of these keys. */
  keys: ReadonlySet<string>;
  /** A value in lower case holds one of these texts. */
  texts: ReadonlySet<string>;
  /** It is enough that the field is there. */
  present: boolean;
}

/** By field; the words of the whole event (keywords) are the field with the empty name. */
export type Requirements = ReadonlyMap<string, Requirement>;
const none: Requirements = new Map();

export function requirementsOf(body: DetectionBody): Requirements {
  return ofCondition(body.condition, body.selections);
}

/**
 * For a detection that asks different fields in its alternatives, and so requires nothing of any one field: one of these
 * must be so. Undefined: an event may lack all of them.
 */
export function anyOf(body: DetectionBody): Requirements | undefined {
  return anyOfCondition(body.condition, body.selections);
}

function anyOfCondition(condition: Condition, selections: ReadonlyMap<string, Selection>): Requirements | undefined {
  if (condition.kind === "NOT") return undefined;
  if (condition.kind === "SELECTION")
    return allTogether((selections.get(condition.name) ?? []).map((clauses) => narrowest(clauses.map(oneOf))));
  const parts = condition.parts.map((part) => anyOfCondition(part, selections));
  return condition.kind === "AND" ? narrowest(parts) : allTogether(parts);
}

function oneOf(clause: Clause): Requirements | undefined {
  const found = ofClause(clause);
  return found.size === 0 ? undefined : found;
}

/** Of parts that all must hold, the one that says most. */
function narrowest(parts: readonly (Requirements | undefined)[]): Requirements | undefined {
  const widthOf = (part: Requirements) => [...part.values()].reduce((sum, one) => sum + width(one), 0);
  return parts
    .filter((part) => part !== undefined)
    .reduce<Requirements | undefined>(
      (best, part) => (best && widthOf(best) <= widthOf(part) ? best : part),
      undefined,
    );
}

function allTogether(parts: readonly (Requirements | undefined)[]): Requirements | undefined {
  const result = new Map<string, Requirement[]>();
  for (const part of parts) {
    if (!part) return undefined;
    for (const [field, requirement] of part) {
      const known = result.get(field);
      if (known) known.push(requirement);
      else result.set(field, [requirement]);
    }
  }
  return result.size === 0 ? undefined : new Map([...result].map(([field, all]) => [field, union(all)]));
}

/** Values that some rule could take for equal have the same key: text in any case, a number and its text. */
export function indexKey(value: string | number | boolean): string {
  const text = String(value);
  const code = text.charCodeAt(0);
  const numeric = (code >= 48 && code <= 57) || code === 45; // a digit or a minus
  if (numeric && /^-?\d+(\.\d+)?$/.test(text)) return String(Number(text) + 0);
  return text.toLowerCase();
}

/** How little a text says: short ones stand in many values. */
export function vagueness(text: string): number {
  return text.length >= 4 ? 1 : ([200, 50, 10, 3][text.length] ?? 1);
}
const presenceVagueness = 1_000;

function ofCondition(condition: Condition, selections: ReadonlyMap<string, Selection>): Requirements {
  if (condition.kind === "NOT") return none;
  if (condition.kind === "SELECTION") {
    const alternatives = selections.get(condition.name) ?? [];
    return either(alternatives.map((clauses) => both(clauses.map(ofClause))));
  }
  const parts = condition.parts.map((part) => ofCondition(part, selections));
  return condition.kind === "AND" ? both(parts) : either(parts);
}

function ofClause({ field = "", tests, all, negated }: Clause): Requirements {
  if (negated) return new Map([[field, presence]]);
  const each = tests.map(ofTest);
  if (all) return both(each.map((one) => (one ? new Map([[field, one]]) : none)));
  return each.every((one) => one !== undefined) ? new Map([[field, union(each)]]) : none;
}

const nothing: ReadonlySet<string> = new Set();
const presence: Requirement = { keys: nothing, texts: nothing, present: true };

function ofTest(test: Test): Requirement | undefined {
  switch (test.kind) {
    case "NUMBER":
    case "BOOLEAN":
      return { ...presence, keys: new Set([indexKey(test.value)]), present: false };
    case "TEXT": {
      const text = plainText(test.pattern);
      if (text !== undefined) return { ...presence, keys: new Set([indexKey(text)]), present: false };
      return holding(longestText(test.pattern, test.cased));
    }
    case "REGEX":
      return holding(...(regexLiterals(test.source, test.flags) ?? [""]));
    case "ANY": {
      const each = test.tests.map(ofTest);
      return each.every((one) => one !== undefined) ? union(each) : undefined;
    }
    case "NULL":
      return undefined; // an absent field will do
    case "EXISTS":
      return test.value ? presence : undefined;
    default:
      return presence;
  }
}

function holding(...texts: string[]): Requirement {
  return texts.includes("") ? presence : { ...presence, texts: new Set(texts), present: false };
}

/** What is written in lower case is found in lower case; of what is not, only for ASCII is that sure. */
function longestText(pattern: Pattern, cased: boolean): string {
  const written = pattern.filter((piece) => typeof piece === "string");
  const parts = cased ? written.flatMap((piece) => piece.split(/[^\0-\x7f]+/)) : written;
  return parts.map((part) => part.toLowerCase()).reduce((best, part) => (part.length > best.length ? part : best), "");
}

function union(parts: readonly Requirement[]): Requirement {
  return {
    keys: new Set(parts.flatMap(({ keys }) => [...keys])),
    texts: new Set(parts.flatMap(({ texts }) => [...texts])),
    present: parts.some(({ present }) => present),
  };
}

function width({ keys, texts, present }: Requirement): number {
  let sum = keys.size + (present ? presenceVagueness : 0);
  for (const text of texts) sum += vagueness(text);
  return sum;
}

/** All must hold: every field's requirement stays, the narrower one where two speak of the same field. */
function both(parts: readonly Requirements[]): Requirements {
  const result = new Map<string, Requirement>();
  for (const part of parts)
    for (const [field, requirement] of part) {
      const known = result.get(field);
      if (!known || width(requirement) < width(known)) result.set(field, requirement);
    }
  return result;
}

/** One must hold: only fields that every alternative speaks of. */
function either(parts: readonly Requirements[]): Requirements {
  const [first = none, ...others] = parts;
  if (others.length === 0) return first;
  const result = new Map<string, Requirement>();
  for (const [field, requirement] of first) {
    const rest = others.map((part) => part.get(field));
    if (rest.every((one) => one !== undefined)) result.set(field, union([requirement, ...rest]));
  }
  return result;
}
