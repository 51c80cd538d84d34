/** The `filter` of a document: selections and a condition that the matches of the named rules must fulfil as well. */
import { parseDetection } from "./detection-body.ts";
import type { Condition, FilterBody } from "./document.ts";
import { isShape, readTexts } from "./shape.ts";
import type { Report } from "./source.ts";

const at = ["filter"];

export function parseFilter(written: unknown, report: Report): FilterBody | undefined {
  if (!isShape(written)) {
    report(at, "INVALID", "filter must be a map of rules, selections and a condition");
    return undefined;
  }
  const { rules: named, ...detection } = written;
  const rules = [...new Set(readTexts(written, "rules", report, at))];
  const onAny = isAny(named);
  const body = parseDetection(detection, (path, code, message) => report([...at, ...path.slice(1)], code, message));
  if (onAny && body && !onlyExcludes(body.condition)) {
    const why = "a filter on any rule must say what goes (`condition: not selection`), else it would hide all the rest";
    report([...at, "condition"], "INVALID", why);
    return undefined;
  }
  return body && { ...body, rules: onAny ? [] : rules, onAny };
}

/** `rules: any`, or an empty list of rules: every rule of the filter's logsource. (So pySigma reads them.) */
function isAny(rules: unknown): boolean {
  return Array.isArray(rules) ? rules.length === 0 : typeof rules === "string" && rules.toLowerCase() === "any";
}

/** Whether the condition can only take matches away by what it names: every part of it is a NOT. */
export function onlyExcludes(condition: Condition): boolean {
  if (condition.kind === "AND") return condition.parts.every(onlyExcludes);
  return condition.kind === "NOT";
}
