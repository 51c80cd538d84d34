/**
 * Exceptions of a correlation: a match whose event they name does not count for it, though it counts elsewhere. Its
 * group-by values are fields of the event, so an exception on those is one on the event; aliases may be used as fields.
 */
import type { SecurityEvent } from "../ingest/event.ts";
import { compileExceptions, parseExceptions } from "./exceptions.ts";
import type { Counter, FiringRule, SelectionRule } from "./rule.ts";
import type { CompileContext, Matches } from "./sigma/compile.ts";
import type { Placeholders } from "./sigma/placeholders.ts";
import type { LoadedCorrelation } from "./wire.ts";

interface Wired {
  selections: readonly SelectionRule[];
  /** The correlations that run; some count others. */
  firing: readonly FiringRule[];
  placeholders: Placeholders;
}

export function exceptCorrelations(
  correlations: readonly LoadedCorrelation[],
  { selections, firing, placeholders }: Wired,
  context: CompileContext,
): { ruleId: string; message: string }[] {
  const faults: { ruleId: string; message: string }[] = [];
  for (const { stored, document } of correlations) {
    const exceptions = parseExceptions(stored.exceptions, placeholders, (message) =>
      faults.push({ ruleId: stored.id, message }),
    );
    if (exceptions.length === 0) continue;
    const { aliases } = document.body;
    const exceptedOf = ({ document: counted }: SelectionRule | FiringRule): Matches =>
      compileExceptions(exceptions, counted.logsource, aliased(aliases, counted, context)) ?? (() => false);
    for (const rule of selections)
      for (const counter of rule.counters)
        if (counter.window.ruleId === stored.id) restrict(counter, exceptedOf(rule), (event) => event);
    for (const rule of firing)
      for (const counter of rule.chained)
        if (counter.window.ruleId === stored.id) restrict(counter, exceptedOf(rule), ({ origin }) => origin);
  }
  return faults;
}

/** A match without a group is not counted. */
function restrict<Source>(counter: Counter<Source>, isExcepted: Matches, eventOf: (source: Source) => SecurityEvent) {
  const { groupOf } = counter;
  counter.groupOf = (source) => (isExcepted(eventOf(source)) ? undefined : groupOf(source));
}

function aliased(
  aliases: ReadonlyMap<string, ReadonlyMap<string, string>>,
  { name = "", sigmaId = "" }: SelectionRule["document"] | FiringRule["document"],
  context: CompileContext,
): CompileContext {
  if (aliases.size === 0) return context;
  const meant = (field: string): string => aliases.get(field)?.get(name) ?? aliases.get(field)?.get(sigmaId) ?? field;
  return { ...context, field: (field, logsource) => context.field(meant(field), logsource) };
}
