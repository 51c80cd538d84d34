/** The engine under test: Sigma documents and events in, detections out, in this process or behind a server's API. */
import { compileRules } from "../../src/detect/compile.ts";
import type { StoredRule, Subject } from "../../src/detect/detection.ts";
import { createDetector } from "../../src/detect/detector.ts";
import { parseSigma } from "../../src/detect/sigma/parse.ts";
import { planImport, storedOf } from "../../src/detect/store/plan.ts";
import { stamp } from "../../src/ingest/accept.ts";
import type { Rejection } from "../../src/ingest/event.ts";
import { validateEvent } from "../../src/ingest/validate.ts";

/** An event as a client sends it. */
export type SentEvent = Record<string, unknown>;

export interface Trial {
  /** Sigma documents. */
  yaml: string;
  /** One list for each moment at which the detections so far are looked at. */
  batches: SentEvent[][];
}

export interface Detected {
  /** The rule's title. */
  rule: string;
  subjects: Subject[];
}

export type TrialResult =
  | { refused: string; supported: boolean }
  /** For each batch the detections that it opened. */
  | { opened: Detected[][]; rejected: Rejection[] };

export interface Engine {
  /** In the order of the trials. They know nothing of each other. */
  run(trials: readonly Trial[]): Promise<TrialResult[]>;
  /** The events as they read back after having been accepted, in order; undefined for one that was rejected. */
  store(events: readonly SentEvent[]): Promise<(SentEvent | undefined)[]>;
}

/** Through the functions that the server calls. */
export const localEngine: Engine = {
  async run(trials) {
    const results: TrialResult[] = [];
    for (const trial of trials) results.push(await runLocally(trial));
    return results;
  },
  async store(events) {
    return events.map((event, index) => {
      const validated = validateEvent(structuredClone(event), index, Date.now());
      return "event" in validated ? (validated.event as unknown as SentEvent) : undefined;
    });
  },
};

async function runLocally({ yaml, batches }: Trial): Promise<TrialResult> {
  const { errors } = parseSigma(yaml);
  // A collection's other documents are incomplete without the one that is not supported, so that is what is reported.
  const fault = errors.find(({ code }) => code === "UNSUPPORTED") ?? errors[0];
  if (fault)
    return {
      refused: `line ${fault.line}, ${fault.path}: ${fault.message}`,
      supported: fault.code !== "UNSUPPORTED",
    };
  const loaded = { version: 0, rules: [], placeholders: new Map(), timeZone: "UTC" };
  const organizationId = "00000000-0000-4000-8000-000000000000";
  const plan = planImport([{ yaml }], {
    organizationId,
    loaded,
    removed: new Set(),
    mode: "ACTIVE",
    builtin: false,
    now: 0,
  });
  const [rejection] = [...plan.rejected, ...plan.waiting];
  if (rejection) return { refused: `line ${rejection.line}: ${rejection.message}`, supported: true };
  const rules = plan.rules.map((draft): StoredRule => {
    const exceptions = plan.filters
      .filter(({ ruleIds }) => ruleIds.includes(draft.id))
      .map(({ document }, n) => ({ id: `${n}`, yaml: document.yaml, from: 0 }));
    return { ...storedOf(draft), exceptions };
  });
  const { ruleSet, errors: broken } = compileRules(rules);
  if (broken[0]) return { refused: broken[0].message, supported: !/not evaluated yet/.test(broken[0].message) };
  const detector = createDetector({ ruleSet });
  const now = Date.now();
  const opened: Detected[][] = [];
  const rejected: Rejection[] = [];
  let index = 0;
  for (const batch of batches) {
    const events = [];
    for (const event of batch) {
      const validated = validateEvent(structuredClone(event), index++, now);
      if ("event" in validated) events.push(...stamp([validated.event], now + index));
      else rejected.push(validated.rejection);
    }
    const { detections } = await detector.evaluate(events);
    opened.push(detections.filter((one) => one.opened).map(({ ruleName, subjects }) => ({ rule: ruleName, subjects })));
  }
  return { opened, rejected };
}
