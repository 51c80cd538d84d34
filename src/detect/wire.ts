/** Correlations -> counters on the rules whose matches they count. */
import { groupBy } from "./correlation/group.ts";
import type { StoredRule } from "./detection.ts";
import type { Counter, FiringRule, SelectionRule } from "./rule.ts";
import type { CorrelationDocument, DetectionDocument, ParsedDocument } from "./sigma/document.ts";
import type { FieldReader } from "./sigma/fields.ts";
import type { WindowSpec } from "./windows/windows.ts";

export interface LoadedCorrelation {
  stored: StoredRule;
  document: CorrelationDocument;
}

export interface Wired {
  firing: FiringRule[];
  /** Rules that only serve correlations, so make no detections of their own. */
  silent: Set<SelectionRule>;
  faults: { ruleId: string; message: string }[];
}

/** How the values are read that rules group by, and those they count. */
export interface GroupFields {
  grouping: FieldReader;
  counting: FieldReader;
}

export function windowOf(stored: StoredRule, rest: Omit<WindowSpec, "key" | "ruleId">): WindowSpec {
  return { key: `${stored.id}@${stored.revision}`, ruleId: stored.id, ...rest };
}

export function wireCorrelations(
  correlations: readonly LoadedCorrelation[],
  selections: readonly SelectionRule[],
  fields: GroupFields,
): Wired {
  const wired: Wired = { firing: [], silent: new Set(), faults: [] };
  const generating = new Set<SelectionRule>();
  for (const correlation of correlations) {
    const { stored, document } = correlation;
    const disabled = stored.mode === "DISABLED";
    const resolved = document.body.rules.map((reference) => resolve(reference, selections, correlations));
    const counted = new Set(resolved.filter((one) => typeof one !== "string"));
    // A disabled correlation keeps its rules silent all the same: switching it off must not switch on a flood.
    for (const rule of counted) (document.body.generate && !disabled ? generating : wired.silent).add(rule);
    if (disabled) continue;
    const window = windowFor(correlation);
    const counters = [...counted].map((rule) => ({ rule, counter: counterFor(document, rule, window, fields) }));
    const faults = [...resolved, ...counters.map(({ counter }) => counter)].filter((one) => typeof one === "string");
    for (const message of faults) wired.faults.push({ ruleId: stored.id, message });
    if (faults.length > 0) continue;
    for (const { rule, counter } of counters) if (typeof counter !== "string") rule.counters.push(counter);
    wired.firing.push({ stored, document, window, counts: [...counted].map((rule) => rule.document.title) });
  }
  for (const rule of generating) wired.silent.delete(rule);
  return wired;
}

function windowFor({ stored, document }: LoadedCorrelation): WindowSpec {
  const { type, timespanMs, condition } = document.body;
  return windowOf(stored, { measure: type === "value_count" ? "VALUES" : "EVENTS", timespanMs, condition });
}

/** The rule that a reference names, or why there is none. */
function resolve(
  reference: string,
  selections: readonly SelectionRule[],
  correlations: readonly LoadedCorrelation[],
): SelectionRule | string {
  const isNamed = ({ document }: { document: ParsedDocument }) =>
    document.sigmaId === reference || document.name === reference;
  if (correlations.some(isNamed))
    return `\`${reference}\` is a correlation; correlations of correlations are not evaluated yet`;
  const found = selections.filter(isNamed);
  const [only] = found;
  if (!only) return `there is no rule with the id or name \`${reference}\``;
  return found.length > 1 ? `several rules have the id or name \`${reference}\`` : only;
}

function counterFor(
  { body }: CorrelationDocument,
  rule: SelectionRule,
  window: WindowSpec,
  fields: GroupFields,
): Counter | string {
  if (rule.stored.mode === "DISABLED") return `the rule \`${rule.document.title}\`, which it counts, is disabled`;
  const unknown = [...body.groupBy, ...body.fields].find((name) => aliased(body, name, rule.document) === undefined);
  if (unknown !== undefined)
    return `the alias \`${unknown}\` does not name a field for the rule \`${rule.document.name ?? rule.document.title}\``;
  const readWith = (field: FieldReader) => (name: string) =>
    field(aliased(body, name, rule.document) ?? name, rule.document.logsource);
  const counter: Counter = { window, groupOf: groupBy(body.groupBy.map(readWith(fields.grouping))) };
  if (body.fields.length === 0) return counter;
  return { ...counter, countedOf: groupBy(body.fields.map(readWith(fields.counting))) };
}

function aliased(
  { aliases }: CorrelationDocument["body"],
  name: string,
  { name: ruleName = "", sigmaId = "" }: DetectionDocument,
): string | undefined {
  const alias = aliases.get(name);
  return alias ? (alias.get(ruleName) ?? alias.get(sigmaId)) : name;
}
