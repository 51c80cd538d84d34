/** The `condition` of a correlation: bounds with the field that they ask about, or a condition over rules. */
import { parseCondition } from "../sigma/condition.ts";
import type { CorrelationBody, CorrelationType } from "../sigma/document.ts";
import { get, isShape, readTexts, type Shape } from "../sigma/shape.ts";
import type { Report } from "../sigma/source.ts";
import { parseBounds } from "./condition.ts";

type Asked = Pick<CorrelationBody, "condition" | "fields" | "expression" | "percentile"> & {
  /** The rules that a condition names where no list does. */
  named?: string[];
};

const at = ["correlation", "condition"];
const fieldsAt = [...at, "field"];
const words = ["and", "or", "not", "of", "them", "1", "any", "all"];

/** What is asked of the window; undefined where it was reported why not. */
export function parseCorrelationCondition(type: CorrelationType, written: Shape, report: Report): Asked | undefined {
  const condition = get(written, "condition");
  const isTemporal = type === "temporal" || type === "temporal_ordered";
  const rules = [...new Set(readTexts(written, "rules", () => undefined))];
  if (typeof condition === "string") {
    if (isTemporal) return parseExpression(condition, rules, report);
    report(at, "INVALID", `only temporal and temporal_ordered take a condition over rules; write e.g. \`gte: 10\``);
    return undefined;
  }
  // All the rules, unless the condition says how many.
  if (isTemporal && condition === undefined) return { condition: { min: rules.length }, fields: [] };
  const isCount = isTemporal || type === "event_count" || type === "value_count";
  const bounds = parseBounds(condition, isCount ? "COUNT" : "NUMBER");
  if ("code" in bounds) {
    report(at, bounds.code, bounds.message);
    return undefined;
  }
  if (isTemporal && (bounds.min ?? 0) > rules.length) {
    report(at, "INVALID", `there are only ${rules.length} rules to come`);
    return undefined;
  }
  const fields = readFields(type, condition, report);
  const percentile = readPercentile(type, condition, report);
  if (fields === undefined || percentile === "wrong") return undefined;
  return percentile === undefined ? { condition: bounds, fields } : { condition: bounds, fields, percentile };
}

function parseExpression(text: string, rules: readonly string[], report: Report): Asked | undefined {
  const named = (text.match(/[^\s()|]+/g) ?? []).filter((word) => !words.includes(word.toLowerCase()));
  const unknown = rules.length > 0 ? named.find((name) => !name.includes("*") && !rules.includes(name)) : undefined;
  const condition = parseCondition(text, rules.length > 0 ? rules : named);
  if (unknown !== undefined) report(at, "INVALID", `\`${unknown}\` is not among the rules of this correlation`);
  else if ("code" in condition) report(at, condition.code, condition.message);
  else
    return { condition: { min: 1 }, fields: [], expression: { condition, text }, named: rules.length > 0 ? [] : named };
  return undefined;
}

function readFields(type: CorrelationType, condition: unknown, report: Report): string[] | undefined {
  if (!type.startsWith("value_")) return [];
  const fields = isShape(condition) ? [...new Set(readTexts(condition, "field", report, at))] : [];
  if (fields.length === 0) {
    const what = type === "value_count" ? "values are counted" : "numbers are measured";
    report(at, "INVALID", `${type} needs the field whose ${what}`);
    return undefined;
  }
  if (type === "value_count" || fields.length === 1) return fields;
  report(fieldsAt, "INVALID", `${type} takes one field`);
  return undefined;
}

/** The specification leaves it out of its example; without it the median is meant, as other evaluators read it. */
function readPercentile(type: CorrelationType, condition: unknown, report: Report): number | "wrong" | undefined {
  const written = isShape(condition) ? get(condition, "percentile") : undefined;
  if (type !== "value_percentile") {
    if (written === undefined) return undefined;
    report([...at, "percentile"], "INVALID", "only value_percentile takes a percentile");
    return "wrong";
  }
  const percentile = written === undefined ? 50 : Number(written);
  if (percentile >= 0 && percentile <= 100 && (written === undefined || typeof written !== "string")) return percentile;
  report([...at, "percentile"], "INVALID", "percentile is a number from 0 to 100");
  return "wrong";
}
