/**
 * Exceptions of a correlation: an event that they name does not count for it, though it counts elsewhere. Its group-by
 * values are fields of the event, so an exception on those is one on the event; aliases may be used as field names.
 */
import { compileExceptions, parseExceptions } from "./exceptions.ts";
import type { SelectionRule } from "./rule.ts";
import type { CompileContext } from "./sigma/compile.ts";
import type { DetectionDocument } from "./sigma/document.ts";
import type { LoadedCorrelation } from "./wire.ts";

export function exceptCorrelations(
  correlations: readonly LoadedCorrelation[],
  selections: readonly SelectionRule[],
  context: CompileContext,
): { ruleId: string; message: string }[] {
  const faults: { ruleId: string; message: string }[] = [];
  for (const { stored, document } of correlations) {
    const tell = (message: string): unknown => faults.push({ ruleId: stored.id, message });
    const exceptions = parseExceptions(stored.exceptions, tell);
    if (exceptions.length === 0) continue;
    for (const rule of selections)
      for (const counter of rule.counters) {
        if (counter.window.ruleId !== stored.id) continue;
        const { groupOf } = counter;
        const aliased = fieldsOf(document.body.aliases, rule.document, context);
        const isExcepted = compileExceptions(exceptions, rule.document.logsource, aliased);
        counter.groupOf = (event) => (isExcepted?.(event) ? undefined : groupOf(event));
      }
  }
  return faults;
}

function fieldsOf(
  aliases: ReadonlyMap<string, ReadonlyMap<string, string>>,
  { name = "", sigmaId = "" }: DetectionDocument,
  context: CompileContext,
): CompileContext {
  if (aliases.size === 0) return context;
  const meant = (field: string): string => aliases.get(field)?.get(name) ?? aliases.get(field)?.get(sigmaId) ?? field;
  return { ...context, field: (field, logsource) => context.field(meant(field), logsource) };
}
