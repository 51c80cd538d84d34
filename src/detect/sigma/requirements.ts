/**
 * What an event must have for a detection to match at all: per field, the only values that can. The rule index looks
 * events up by these, so a requirement may be too wide, never too narrow.
 */
import type { Clause, Condition, DetectionBody, Selection, Test } from "./document.ts";
import { plainText } from "./pattern.ts";

export type Requirements = ReadonlyMap<string, ReadonlySet<string>>;
const none: Requirements = new Map();

export function requirementsOf(body: DetectionBody): Requirements {
  return ofCondition(body.condition, body.selections);
}

/** Values that some rule could take for equal have the same key: text in any case, a number and its text. */
export function indexKey(value: string | number | boolean): string {
  const text = String(value);
  const code = text.charCodeAt(0);
  const numeric = (code >= 48 && code <= 57) || code === 45; // a digit or a minus
  if (numeric && /^-?\d+(\.\d+)?$/.test(text)) return String(Number(text) + 0);
  return text.toLowerCase();
}

function ofCondition(condition: Condition, selections: ReadonlyMap<string, Selection>): Requirements {
  if (condition.kind === "NOT") return none;
  if (condition.kind === "SELECTION") {
    const alternatives = selections.get(condition.name) ?? [];
    return either(alternatives.map((clauses) => both(clauses.map(ofClause))));
  }
  const parts = condition.parts.map((part) => ofCondition(part, selections));
  return condition.kind === "AND" ? both(parts) : either(parts);
}

function ofClause(clause: Clause): Requirements {
  if (clause.field === undefined || clause.negated) return none;
  const keys = clause.tests.map(keyOf);
  const known = keys.filter((key) => key !== undefined);
  if (clause.all ? known.length === 0 : known.length < keys.length) return none;
  return new Map([[clause.field, new Set(clause.all ? known.slice(0, 1) : known)]]);
}

function keyOf(test: Test): string | undefined {
  if (test.kind === "NUMBER" || test.kind === "BOOLEAN") return indexKey(test.value);
  const text = test.kind === "TEXT" ? plainText(test.pattern) : undefined;
  return text === undefined ? undefined : indexKey(text);
}

/** All must hold: every field's requirement stays, the narrower one where two speak of the same field. */
function both(parts: readonly Requirements[]): Requirements {
  const result = new Map<string, ReadonlySet<string>>();
  for (const part of parts)
    for (const [field, keys] of part)
      if (keys.size < (result.get(field)?.size ?? Number.POSITIVE_INFINITY)) result.set(field, keys);
  return result;
}

/** One must hold: only fields that every alternative speaks of. */
function either(parts: readonly Requirements[]): Requirements {
  const [first = none, ...others] = parts;
  const result = new Map<string, ReadonlySet<string>>();
  for (const [field, keys] of first) {
    if (!others.every((part) => part.has(field))) continue;
    result.set(field, new Set([...keys, ...others.flatMap((part) => [...(part.get(field) ?? [])])]));
  }
  return result;
}
