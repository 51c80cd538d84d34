/** Which correlations count a rule: they would be left without it. */
import type { RuleMode } from "../detection.ts";
import type { CountedRule } from "../sigma/correlation-faults.ts";
import type { ParsedDocument } from "../sigma/document.ts";
import { parseOnce } from "../sigma/parse-once.ts";
import type { KnownRule } from "./known.ts";

/** A rule's names before and after a change; after a removal it has none. */
export interface Renaming {
  before: readonly string[];
  after: readonly string[];
  mode: RuleMode;
}

/** Why the change would leave a correlation without what it counts, naming the correlation; undefined: it would not. */
export function leftWithout(correlations: readonly KnownRule[], { before, after, mode }: Renaming): string | undefined {
  if (before.length === 0) return undefined; // nothing counts what had no name, or was not there
  for (const correlation of correlations) {
    const [document] = parseOnce(correlation.yaml).documents;
    if (document?.kind !== "CORRELATION") continue;
    const counted = document.body.rules.filter((rule) => before.includes(rule));
    if (counted.length === 0) continue;
    const lost = counted.find((rule) => !after.includes(rule));
    if (lost !== undefined) return `the correlation \`${correlation.name}\` counts this rule as \`${lost}\``;
    if (mode === "DISABLED" && correlation.mode !== "DISABLED")
      return `the correlation \`${correlation.name}\` counts this rule; disable that first`;
  }
  return undefined;
}

/** Finds rules as correlations name them; of two with one name the first counts. */
export function countedAmong(documents: readonly ParsedDocument[]): CountedRule {
  const found = new Map<string, ParsedDocument>();
  for (const document of documents)
    for (const name of [document.name, document.sigmaId])
      if (name !== undefined && document.kind !== "FILTER" && !found.has(name)) found.set(name, document);
  return (reference) => {
    const rule = found.get(reference);
    return rule?.kind === "DETECTION" ? rule : undefined;
  };
}

/** What correlations may call a rule. */
export function namesOf(yaml: string): string[] {
  const [document] = parseOnce(yaml).documents;
  return [document?.name, document?.sigmaId].filter((name) => name !== undefined);
}
