/** The `detection` of a rule: its selections, and the condition over them. */
import { looksForOneRule, parseCondition } from "./condition.ts";
import type { Clause, Condition, DetectionBody, Selection } from "./document.ts";
import { parseClause } from "./modifiers.ts";
import { isScalarValue, isShape, type Shape } from "./shape.ts";
import type { Path, Report } from "./source.ts";

const maxValues = 50_000; // in one rule; published rules stay below 1,000

export function parseDetection(detection: unknown, report: Report): DetectionBody | undefined {
  if (!isShape(detection)) {
    report(["detection"], "INVALID", "detection must be a map of selections and a condition");
    return undefined;
  }
  const selections = new Map<string, Selection>();
  let sound = true;
  for (const [name, value] of Object.entries(detection)) {
    if (name === "condition") continue;
    if (name === "timeframe") {
      report(["detection", name], "UNSUPPORTED", "timeframe left Sigma in 2.0; write a correlation with a timespan");
      sound = false;
      continue;
    }
    const selection = parseSelection(value, ["detection", name], report);
    if (selection) selections.set(name, selection);
    else sound = false;
  }
  if (!sound) return undefined;
  if ([...selections.values()].flat(2).reduce((count, clause) => count + clause.tests.length, 0) > maxValues) {
    report(["detection"], "UNSUPPORTED", `more than ${maxValues} values in one rule; split it`);
    return undefined;
  }
  const condition = readCondition(detection, [...selections.keys()], report);
  return condition && { selections, condition };
}

function readCondition(detection: Shape, names: string[], report: Report): Condition | undefined {
  const written = Object.hasOwn(detection, "condition") ? detection["condition"] : undefined;
  const texts: unknown[] = Array.isArray(written) ? written : [written];
  const parts: Condition[] = [];
  const looks = looksForOneRule();
  for (const [index, text] of texts.entries()) {
    const path = Array.isArray(written) ? ["detection", "condition", index] : ["detection", "condition"];
    const parsed = isScalarValue(text)
      ? parseCondition(String(text), names, looks)
      : ({ code: "INVALID", message: "a detection needs a condition, e.g. `condition: selection`" } as const);
    if ("code" in parsed) report(path, parsed.code, parsed.message);
    else parts.push(parsed);
  }
  if (texts.length === 0) report(["detection", "condition"], "INVALID", "the list of conditions is empty");
  if (parts.length !== texts.length) return undefined;
  return parts.length > 1 ? { kind: "OR", parts } : parts[0];
}

/** A map is one alternative; a list holds maps (alternatives) and keywords (together one alternative each). */
function parseSelection(value: unknown, path: Path, report: Report): Selection | undefined {
  if (isShape(value)) {
    const clauses = parseMap(value, path, report);
    return clauses && [clauses];
  }
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const selection: Selection = [];
  for (const [index, item] of list.entries()) {
    const at = Array.isArray(value) ? [...path, index] : path;
    if (isShape(item)) {
      const clauses = parseMap(item, at, report);
      if (clauses) selection.push(clauses);
    } else if (isScalarValue(item)) {
      const clause = parseAt("", item, at, report);
      if (clause) selection.push([clause]);
    } else report(at, "INVALID", "a selection is a map of fields, a list of maps, or a list of keywords");
  }
  if (list.length === 0) report(path, "INVALID", "the selection is empty");
  return selection.length === list.length && list.length > 0 ? selection : undefined;
}

function parseMap(shape: Shape, path: Path, report: Report): Clause[] | undefined {
  const entries = Object.entries(shape);
  const clauses = entries
    .map(([key, values]) => parseAt(key, values, [...path, key], report))
    .filter((clause) => clause !== undefined);
  if (entries.length === 0) report(path, "INVALID", "the selection is empty");
  return clauses.length === entries.length && entries.length > 0 ? clauses : undefined;
}

function parseAt(key: string, values: unknown, path: Path, report: Report): Clause | undefined {
  const clause = parseClause(key, values);
  if (!("code" in clause)) return clause;
  report(path, clause.code, clause.message);
  return undefined;
}
