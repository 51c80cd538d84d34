/**
 * Detections and their index, compiled once for all organizations of the process: nearly all of them run the rules that came
 * with Vigil, whose compiled form takes about 2 MiB and a twentieth of a second. What a detection compiles to follows from
 * its text alone. Held as long as somebody uses it.
 */
import type { Logsource } from "../ingest/event.ts";
import { type Candidates, candidatesIn } from "./index-rules.ts";
import type { Asks, SelectionRule } from "./rule.ts";
import { makeRuleIndex, type RuleIndex } from "./rule-index.ts";
import { type CompileContext, compileDetection, type Matches } from "./sigma/compile.ts";
import type { DetectionBody } from "./sigma/document.ts";
import { createFieldReader, type FieldReader } from "./sigma/fields.ts";
import { createWordReader } from "./sigma/keywords.ts";
import { anyOf, requirementsOf } from "./sigma/requirements.ts";
import { asServed } from "./sigma/served-path.ts";

export interface CompiledDetection {
  matches: Matches;
  asks: Asks;
}

export interface Compiler {
  /** How events are grouped and counted. */
  field: FieldReader;
  /** How rules look at them. */
  context: CompileContext;
  /** `body`: its placeholders are expanded. Of one body, the logsource is always the same. */
  detection(body: DetectionBody, logsource: Logsource): CompiledDetection;
  candidates(rules: readonly SelectionRule[]): Candidates;
}

/** One of its own is for whoever reads fields in a way of their own, as backtests do; all others use `sharedCompiler`. */
export function createCompiler(field: FieldReader): Compiler {
  const context = { field: asServed(field), words: createWordReader() };
  const detections = new WeakMap<DetectionBody, CompiledDetection>();
  const numbers = new WeakMap<Asks, number>();
  let last = 0;
  const numberOf = (asks: Asks): number => {
    let number = numbers.get(asks);
    if (number === undefined) numbers.set(asks, (number = ++last));
    return number;
  };
  const indexes = new Map<string, WeakRef<RuleIndex>>();
  const gone = new FinalizationRegistry<string>((key) => {
    if (!indexes.get(key)?.deref()) indexes.delete(key);
  });
  return {
    field,
    context,
    detection(body, logsource) {
      let compiled = detections.get(body);
      if (!compiled) {
        const asks = { logsource, requirements: requirementsOf(body), anyOf: anyOf(body) };
        detections.set(body, (compiled = { matches: compileDetection(body, logsource, context), asks }));
      }
      return compiled;
    },
    candidates(rules) {
      // Ids, by which they come, are other ones in each organization; texts are the same.
      const sorted = [...rules].sort(({ stored: one }, { stored: other }) =>
        one.yaml === other.yaml ? 0 : one.yaml < other.yaml ? -1 : 1,
      );
      const asks = sorted.map((rule) => rule.asks);
      const key = asks.map(numberOf).join();
      let index = indexes.get(key)?.deref();
      if (!index) {
        index = makeRuleIndex(asks, context);
        indexes.set(key, new WeakRef(index));
        gone.register(index, key);
      }
      return candidatesIn(index, sorted);
    },
  };
}

export const sharedCompiler: Compiler = createCompiler(createFieldReader());
