/** Sequences of steps: a marker event for each hit, and a temporal correlation of the steps. */
import { stringify } from "yaml";
import { type CorpusResult, readRows, tally, type Verdict } from "./corpus.ts";
import type { Engine, SentEvent, Trial, TrialResult } from "./engine.ts";

interface Step {
  ID: string;
  MinMatchCount?: number;
  Absence?: boolean;
}

interface Detection {
  Group?: Step[];
  Sequence?: Step[];
  EventEvaluationOrder?: string;
  MatchCriteria?: Record<string, { GroupID: string; Match: string }[]>;
  LookbackWindowMinutes: number;
}

interface Row {
  id: string;
  detection: Detection[];
  expect: boolean;
  hits: { step: string; field: string; key: string; minute: number | string }[];
}

const start = Date.UTC(2026, 0, 1);
const title = "all of it";

export async function runPantherCorrelation(directory: string, engine: Engine): Promise<CorpusResult[]> {
  const rows = await readRows<Row>(directory, "panther/panther_correlation.jsonl");
  if (rows.length === 0) return [];
  const made = rows.map(trialOf);
  const trials = made.filter((one) => "yaml" in one);
  const results = await engine.run(trials);
  const verdicts = rows.map((row, n) => {
    const one = made[n] as Trial | { unsupported: string };
    return [row.id, "yaml" in one ? judge(row, results[trials.indexOf(one)] as TrialResult) : one] as const;
  });
  return [tally("sequences of steps", true, verdicts)];
}

function trialOf({ detection, hits }: Row): Trial | { unsupported: string } {
  const [only, another] = detection;
  const steps = only?.Group ?? only?.Sequence;
  if (only === undefined || steps === undefined || another !== undefined) return { unsupported: "several detections" };
  if (steps.some(({ Absence }) => Absence))
    return { unsupported: "the absence of an event, which Sigma cannot ask for" };
  const criteria = Object.values(only.MatchCriteria ?? {});
  if (criteria.length > 1) return { unsupported: "several keys" };
  const group = criteria.length === 1 ? { "group-by": ["key"] } : {};
  const timespan = `${only.LookbackWindowMinutes}m`;
  const documents = steps.flatMap((step, n) => documentsOf(step, n, { ...group, timespan }));
  const ordered = only.Sequence !== undefined || only.EventEvaluationOrder === "Chronological";
  const rules = steps.map(({ MinMatchCount: least = 1 }, n) => (least > 1 ? `many_${n}` : `step_${n}`));
  const correlation = { type: ordered ? "temporal_ordered" : "temporal", rules, ...group, timespan };
  const whole = rules.length > 1 ? [{ title, correlation }] : [];
  const yaml = [...documents, ...whole].map((document) => stringify(document)).join("---\n");
  return { yaml, batches: [hits.map((hit) => marker(hit, steps))] };
}

function documentsOf({ MinMatchCount: least = 1 }: Step, n: number, window: Record<string, unknown>) {
  const detection = { selection: { step: n }, condition: "selection" };
  const rule = { title: `step ${n}`, name: `step_${n}`, logsource: { category: "marker" }, detection };
  if (least < 2) return [rule];
  const correlation = { type: "event_count", rules: [rule.name], ...window, condition: { gte: least } };
  return [rule, { title: `many ${n}`, name: `many_${n}`, correlation }];
}

function marker({ step, key, minute }: Row["hits"][number], steps: readonly Step[]): SentEvent {
  const time = typeof minute === "number" ? start + minute * 60_000 : Date.parse(minute);
  const attributes = { step: steps.findIndex(({ ID }) => ID === step), key };
  return { action: "marker", logsource: { category: "marker" }, time, attributes };
}

function judge({ expect }: Row, result: TrialResult): Verdict {
  if ("refused" in result) return result.supported ? { failed: result.refused } : { unsupported: result.refused };
  const fired = result.opened.flat().some(({ rule }) => rule === title);
  return fired === expect ? undefined : { failed: expect ? "did not fire" : "fired" };
}
