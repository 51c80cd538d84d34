/** Stored rules -> a rule set: parsed, wired to each other, compiled to closures and indexed, once. */
import { type BehaviourRule, behaviourRuleOf } from "./behaviour/behaviour-rule.ts";
import { findingSubjects, hasFinding, withBehaviour } from "./behaviour/selection.ts";
import { type CompiledDetection, createCompiler, sharedCompiler } from "./compile-once.ts";
import { type Disguise, disguised, sealedReader } from "./correlation/disguise.ts";
import { subjectReader } from "./correlation/subject.ts";
import type { StoredRule } from "./detection.ts";
import { exceptCorrelations } from "./except-correlations.ts";
import { compileExceptions, parseExceptions } from "./exceptions.ts";
import type { Candidates } from "./index-rules.ts";
import type { Asks, FiringRule, SelectionRule } from "./rule.ts";
import type { Matches } from "./sigma/compile.ts";
import type { ParsedDocument } from "./sigma/document.ts";
import type { FieldReader } from "./sigma/fields.ts";
import { mayHave } from "./sigma/known-fields.ts";
import { parseOnce } from "./sigma/parse-once.ts";
import { expandPlaceholders, type Placeholders } from "./sigma/placeholders.ts";
import { takeWaiting } from "./waiting.ts";
import { latenessMs } from "./windows/windows.ts";
import { type LoadedCorrelation, windowOf, wireCorrelations } from "./wire.ts";

export interface RuleSet {
  /** The detection rules that could match an event. */
  candidates: Candidates;
  /** The behaviour rules that judge every event before. */
  behaviour: readonly BehaviourRule[];
  /** Rules that have windows (the silent ones serve correlations only), by the key of their window. */
  firing: ReadonlyMap<string, FiringRule>;
  /** How long before a restart events must have arrived to matter after it: replay these. */
  horizonMs: number;
}

export interface CompileError {
  ruleId: string;
  message: string;
  /** The rule is sound: it runs as soon as the rules that it names are there. */
  waiting?: true;
}

const plainGapMs = 5 * 60_000; // matches of a plain rule that lie further apart are different episodes

const nothing: Asks = { logsource: {}, requirements: new Map() };

export interface CompileOptions {
  /** How sealed values are told apart without being shown. Absent: they are shown. */
  disguise?: Disguise;
  /** The values of %placeholders% in rules (`expand`). A rule that names one without values is a fault. */
  placeholders?: Placeholders;
  /** How fields are read. Default: as all read them, by what is compiled for all. */
  field?: FieldReader;
}

/** A rule that cannot run is reported and left out; the others run. */
export function compileRules(
  rules: readonly StoredRule[],
  { disguise, placeholders = new Map(), field: ownField }: CompileOptions = {},
): {
  ruleSet: RuleSet;
  errors: CompileError[];
  /** Characters or instructions of the regular expressions of those that have some, by rule. */
  expressions: ReadonlyMap<string, number>;
} {
  const errors: CompileError[] = [];
  const expressions = new Map<string, number>();
  const selections: SelectionRule[] = [];
  const loaded: LoadedCorrelation[] = [];
  const compiler = ownField ? createCompiler(ownField) : sharedCompiler;
  const { field, context } = compiler;
  const grouping = disguised(field, disguise, true);
  for (const stored of rules) {
    const document = parseOne(stored, errors);
    const written = parseOnce(stored.yaml).expressions;
    if (written > 0) expressions.set(stored.id, written);
    if (document?.kind === "CORRELATION") loaded.push({ stored, document });
    if (document?.kind !== "DETECTION" && document?.kind !== "BEHAVIOUR") continue;
    let compiled: CompiledDetection | undefined;
    if (document.kind === "DETECTION") {
      const expanded = expandPlaceholders(document.body, placeholders, mayHave(document.logsource));
      const { body, faults } = expanded;
      if (expanded.expressions > 0) expressions.set(stored.id, written + expanded.expressions);
      errors.push(...faults.map((message) => ({ ruleId: stored.id, message })));
      if (faults.length > 0) continue;
      compiled = compiler.detection(body, document.logsource);
    }
    const { matches: found, asks } = compiled ?? { matches: hasFinding(stored), asks: nothing };
    const exceptions = parseExceptions(stored.exceptions, placeholders, (message) =>
      errors.push({ ruleId: stored.id, message }),
    );
    const isExcepted = compileExceptions(exceptions, document.logsource, context);
    const matches: Matches = isExcepted ? (event) => found(event) && !isExcepted(event) : found;
    selections.push({ stored, document, matches, asks, counters: [] });
  }
  const { correlations, waiting } = takeWaiting(loaded, selections);
  errors.push(...waiting);
  const wired = wireCorrelations(correlations, selections, {
    grouping,
    counting: disguised(field, disguise, false),
    numbers: field,
    isSealed: sealedReader(field, disguise),
  });
  errors.push(
    ...wired.faults,
    ...exceptCorrelations(correlations, { selections, firing: wired.firing, placeholders }, context),
  );
  const firing = new Map(wired.firing.map((rule) => [rule.window.key, rule]));
  for (const rule of selections) {
    const { stored, document } = rule;
    if (stored.mode === "DISABLED" || wired.silent.has(rule)) continue;
    const window = windowOf(stored, { measure: "EACH", timespanMs: plainGapMs, condition: { min: 1 } });
    const isBehaviour = document.kind === "BEHAVIOUR";
    rule.own = {
      window,
      subjects: isBehaviour ? findingSubjects(stored) : subjectReader(grouping, document.logsource),
    };
    firing.set(window.key, { stored, document, window, counts: [], chained: [], silent: false });
  }
  const used = selections.filter((rule) => rule.own || rule.counters.length > 0);
  const horizonMs = Math.max(latenessMs, ...[...firing.values()].map((rule) => rule.window.horizonMs));
  const isBehaviour = ({ document }: SelectionRule) => document.kind === "BEHAVIOUR";
  const candidates = withBehaviour(
    compiler.candidates(used.filter((rule) => !isBehaviour(rule))),
    used.filter(isBehaviour),
  );
  return { ruleSet: { candidates, behaviour: used.flatMap(behaviourRuleOf), firing, horizonMs }, errors, expressions };
}

/** The document of a stored rule, as its organization has set it. */
function parseOne(stored: StoredRule, errors: CompileError[]): ParsedDocument | undefined {
  const { documents, errors: faults } = parseOnce(stored.yaml);
  for (const { line, path, message } of faults)
    errors.push({ ruleId: stored.id, message: `line ${line}, ${path || "rule"}: ${message}` });
  const [document, another] = documents;
  if (another) errors.push({ ruleId: stored.id, message: "a stored rule holds exactly one Sigma document" });
  if (faults.length > 0 || another || !document) return undefined;
  const { severity = document.severity, tags = document.tags } = stored;
  return { ...document, severity, tags: [...tags] };
}
