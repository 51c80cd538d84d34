/** The `correlation` of a document: which rules' matches are counted, per what, over how long. */
import { parseCorrelationCondition } from "../correlation/body-condition.ts";
import { type CorrelationBody, type CorrelationType, correlationTypes } from "./document.ts";
import { get, isShape, readText, readTexts, type Shape } from "./shape.ts";
import type { Report } from "./source.ts";

const at = ["correlation"];
const known = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"];
/** The units of a length of time, in ms. */
export const unitMs: ReadonlyMap<string, number> = new Map([
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 604_800_000],
]);
const longestTimespanMs = 31 * 86_400_000; // after a restart this much history is replayed
const mostRules = 100;
const mostRulesInOrder = 10; // what is kept to find an order grows with the cube

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
  if (!isCorrelationType(type)) {
    report([...at, "type"], "INVALID", `type must be one of ${correlationTypes.join(", ")}`);
    return undefined;
  }
  const timespanMs = readTimespan(written, report);
  const condition = parseCorrelationCondition(type, written, report);
  const rules = [...new Set([...readTexts(written, "rules", report, at), ...(condition?.named ?? [])])];
  const enough = checkRules(type, rules, report);
  const generate = [generateAtTop, get(written, "generate")];
  for (const value of generate)
    if (value !== undefined && typeof value !== "boolean")
      report([...at, "generate"], "INVALID", "generate is true or false");
  if (!enough || timespanMs === undefined || condition === undefined) return undefined;
  const { named: _, ...asked } = condition;
  return {
    type,
    rules,
    groupBy: [...new Set(readTexts(written, "group-by", report, at))],
    timespanMs,
    ...asked,
    aliases: readAliases(written, report),
    generate: generate.includes(true),
  };
}

function isCorrelationType(type: string | undefined): type is CorrelationType {
  return (correlationTypes as readonly (string | undefined)[]).includes(type);
}

function checkRules(type: CorrelationType, rules: readonly string[], report: Report): boolean {
  const most = type === "temporal_ordered" ? mostRulesInOrder : mostRules;
  if (rules.length === 0) report([...at, "rules"], "INVALID", "rules names at least one rule by id or name");
  if (rules.length > most) report([...at, "rules"], "UNSUPPORTED", `${type} takes at most ${most} rules`);
  return rules.length > 0 && rules.length <= most;
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
