/** The `filter` of a document: selections and a condition that the matches of the named rules must fulfil as well. */
import { parseDetection } from "./detection-body.ts";
import type { Condition, FilterBody } from "./document.ts";
import { get, isShape, readTexts } from "./shape.ts";
import type { Report } from "./source.ts";

const at = ["filter"];

export function parseFilter(written: unknown, report: Report): FilterBody | undefined {
  if (!isShape(written)) {
    report(at, "INVALID", "filter must be a map of rules, selections and a condition");
    return undefined;
  }
  const { rules: _rules, ...detection } = written;
  const rules = [...new Set(readTexts(written, "rules", report, at))];
  if (rules.length === 1 && rules[0] === "any" && !Array.isArray(get(written, "rules"))) {
    report([...at, "rules"], "UNSUPPORTED", "a filter on any rule hides too much unseen; name its rules");
    return undefined;
  }
  const body = parseDetection(detection, (path, code, message) => report([...at, ...path.slice(1)], code, message));
  return body && { ...body, rules };
}

/** Whether the condition can only take matches away by what it names: every part of it is a NOT. */
export function onlyExcludes(condition: Condition): boolean {
  if (condition.kind === "AND") return condition.parts.every(onlyExcludes);
  return condition.kind === "NOT";
}
