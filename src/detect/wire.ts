/** Correlations -> counters on the rules and correlations whose matches they count. */
import type { Logsource } from "../ingest/event.ts";
import { chainedCounterOf, counterOf, type GroupFields } from "./correlation/counters.ts";
import { renamed } from "./correlation/expression.ts";
import { type LoadedCorrelation, type Resolved, resolveCorrelations } from "./correlation/references.ts";
import type { StoredRule } from "./detection.ts";
import type { ChainedCounter, FiringRule, SelectionRule } from "./rule.ts";
import type { CorrelationType } from "./sigma/document.ts";
import { type Measure, retentionMs, type WindowSpec } from "./windows/windows.ts";

export type { GroupFields, LoadedCorrelation };

export interface Wired {
  /** With those that only serve others, if these run. */
  firing: FiringRule[];
  /** Rules that only serve correlations, so make no detections of their own. */
  silent: Set<SelectionRule>;
  faults: { ruleId: string; message: string }[];
}

type Rest = Pick<WindowSpec, "measure" | "timespanMs" | "condition"> & Partial<WindowSpec>;

/** The throttle of a stored rule widens the gap that parts episodes. */
export function windowOf(stored: StoredRule, rest: Rest): WindowSpec {
  const gapMs = Math.max(rest.timespanMs, stored.throttleMs ?? 0);
  const horizonMs = retentionMs({ timespanMs: rest.timespanMs, gapMs });
  return {
    key: `${stored.id}@${stored.revision}`,
    ruleId: stored.id,
    gapMs,
    depth: 0,
    feeds: false,
    horizonMs,
    ...rest,
  };
}

const measures: Record<CorrelationType, Measure> = {
  event_count: "EVENTS",
  value_count: "VALUES",
  temporal: "VALUES", // the values are the rules
  temporal_ordered: "ORDER",
  value_sum: "SUM",
  value_avg: "AVERAGE",
  value_percentile: "PERCENTILE",
};

export function wireCorrelations(
  correlations: readonly LoadedCorrelation[],
  selections: readonly SelectionRule[],
  fields: GroupFields,
): Wired {
  const wired: Wired = { firing: [], silent: new Set(), faults: [] };
  const resolved = resolveCorrelations(correlations, selections);
  const silent = silenced(resolved);
  for (const one of silent) if ("matches" in one) wired.silent.add(one);
  const byId = new Map<string, Wire>();
  for (const one of resolved) {
    // A disabled correlation keeps its rules silent all the same: switching it off must not switch on a flood.
    if (one.stored.mode === "DISABLED") continue;
    const wire = wireOne(one, byId, fields);
    for (const message of wire.faults) wired.faults.push({ ruleId: one.stored.id, message });
    if (wire.faults.length > 0) continue;
    wire.rule.silent = silent.has(one.document);
    byId.set(one.stored.id, wire);
  }
  // From the outermost inwards: a silent one that nobody counts need not run.
  for (const wire of [...byId.values()].reverse()) {
    const { rule, apply } = wire;
    if (rule.silent && rule.chained.length === 0) continue;
    apply();
    wired.firing.unshift(rule);
  }
  return wired;
}

interface Wire {
  rule: FiringRule;
  /** Of the first detection rule at the bottom. */
  logsource: Logsource;
  faults: string[];
  /** Lets those that it counts know. */
  apply(): void;
}

/**
 * Rules and documents of correlations that are counted, and by nobody who says `generate`. A correlation on trial opens
 * no incidents in the place of an ACTIVE rule, which is not silent for it then. Informational ones are: they are made to
 * be counted.
 */
function silenced(resolved: readonly Resolved[]): Set<SelectionRule | Resolved["document"]> {
  const silent = new Set<SelectionRule | Resolved["document"]>();
  const generating = new Set<SelectionRule | Resolved["document"]>();
  const acting = new Set<Resolved["document"]>(); // ACTIVE, or counted by such
  for (const { stored, document, counts } of [...resolved].reverse()) {
    if (stored.mode === "ACTIVE") acting.add(document);
    for (const one of counts) {
      const counted = "rule" in one ? one.rule : one.correlation.document;
      const { stored: inner, document: told } = "rule" in one ? one.rule : one.correlation;
      if (acting.has(document) && "correlation" in one) acting.add(one.correlation.document);
      const opens = inner.mode === "ACTIVE" && told.severity !== "INFO";
      if (document.body.generate && stored.mode !== "DISABLED") generating.add(counted);
      else if (stored.mode === "DISABLED" || acting.has(document) || !opens) silent.add(counted);
    }
  }
  for (const one of generating) silent.delete(one);
  return silent;
}

function wireOne(one: Resolved, byId: ReadonlyMap<string, Wire>, fields: GroupFields): Wire {
  const { stored, document, counts } = one;
  const { body } = document;
  const faults = [...one.faults];
  const window = windowFor(one);
  const rule: FiringRule = { stored, document, window, counts: [], chained: [], silent: false };
  const found: (() => void)[] = [];
  let logsource: Logsource | undefined;
  for (const [place, counted] of counts.entries()) {
    const counting = { body, window, place };
    if ("rule" in counted) {
      logsource ??= counted.rule.document.logsource;
      rule.counts.push(counted.rule.document.title);
      const counter = counterOf(counting, counted.rule.document, fields);
      if (typeof counter === "string") faults.push(counter);
      else found.push(() => void counted.rule.counters.push(counter));
      continue;
    }
    const inner = byId.get(counted.correlation.stored.id);
    if (!inner) continue; // told among the faults already
    logsource ??= inner.logsource;
    rule.counts.push(inner.rule.document.title);
    window.horizonMs = Math.max(window.horizonMs, retentionMs(window) + inner.rule.window.horizonMs);
    const { groupBy } = counted.correlation.document.body;
    const counter = chainedCounterOf(
      counting,
      { document: inner.rule.document, groupBy, logsource: inner.logsource },
      fields,
    );
    if (typeof counter === "string") faults.push(counter);
    else found.push(() => feed(inner.rule, counter));
  }
  const apply = () => {
    for (const each of found) each();
  };
  return { rule, logsource: logsource ?? {}, faults, apply };
}

function feed(inner: FiringRule, counter: ChainedCounter): void {
  inner.window.feeds = true;
  inner.chained.push(counter);
}

function windowFor({ stored, document, depth }: Resolved): WindowSpec {
  const { type, timespanMs, condition, expression, rules, percentile } = document.body;
  const window = windowOf(stored, { measure: measures[type], timespanMs, condition, depth });
  if (expression) window.expression = renamed(expression.condition, (name) => String(rules.indexOf(name)));
  if (percentile !== undefined) window.percentile = percentile;
  return window;
}
