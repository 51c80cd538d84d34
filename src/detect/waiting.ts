/** Correlations that name rules which are not there (yet). They are kept and run as soon as those rules are there. */
import type { SelectionRule } from "./rule.ts";
import type { LoadedCorrelation } from "./wire.ts";

/** Divides those that can run from those that wait, also for others that wait, saying for what. */
export function takeWaiting(
  loaded: readonly LoadedCorrelation[],
  selections: readonly SelectionRule[],
): { correlations: LoadedCorrelation[]; waiting: { ruleId: string; message: string; waiting: true }[] } {
  let correlations = [...loaded];
  const waiting: { ruleId: string; message: string; waiting: true }[] = [];
  for (;;) {
    const names = new Set(
      [...selections, ...correlations].flatMap(({ document }) => [document.sigmaId, document.name]),
    );
    const missing = ({ document }: LoadedCorrelation) => document.body.rules.filter((rule) => !names.has(rule));
    const ready = correlations.filter((one) => missing(one).length === 0);
    if (ready.length === correlations.length) return { correlations, waiting };
    for (const one of correlations)
      for (const reference of missing(one)) {
        const isThere = loaded.some(({ document: { name, sigmaId } }) => name === reference || sigmaId === reference);
        const message = isThere
          ? `the correlation \`${reference}\`, which it counts, cannot run`
          : `there is no rule with the id or name \`${reference}\``;
        waiting.push({ ruleId: one.stored.id, message, waiting: true });
      }
    correlations = ready;
  }
}
