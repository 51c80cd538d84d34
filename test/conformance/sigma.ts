/** The Sigma corpora: rules, events and verdicts that were written by others, run through the engine itself. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { compileRules } from "../../src/detect/compile.ts";
import { createDetector, type Detector } from "../../src/detect/detector.ts";
import type { ParsedDocument } from "../../src/detect/sigma/document.ts";
import { parseSigma } from "../../src/detect/sigma/parse.ts";
import type { Logsource, SecurityEvent } from "../../src/ingest/event.ts";
import type { CorpusResult } from "./corpus.ts";

/** undefined: agreed. A rule that Vigil says it cannot evaluate is counted apart. */
type Verdict = { unsupported: string } | { failed: string } | undefined;

interface DetectionRow {
  id: string;
  tier: string;
  ruleYaml: string;
  events: Record<string, unknown>[];
  expectMatch: boolean;
}

interface CorrelationRow {
  id: string;
  tier: string;
  ruleYaml: string;
  steps: { ts: number; event: Record<string, unknown>; expect: { correlations?: [string, number][] } }[];
}

interface RuleRow {
  path: string;
  ruleYaml: string;
}

async function readRows<Row>(dir: string, file: string): Promise<Row[]> {
  const text = await readFile(join(dir, "sigma", file), "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Row);
}

/** A detector for the rules of a row, or why there is none. */
function prepare(yaml: string): { detector: Detector; documents: ParsedDocument[] } | NonNullable<Verdict> {
  const { documents, errors } = parseSigma(yaml);
  // A collection's other documents are incomplete without the one that is not supported, so that is what is reported.
  const fault = errors.find(({ code }) => code === "UNSUPPORTED") ?? errors[0];
  if (fault?.code === "UNSUPPORTED") return { unsupported: fault.message };
  if (fault) return { failed: `line ${fault.line}, ${fault.path}: ${fault.message}` };
  const rules = documents.map((document, n) => ({
    id: `rule-${n}`,
    revision: 1,
    mode: "ACTIVE" as const,
    yaml: document.yaml,
  }));
  const compiled = compileRules(rules);
  const [broken] = compiled.errors;
  if (broken)
    return /not evaluated yet/.test(broken.message) ? { unsupported: broken.message } : { failed: broken.message };
  return { detector: createDetector({ ruleSet: compiled.ruleSet }), documents };
}

const arrival = Date.UTC(2026, 0, 1);

function toEvent(attributes: Record<string, unknown>, logsource: Logsource, n: number, time = arrival): SecurityEvent {
  const id = `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
  return {
    id,
    time,
    receivedAt: arrival + n,
    logsource,
    action: "row",
    category: "OTHER",
    outcome: "UNKNOWN",
    attributes,
  };
}

/** Where the rules of a row look: a row's event is seen by each of them. */
function logsourcesOf(documents: readonly ParsedDocument[]): Logsource[] {
  const found = new Map(
    documents
      .filter(({ kind }) => kind === "DETECTION")
      .map(({ logsource }) => [JSON.stringify(logsource), logsource] as const),
  );
  return found.size > 0 ? [...found.values()] : [{}];
}

async function judgeDetection({ ruleYaml, events, expectMatch }: DetectionRow): Promise<Verdict> {
  const prepared = prepare(ruleYaml);
  if (!("detector" in prepared)) return prepared;
  const sent = logsourcesOf(prepared.documents).flatMap((logsource) => events.map((event) => ({ event, logsource })));
  const { detections } = await prepared.detector.evaluate(
    sent.map(({ event, logsource }, n) => toEvent(event, logsource, n)),
  );
  if (detections.length > 0 === expectMatch) return undefined;
  return { failed: expectMatch ? "expected a match" : "expected no match" };
}

/** Rows say how many correlations a step fires. We compare: none up to this step, or at least one by this step. */
async function judgeCorrelation({ ruleYaml, steps }: CorrelationRow): Promise<Verdict> {
  const prepared = prepare(ruleYaml);
  if (!("detector" in prepared)) return prepared;
  const correlations = new Set(
    prepared.documents.filter(({ kind }) => kind === "CORRELATION").map(({ title }) => title),
  );
  let fired = 0;
  let expected = 0;
  let n = 0;
  for (const [step, { ts, event, expect }] of steps.entries()) {
    const batch = logsourcesOf(prepared.documents).map((logsource) => toEvent(event, logsource, n++, ts * 1_000));
    const { detections } = await prepared.detector.evaluate(batch);
    fired += detections.filter(({ ruleName }) => correlations.has(ruleName)).length;
    for (const [operator, count] of expect.correlations ?? []) {
      const wanted = operator === "==" ? count : operator === ">=" || operator === "!=" ? 1 : 0;
      expected += wanted;
      if (wanted > 0 && fired === 0) return { failed: `step ${step}: nothing fired yet` };
      if (operator === "==" && expected === 0 && fired > 0) return { failed: `step ${step}: fired too early` };
    }
  }
  return undefined;
}

async function judgeImport({ ruleYaml }: RuleRow): Promise<Verdict> {
  const { documents, errors } = parseSigma(ruleYaml);
  const [fault] = errors;
  if (fault)
    return { [fault.code === "INVALID" ? "failed" : "unsupported"]: `${fault.path}: ${fault.message}` } as Verdict;
  const [document] = documents;
  if (document?.kind !== "DETECTION") return undefined; // what a correlation refers to is not in the row
  const { errors: broken } = compileRules([{ id: "rule", revision: 1, mode: "ACTIVE", yaml: document.yaml }]);
  return broken[0] && { failed: broken[0].message };
}

async function judgeAll<Row>(
  corpus: string,
  rows: readonly Row[],
  name: (row: Row) => string,
  judge: (row: Row) => Promise<Verdict>,
): Promise<CorpusResult> {
  const result: CorpusResult = { corpus, passed: 0, failed: 0, unsupported: 0, required: false, failures: [] };
  for (const row of rows) {
    const verdict = await judge(row);
    if (!verdict) result.passed++;
    else if ("unsupported" in verdict) result.unsupported++;
    else {
      result.failed++;
      result.failures.push(`${name(row)}: ${verdict.failed}`);
    }
  }
  return result;
}

export async function runSigma(dir: string): Promise<CorpusResult[]> {
  const results: CorpusResult[] = [];
  const byTier = async <Row extends { id: string; tier: string }>(
    corpus: string,
    rows: readonly Row[],
    judge: (row: Row) => Promise<Verdict>,
  ) => {
    for (const tier of new Set(rows.map((row) => row.tier))) {
      const inTier = rows.filter((row) => row.tier === tier);
      results.push(await judgeAll(`${corpus} (${tier})`, inTier, (row) => row.id, judge));
    }
  };
  await byTier("sigma detection", await readRows<DetectionRow>(dir, "sigma_detection.jsonl"), judgeDetection);
  await byTier("sigma correlation", await readRows<CorrelationRow>(dir, "sigma_correlation.jsonl"), judgeCorrelation);
  const imports = [
    ["sigma application rules", "sigma_app_rules.jsonl"],
    ["sigma specification", "sigma_spec_examples.jsonl"],
  ] as const;
  for (const [corpus, file] of imports) {
    const rows = await readRows<RuleRow>(dir, file);
    if (rows.length > 0) results.push(await judgeAll(corpus, rows, (row) => row.path, judgeImport));
  }
  return results;
}
