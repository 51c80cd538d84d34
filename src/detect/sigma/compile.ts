/** A parsed detection -> one closure that says whether an event matches. */
import type { Logsource, SecurityEvent } from "../../ingest/event.ts";
import type { Clause, Condition, DetectionBody, Selection } from "./document.ts";
import type { FieldReader } from "./fields.ts";
import { compileClause } from "./tests.ts";

export type Matches = (event: SecurityEvent) => boolean;

export interface CompileContext {
  field: FieldReader;
  words: (event: SecurityEvent) => readonly string[];
}

export function compileDetection(body: DetectionBody, logsource: Logsource, context: CompileContext): Matches {
  const compiled = new Map<string, Matches>();
  for (const [name, selection] of body.selections) compiled.set(name, compileSelection(selection, logsource, context));
  return compileCondition(body.condition, compiled);
}

function compileCondition(condition: Condition, selections: ReadonlyMap<string, Matches>): Matches {
  switch (condition.kind) {
    case "AND":
      return every(condition.parts.map((part) => compileCondition(part, selections)));
    case "OR":
      return some(condition.parts.map((part) => compileCondition(part, selections)));
    case "NOT": {
      const matches = compileCondition(condition.part, selections);
      return (event) => !matches(event);
    }
    case "SELECTION":
      return selections.get(condition.name) ?? (() => false);
    default:
      return condition satisfies never;
  }
}

function compileSelection(selection: Selection, logsource: Logsource, context: CompileContext): Matches {
  return some(selection.map((clauses) => every(clauses.map((clause) => compileLine(clause, logsource, context)))));
}

function compileLine(clause: Clause, logsource: Logsource, context: CompileContext): Matches {
  const holds = compileClause(clause, (other) => context.field(other, logsource));
  if (clause.field === undefined) return (event) => holds(context.words(event), event);
  const read = context.field(clause.field, logsource);
  return (event) => holds(read(event), event);
}

function every(parts: readonly Matches[]): Matches {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  return (event) => {
    for (const part of parts) if (!part(event)) return false;
    return true;
  };
}

function some(parts: readonly Matches[]): Matches {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  return (event) => {
    for (const part of parts) if (part(event)) return true;
    return false;
  };
}
