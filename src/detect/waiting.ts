/** Correlations that name rules which are not there (yet). They are kept and run as soon as those rules are there. */
import type { SelectionRule } from "./rule.ts";
import type { ParsedDocument } from "./sigma/document.ts";
import type { LoadedCorrelation } from "./wire.ts";

/** Divides those that can run from those that wait, also for others that wait, saying for what. */
export function takeWaiting(
  loaded: readonly LoadedCorrelation[],
  selections: readonly SelectionRule[],
): { correlations: LoadedCorrelation[]; waiting: { ruleId: string; message: string; waiting: true }[] } {
  const waiting: { ruleId: string; message: string; waiting: true }[] = [];
  /** How many rules have each name, and who counts it. */
  const named = new Map<string, number>();
  const counting = new Map<string, LoadedCorrelation[]>();
  for (const { document } of [...selections, ...loaded])
    for (const name of namesOf(document)) named.set(name, (named.get(name) ?? 0) + 1);
  const known = new Set(loaded.flatMap(({ document }) => namesOf(document)));
  for (const one of loaded)
    for (const reference of one.document.body.rules) {
      const others = counting.get(reference);
      if (others) others.push(one);
      else counting.set(reference, [one]);
    }
  const missing = ({ document }: LoadedCorrelation) => document.body.rules.filter((rule) => !named.get(rule));
  const gone = new Set<LoadedCorrelation>();
  // Only those are looked at again that count what has just gone: a long chain of them would be gone through link by link.
  for (let asked: readonly LoadedCorrelation[] = loaded; asked.length > 0; ) {
    const leaving = [...new Set(asked)].filter((one) => !gone.has(one) && missing(one).length > 0);
    for (const one of leaving)
      for (const reference of missing(one)) {
        const message = known.has(reference)
          ? `the correlation \`${reference}\`, which it counts, cannot run`
          : `there is no rule with the id or name \`${reference}\``;
        waiting.push({ ruleId: one.stored.id, message, waiting: true });
      }
    for (const one of leaving) {
      gone.add(one);
      for (const name of namesOf(one.document)) named.set(name, (named.get(name) ?? 1) - 1);
    }
    asked = leaving.flatMap(({ document }) => namesOf(document).flatMap((name) => counting.get(name) ?? []));
  }
  return { correlations: loaded.filter((one) => !gone.has(one)), waiting };
}

function namesOf({ sigmaId, name }: ParsedDocument): string[] {
  return [...new Set([sigmaId, name])].filter((each) => each !== undefined);
}
