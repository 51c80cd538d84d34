/** The Sigma corpora: rules, events and verdicts that were written by others. */
import { parseSigma } from "../../src/detect/sigma/parse.ts";
import type { Logsource } from "../../src/ingest/event.ts";
import { type CorpusResult, readRows, tally, type Verdict } from "./corpus.ts";
import type { Engine, SentEvent, Trial, TrialResult } from "./engine.ts";

export interface DetectionRow {
  id: string;
  tier: string;
  ruleYaml: string;
  events: Record<string, unknown>[];
  expectMatch: boolean;
}

export interface CorrelationRow {
  id: string;
  tier: string;
  ruleYaml: string;
  steps: { ts: number; event: Record<string, unknown>; expect: { correlations?: [string, number][] } }[];
}

export interface RuleRow {
  path: string;
  ruleYaml: string;
}

/** The tiers in which every row must agree. */
const required = new Set(["core", "windows"]);

/** Where the rules of a row look: a row's event is seen by each of them. */
export function logsourcesOf(yaml: string): Logsource[] {
  const found = new Map(
    parseSigma(yaml)
      .documents.filter(({ kind }) => kind === "DETECTION")
      .map(({ logsource }) => [JSON.stringify(logsource), logsource] as const),
  );
  return found.size > 0 ? [...found.values()] : [{}];
}

/** A row's event as it is sent: its fields are attributes, untouched. */
export function sentEvent(attributes: Record<string, unknown>, logsource: Logsource, time?: number): SentEvent {
  return { action: "row", logsource, attributes, ...(time === undefined ? {} : { time }) };
}

export function detectionTrial({ ruleYaml, events }: Pick<DetectionRow, "ruleYaml" | "events">): Trial {
  const sources = logsourcesOf(ruleYaml);
  return { yaml: ruleYaml, batches: [sources.flatMap((source) => events.map((event) => sentEvent(event, source)))] };
}

export function judgeDetection({ expectMatch }: Pick<DetectionRow, "expectMatch">, result: TrialResult): Verdict {
  if ("refused" in result) return refusal(result);
  if (result.rejected[0]) return { failed: `an event was rejected: ${result.rejected[0].message}` };
  if (result.opened.flat().length > 0 === expectMatch) return undefined;
  return { failed: expectMatch ? "expected a match" : "expected no match" };
}

function refusal({ refused, supported }: Extract<TrialResult, { refused: string }>): Verdict {
  return supported ? { failed: refused } : { unsupported: withoutPlace(refused) };
}

/** So that rows with one reason are counted together. */
function withoutPlace(message: string): string {
  return message.replace(/^line \d+, [^:]*: /, "");
}

function correlationTrial({ ruleYaml, steps }: CorrelationRow): Trial {
  const sources = logsourcesOf(ruleYaml);
  return {
    yaml: ruleYaml,
    batches: steps.map(({ ts, event }) => sources.map((source) => sentEvent(event, source, ts * 1_000))),
  };
}

/** Rows say how many correlations a step fires. We compare: none up to this step, or at least one by this step. */
function judgeCorrelation({ ruleYaml, steps }: CorrelationRow, result: TrialResult): Verdict {
  if ("refused" in result) return refusal(result);
  if (result.rejected[0]) return { failed: `an event was rejected: ${result.rejected[0].message}` };
  const { documents } = parseSigma(ruleYaml);
  const correlations = new Set(documents.filter(({ kind }) => kind === "CORRELATION").map(({ title }) => title));
  let fired = 0;
  let expected = 0;
  for (const [step, { expect }] of steps.entries()) {
    fired += (result.opened[step] ?? []).filter(({ rule }) => correlations.has(rule)).length;
    for (const [operator, count] of expect.correlations ?? []) {
      const wanted = operator === "==" ? count : operator === ">=" || operator === "!=" ? 1 : 0;
      expected += wanted;
      if (wanted > 0 && fired === 0) return { failed: `step ${step}: nothing fired yet` };
      if (operator === "==" && expected === 0 && fired > 0) return { failed: `step ${step}: fired too early` };
    }
  }
  return undefined;
}

/** What must agree has no "unsupported". */
function strict(verdict: Verdict, isRequired: boolean): Verdict {
  return isRequired && verdict && "unsupported" in verdict ? { failed: verdict.unsupported } : verdict;
}

/** A rule by itself: what a correlation or a filter refers to is not in its row, so such a one is only read. */
async function judgeImports(rows: readonly RuleRow[], engine: Engine): Promise<Verdict[]> {
  const parsed = rows.map(({ ruleYaml }) => parseSigma(ruleYaml));
  const alone = rows.filter((_, n) => parsed[n]?.documents.every(({ kind }) => kind === "DETECTION"));
  const results = await engine.run(alone.map(({ ruleYaml }) => ({ yaml: ruleYaml, batches: [] })));
  return rows.map((row, n) => {
    const fault = parsed[n]?.errors[0];
    if (fault) return { failed: `line ${fault.line}, ${fault.path}: ${fault.message}` };
    const result = results[alone.indexOf(row)];
    return result && "refused" in result ? { failed: result.refused } : undefined;
  });
}

export async function runSigma(dir: string, engine: Engine): Promise<CorpusResult[]> {
  const results: CorpusResult[] = [];
  const byTier = async <Row extends { id: string; tier: string }>(
    corpus: string,
    file: string,
    trialOf: (row: Row) => Trial,
    judge: (row: Row, result: TrialResult) => Verdict,
  ) => {
    const rows = await readRows<Row>(dir, `sigma/${file}`);
    const found = await engine.run(rows.map(trialOf));
    const verdicts = rows.map(
      (row, n) => [row, strict(judge(row, found[n] as TrialResult), required.has(row.tier))] as const,
    );
    for (const tier of new Set(rows.map((row) => row.tier))) {
      const inTier = verdicts.filter(([row]) => row.tier === tier).map(([row, verdict]) => [row.id, verdict] as const);
      results.push(tally(`${corpus} (${tier})`, required.has(tier), inTier));
    }
  };
  await byTier<DetectionRow>("sigma detection", "sigma_detection.jsonl", detectionTrial, judgeDetection);
  await byTier<CorrelationRow>("sigma correlation", "sigma_correlation.jsonl", correlationTrial, judgeCorrelation);
  const imports = [
    ["sigma application rules", "sigma_app_rules.jsonl"],
    ["sigma specification", "sigma_spec_examples.jsonl"],
  ] as const;
  for (const [corpus, file] of imports) {
    const rows = await readRows<RuleRow>(dir, `sigma/${file}`);
    const verdicts = await judgeImports(rows, engine);
    if (rows.length > 0)
      results.push(
        tally(
          corpus,
          true,
          rows.map((row, n) => [row.path, verdicts[n]] as const),
        ),
      );
  }
  return results;
}
