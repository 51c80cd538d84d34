/** Sample events through a rule on trial: what it finds in them, and for each event why it matches or does not. */
import { VigilError } from "../errors.ts";
import type { SecurityEvent } from "../ingest/event.ts";
import { traceBehaviour } from "./behaviour/trace.ts";
import { createTrialJudge } from "./behaviour/trial-judge.ts";
import { compileRules } from "./compile.ts";
import { sharedCompiler } from "./compile-once.ts";
import type { Disguise } from "./correlation/disguise.ts";
import type { DetectionDraft } from "./detection.ts";
import { createDetector } from "./detector.ts";
import type { SelectionDocument } from "./sigma/document.ts";
import { mayHave } from "./sigma/known-fields.ts";
import { parseOnce } from "./sigma/parse-once.ts";
import { expandPlaceholders } from "./sigma/placeholders.ts";
import { type EventTrace, traceRule } from "./trace.ts";
import type { Trial } from "./trial.ts";

export interface TracedEvent extends EventTrace {
  /** Its place among the events. */
  index: number;
  ruleId: string;
  ruleName: string;
}

export interface TestedEvents {
  /** What the tried rules, and the correlations that count them, find in all of the events together. */
  detections: DetectionDraft[];
  /** For each event one for each detection rule of the trial. */
  results: TracedEvent[];
}

/** Events in the order of their arrival. A tried rule that cannot run is refused with the reason. */
export async function testEvents(
  trial: Trial,
  events: readonly SecurityEvent[],
  { disguise, visibleOf }: { disguise: Disguise; visibleOf?: (event: SecurityEvent) => SecurityEvent },
): Promise<TestedEvents> {
  refuseFaults(trial);
  const { ruleSet } = compileRules(trial.rules, { disguise, placeholders: trial.placeholders });
  const behaviour = createTrialJudge([ruleSet.behaviour], { timeZone: trial.timeZone, disguise });
  behaviour.judge(events);
  behaviour.show(0);
  const { detections } = await createDetector({ ruleSet }).evaluate(events);
  const { context } = sharedCompiler;
  const traces = selectionRulesOf(trial).map(({ id, document: written }) => {
    if (written.kind === "BEHAVIOUR") return { id, document: written, trace: traceBehaviour(id, written.body) };
    const document = {
      ...written,
      body: expandPlaceholders(written.body, trial.placeholders, mayHave(written.logsource)).body,
    };
    const stored = { id, revision: 1, mode: "ACTIVE" as const, yaml: document.yaml };
    const rule = { stored, document, ...sharedCompiler.detection(document.body, document.logsource), counters: [] };
    return { id, document, trace: traceRule(rule, { ...context, ...(visibleOf ? { visibleOf } : {}) }) };
  });
  const results = events.flatMap((event, index) =>
    traces.map(({ id, document, trace }) => ({ index, ruleId: id, ruleName: document.title, ...trace(event) })),
  );
  return { detections: detections.filter(({ ruleId }) => trial.watched.has(ruleId)), results };
}

/** Throws what keeps a tried rule from running. */
export function refuseFaults({ tried, faults }: Trial): void {
  const own = faults.filter(({ ruleId }) => tried.some(({ id }) => id === ruleId));
  if (own.length === 0) return;
  const told = own.map(({ ruleId, message }) => {
    const document = tried.find(({ id }) => id === ruleId)?.document;
    return tried.length > 1 ? `${document?.title}: ${message}` : message;
  });
  throw new VigilError("BAD_USER_INPUT", told.join("; "), { path: ["input"] });
}

/** The tried detection and behaviour rules, and those that tried correlations count; not those of correlations that only follow. */
function selectionRulesOf({ tried, rules, watched }: Trial): { id: string; document: SelectionDocument }[] {
  const own = new Set(tried.map(({ id }) => id));
  const counts = tried.some(({ document }) => document.kind === "CORRELATION");
  return rules
    .filter(({ id }) => own.has(id) || (counts && !watched.has(id)))
    .flatMap(({ id, yaml }) => parseOnce(yaml).documents.map((document) => ({ id, document })))
    .filter((rule): rule is { id: string; document: SelectionDocument } =>
      ["DETECTION", "BEHAVIOUR"].includes(rule.document.kind),
    );
}
