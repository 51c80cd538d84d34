/** The `correlation` of a document: which rules' matches are counted, per what, over how long. */
import { type CountCondition, parseCountCondition } from "../correlation/condition.ts";
import type { CorrelationBody } from "./document.ts";
import { get, isShape, readText, readTexts, type Shape } from "./shape.ts";
import type { Report } from "./source.ts";

const at = ["correlation"];
const known = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"];
const notYet = ["temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile"];
const unitMs = new Map([
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 604_800_000],
]);
const longestTimespanMs = 31 * 86_400_000; // after a restart this much history is replayed

export function parseCorrelation(
  written: unknown,
  generateAtTop: unknown,
  report: Report,
): CorrelationBody | undefined {
  if (!isShape(written)) {
    report(at, "INVALID", "correlation must be a map");
    return undefined;
  }
  for (const key of Object.keys(written))
    if (!known.includes(key))
      report([...at, key], "UNSUPPORTED", `${key} is not in Sigma 2.1.0; use ${known.join(", ")}`);
  const type = readText(written, "type", report, at);
  if (type !== "event_count" && type !== "value_count") {
    if (type && notYet.includes(type)) report([...at, "type"], "UNSUPPORTED", `${type} is not evaluated yet`);
    else report([...at, "type"], "INVALID", `type must be one of event_count, value_count, ${notYet.join(", ")}`);
    return undefined;
  }
  const rules = readTexts(written, "rules", report, at);
  if (rules.length === 0) report([...at, "rules"], "INVALID", "rules names at least one rule by id or name");
  const timespanMs = readTimespan(written, report);
  const condition = parseCountCondition(get(written, "condition"));
  if ("code" in condition) report([...at, "condition"], condition.code, condition.message);
  const fields = readFields(written, type, report);
  const generate = [generateAtTop, get(written, "generate")];
  for (const value of generate)
    if (value !== undefined && typeof value !== "boolean")
      report([...at, "generate"], "INVALID", "generate is true or false");
  if (rules.length === 0 || timespanMs === undefined || "code" in condition || fields === undefined) return undefined;
  return {
    type,
    rules: [...new Set(rules)],
    groupBy: [...new Set(readTexts(written, "group-by", report, at))],
    timespanMs,
    condition: condition satisfies CountCondition,
    fields,
    aliases: readAliases(written, report),
    generate: generate.includes(true),
  };
}

function readTimespan(written: Shape, report: Report): number | undefined {
  const text = readText(written, "timespan", report, at);
  const [, amount, unit] = /^(\d{1,9})([a-zA-Z])$/.exec(text?.trim() ?? "") ?? [];
  const each = unitMs.get(unit ?? "");
  const refuse = (code: "INVALID" | "UNSUPPORTED", message: string) => report([...at, "timespan"], code, message);
  if (unit === "M" || unit === "y") refuse("UNSUPPORTED", "months and years have no fixed length; write days");
  else if (!each || Number(amount) === 0)
    refuse("INVALID", "timespan is a number and a unit: s, m, h, d or w, e.g. 15m");
  else if (Number(amount) * each > longestTimespanMs) refuse("UNSUPPORTED", "a timespan may be at most 31d");
  else return Number(amount) * each;
  return undefined;
}

function readFields(written: Shape, type: string, report: Report): string[] | undefined {
  const condition = get(written, "condition");
  const fields = isShape(condition) ? readTexts(condition, "field", report, [...at, "condition"]) : [];
  if (type === "value_count" && fields.length === 0) {
    report([...at, "condition"], "INVALID", "value_count needs the field whose values are counted");
    return undefined;
  }
  return type === "value_count" ? [...new Set(fields)] : [];
}

function readAliases(written: Shape, report: Report): CorrelationBody["aliases"] {
  const aliases = new Map<string, ReadonlyMap<string, string>>();
  const value = get(written, "aliases");
  if (value === undefined || value === null) return aliases;
  if (!isShape(value)) report([...at, "aliases"], "INVALID", "aliases must be a map of alias -> rule -> field");
  else
    for (const [alias, perRule] of Object.entries(value)) {
      const pairs = isShape(perRule) ? Object.entries(perRule) : [];
      if (pairs.length === 0 || pairs.some(([, field]) => typeof field !== "string"))
        report([...at, "aliases", alias], "INVALID", "an alias is a map of rule name -> field");
      else aliases.set(alias, new Map(pairs as [string, string][]));
    }
  return aliases;
}
