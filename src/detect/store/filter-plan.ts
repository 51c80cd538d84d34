/** Filter documents of an import -> exceptions on the rules that they name. */
import type { FilterDocument } from "../sigma/document.ts";
import { fieldFaults } from "../sigma/field-faults.ts";
import { parseOnce } from "../sigma/parse-once.ts";
import { type KnownRule, referenceOf } from "./known.ts";
import type { Source } from "./plan.ts";
import type { RuleDocument, RuleDraft } from "./write.ts";

export interface FilterPlan {
  document: FilterDocument;
  ruleIds: string[];
}

export function planFilters(
  filters: readonly { document: FilterDocument; source: Source }[],
  rules: readonly (Pick<KnownRule, "id" | "yaml"> | Pick<RuleDraft, "id" | "document">)[],
  refuse: (source: Source, code: string, message: string) => unknown,
  now: number,
): FilterPlan[] {
  if (filters.length === 0) return [];
  const all = rules.flatMap((rule) => {
    const document = "document" in rule ? rule.document : parseOnce(rule.yaml).documents[0];
    return document && document.kind !== "FILTER" ? [{ id: rule.id, document }] : [];
  });
  const byName = new Map<string, { id: string; document: RuleDocument }>();
  for (const rule of all)
    for (const name of [rule.document.title, rule.document.sigmaId, rule.document.name])
      if (name !== undefined) byName.set(name, rule);
  for (const rule of all) byName.set(referenceOf(rule.document), rule); // which is its own; a title may be another's, too
  return filters.flatMap(({ document, source }) => {
    const { rules: names, onAny } = document.body;
    const faults: string[] = names.length === 0 && !onAny ? ["filter.rules: name at least one rule, or any"] : [];
    if ((document.vigil?.expiresAt ?? Number.POSITIVE_INFINITY) <= now)
      faults.push("vigil.expires: the exception has ended already; leave it out, or give a later time");
    const ruleIds = new Set<string>();
    if (onAny)
      for (const { id, document: rule } of all)
        if (rule.kind !== "CORRELATION" && !logsourceFault(document, rule)) ruleIds.add(id);
    for (const name of names) {
      const rule = byName.get(name);
      const fault = rule ? logsourceFault(document, rule.document) : `there is no rule with the id or name \`${name}\``;
      if (fault) faults.push(`filter.rules: ${fault}`);
      else if (rule) ruleIds.add(rule.id);
    }
    for (const { path, message } of fieldFaults(document)) faults.push(`${path}: ${message}`);
    for (const fault of faults) refuse(source, "INVALID", fault);
    return faults.length > 0 ? [] : [{ document, ruleIds: [...ruleIds] }];
  });
}

/** A filter is for rules of its logsource, or of a part of that. A correlation has none of its own. */
export function logsourceFault({ logsource }: FilterDocument, rule: RuleDocument): string | undefined {
  if (rule.kind === "CORRELATION") return undefined;
  const other = (["product", "service", "category"] as const).find(
    (part) => logsource[part] !== undefined && logsource[part] !== rule.logsource[part],
  );
  return other && `the rule \`${rule.title}\` has another logsource: ${other} ${rule.logsource[other] ?? "(none)"}`;
}
