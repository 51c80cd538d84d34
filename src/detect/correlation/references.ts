/** Whom a correlation counts: references -> rules and other correlations, which must not count each other in a circle. */
import type { StoredRule } from "../detection.ts";
import type { SelectionRule } from "../rule.ts";
import type { CorrelationDocument, ParsedDocument } from "../sigma/document.ts";

export interface LoadedCorrelation {
  stored: StoredRule;
  document: CorrelationDocument;
}

/** What a correlation counts, in the order of its list. */
export type Referred = { rule: SelectionRule } | { correlation: LoadedCorrelation };

export interface Resolved extends LoadedCorrelation {
  counts: Referred[];
  /** 0: it counts detection rules only; otherwise one more than the deepest correlation that it counts. */
  depth: number;
  /** Why it cannot run. */
  faults: string[];
}

const deepest = 8; // correlations above each other
const longestWalk = 1_000; // correlations on one way down: each takes some of the stack

export type Named = { document: ParsedDocument };

/** Every correlation, those that are counted before those that count them. */
export function resolveCorrelations(
  correlations: readonly LoadedCorrelation[],
  selections: readonly SelectionRule[],
): Resolved[] {
  const done = new Map<LoadedCorrelation, Resolved>();
  const named = byName(selections, correlations);
  const resolve = (one: LoadedCorrelation, above: readonly LoadedCorrelation[]): Resolved => {
    const known = done.get(one);
    if (known) return known;
    const resolved: Resolved = { ...one, counts: [], depth: 0, faults: [] };
    for (const reference of one.document.body.rules) {
      const found = find(reference, named.get(reference));
      if (typeof found === "string") resolved.faults.push(found);
      else if ("rule" in found) resolved.counts.push(found);
      else {
        const path = [...above, one, found.correlation];
        const circle = path.indexOf(found.correlation);
        if (circle < path.length - 1) {
          const names = path.slice(circle).map(({ document }) => `\`${nameOf(document)}\``);
          resolved.faults.push(`correlations may not count each other in a circle: ${names.join(" counts ")}`);
          continue;
        }
        // How deep it lies itself, not how deep the one lies from which it was come to: that depends on the order.
        const inner = path.length > longestWalk ? undefined : resolve(found.correlation, [...above, one]);
        const height = inner ? inner.depth + 2 : longestWalk;
        resolved.depth = Math.max(resolved.depth, height - 1);
        if (!inner || height > deepest) {
          const on = `above \`${reference}\` this one would be number ${height}`;
          resolved.faults.push(`correlations may lie at most ${deepest} above each other: ${on}`);
          continue;
        }
        if (inner.faults.length > 0)
          resolved.faults.push(`the correlation \`${reference}\`, which it counts, cannot run`);
        resolved.counts.push(found);
      }
    }
    done.set(one, resolved);
    return resolved;
  };
  for (const one of correlations) resolve(one, []);
  return [...done.values()].sort((one, other) => one.depth - other.depth);
}

export function nameOf({ name, sigmaId, title }: ParsedDocument): string {
  return name ?? sigmaId ?? title;
}

/** By id and by name; a rule whose two are the same stands there once. */
function byName(
  selections: readonly SelectionRule[],
  correlations: readonly LoadedCorrelation[],
): ReadonlyMap<string, readonly Referred[]> {
  const named = new Map<string, Referred[]>();
  const add = ({ document: { sigmaId, name } }: Named, referred: Referred): void => {
    for (const reference of new Set([sigmaId, name])) {
      if (reference === undefined) continue;
      const known = named.get(reference);
      if (known) known.push(referred);
      else named.set(reference, [referred]);
    }
  };
  for (const rule of selections) add(rule, { rule });
  for (const correlation of correlations) add(correlation, { correlation });
  return named;
}

function find(reference: string, found: readonly Referred[] = []): Referred | string {
  const [only] = found;
  if (!only) return `there is no rule with the id or name \`${reference}\``;
  if (found.length > 1) return `several rules have the id or name \`${reference}\``;
  const { stored, document } = "rule" in only ? only.rule : only.correlation;
  if (stored.mode !== "DISABLED") return only;
  return `the ${"rule" in only ? "rule" : "correlation"} \`${document.title}\`, which it counts, is disabled`;
}
