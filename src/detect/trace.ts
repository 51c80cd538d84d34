/**
 * Why a detection rule matches an event, or why it does not: every clause with what it wanted and what it found. Asks the
 * same closures over the same field readers as the engine, so that the two cannot disagree.
 */
import type { SecurityEvent } from "../ingest/event.ts";
import { candidatesIn } from "./index-rules.ts";
import type { SelectionRule } from "./rule.ts";
import { makeRuleIndex } from "./rule-index.ts";
import type { CompileContext } from "./sigma/compile.ts";
import type { Clause, Condition, DetectionDocument } from "./sigma/document.ts";
import { compileClause } from "./sigma/tests.ts";
import { describeFound, describeWanted, withheld } from "./trace-words.ts";

export interface ClauseTrace {
  /** Which of the selection's alternatives it belongs to, from 0. */
  alternative: number;
  /** Absent: keywords, looked for in the whole event. */
  field: string | undefined;
  matched: boolean;
  /** What the event has there, in words; undefined: the field is absent, or keywords. */
  found: string | undefined;
  /** What was found is sealed and may not be shown. */
  isWithheld: boolean;
  wanted: string;
  /** For people: "user.name was `ann`, wanted `root`". */
  message: string;
}

export interface SelectionTrace {
  name: string;
  matched: boolean;
  clauses: ClauseTrace[];
}

/** One part of the condition, the whole first, each before its own parts. */
export interface ConditionPart {
  text: string;
  matched: boolean;
  /** How deep it lies in the whole, from 0. */
  depth: number;
}

export interface EventTrace {
  matched: boolean;
  /** The rule's logsource is the event's; otherwise the rule never looks at the event. */
  isSeen: boolean;
  selections: SelectionTrace[];
  condition: ConditionPart[];
}

export interface TraceOptions extends CompileContext {
  /** The event as whoever asks may see it; a value that differs from it is withheld. Absent: they may see all. */
  visibleOf?: (event: SecurityEvent) => SecurityEvent;
}

export type Trace = (event: SecurityEvent) => EventTrace;

/** Prepares the trace of one rule for any number of events. */
export function traceRule(rule: SelectionRule & { document: DetectionDocument }, options: TraceOptions): Trace {
  const { document } = rule;
  const selections = [...document.body.selections].map(([name, selection]) => {
    const clauses = selection.flatMap((alternative, index) =>
      alternative.map((clause) => traceClause(clause, index, document, options)),
    );
    return { name, alternatives: selection.length, clauses };
  });
  // Without requirements the index looks at nothing but the logsource.
  const { logsource } = document;
  const candidates = candidatesIn(makeRuleIndex([{ logsource, requirements: new Map() }], options), [rule]);
  return (event) => {
    const traced = selections.map(({ name, alternatives, clauses }): SelectionTrace => {
      const told = clauses.map((clause) => clause(event));
      const holds = (index: number) => told.every(({ alternative, matched }) => alternative !== index || matched);
      return { name, matched: Array.from({ length: alternatives }, (_, n) => n).some(holds), clauses: told };
    });
    const truth = new Map(traced.map(({ name, matched }) => [name, matched]));
    const condition = partsOf(document.body.condition, truth, 0);
    const isSeen = candidates(event).length > 0;
    return { isSeen, matched: isSeen && (condition[0]?.matched ?? false), selections: traced, condition };
  };
}

function traceClause(
  clause: Clause,
  alternative: number,
  { logsource }: DetectionDocument,
  { field, words, visibleOf = (event) => event }: TraceOptions,
): (event: SecurityEvent) => ClauseTrace {
  const holds = compileClause(clause, (other) => field(other, logsource));
  const wanted = describeWanted(clause);
  const name = clause.field;
  if (name === undefined)
    return (event) => {
      const matched = holds(words(event), event);
      const message = `${matched ? "a text of the event is" : "no text of the event is"} ${wanted}`;
      return { alternative, field: undefined, matched, found: undefined, isWithheld: false, wanted, message };
    };
  const read = field(name, logsource);
  return (event) => {
    const value = read(event);
    const matched = holds(value, event);
    const isWithheld = JSON.stringify(read(visibleOf(event))) !== JSON.stringify(value);
    const found = isWithheld ? withheld : describeFound(value);
    const saw = found === undefined ? `the field ${name} is absent` : `${name} was ${found}`;
    const message = matched ? `${saw}, as wanted` : `${saw}, wanted ${wanted}`;
    return { alternative, field: name, matched, found, isWithheld, wanted, message };
  };
}

function partsOf(condition: Condition, truth: ReadonlyMap<string, boolean>, depth: number): ConditionPart[] {
  const text = textOf(condition);
  if (condition.kind === "SELECTION") return [{ text, matched: truth.get(condition.name) ?? false, depth }];
  if (condition.kind === "NOT") {
    const inner = partsOf(condition.part, truth, depth + 1);
    return [{ text, matched: !inner[0]?.matched, depth }, ...inner];
  }
  const parts = condition.parts.map((part) => partsOf(part, truth, depth + 1));
  const heads = parts.map(([head]) => head?.matched ?? false);
  const matched = condition.kind === "AND" ? heads.every(Boolean) : heads.some(Boolean);
  return [{ text, matched, depth }, ...parts.flat()];
}

function textOf(condition: Condition): string {
  if (condition.kind === "SELECTION") return condition.name;
  const inside = (part: Condition) => ("parts" in part ? `(${textOf(part)})` : textOf(part));
  if (condition.kind === "NOT") return `not ${inside(condition.part)}`;
  return condition.parts.map(inside).join(condition.kind === "AND" ? " and " : " or ");
}
