/** SigmaHQ rules over real events, judged by an independent evaluator: each disagreement is shown, or known and explained. */

import { clausesOf } from "./clauses.ts";
import { type CorpusResult, readRows, tally, type Verdict } from "./corpus.ts";
import type { Engine, TrialResult } from "./engine.ts";
import { knownDifferences } from "./known-differences.ts";
import { type DetectionRow, detectionTrial, judgeDetection } from "./sigma.ts";

interface CrossRow extends Omit<DetectionRow, "tier"> {
  rulePath: string;
}

export async function runCross(dir: string, engine: Engine): Promise<CorpusResult[]> {
  const results: CorpusResult[] = [];
  for (const [corpus, file] of [
    ["sigma rules × SaaS events", "sigma_app_cross.jsonl"],
    ["sigma rules × web requests", "sigma_web_cross.jsonl"],
  ] as const) {
    const rows = await readRows<CrossRow>(dir, `sigma/${file}`);
    if (rows.length === 0) continue;
    const found = await engine.run(rows.map(detectionTrial));
    const known: string[] = [];
    const verdicts: [string, Verdict][] = [];
    for (const [n, row] of rows.entries()) {
      const verdict = await judge(row, found[n] as TrialResult);
      const reason = verdict && "failed" in verdict ? knownDifferences.get(ruleId(row)) : undefined;
      if (reason !== undefined) known.push(`${row.id} differs, as known: ${reason}`);
      verdicts.push([row.id, reason === undefined ? verdict : undefined]);
    }
    const result = tally(corpus, true, verdicts);
    results.push({ ...result, notes: [...(result.notes ?? []), ...known] });
  }
  return results;
}

/** The evaluator's verdict is about the rule's own conditions, so every disagreement names what each of them says here. */
async function judge(row: CrossRow, result: TrialResult): Promise<Verdict> {
  const verdict = judgeDetection(row, result);
  if (!verdict || !("failed" in verdict)) return verdict;
  return { failed: `${verdict.failed} of ${row.rulePath}: ${(await clausesOf(row.ruleYaml, row.events)).join("; ")}` };
}

function ruleId({ ruleYaml }: CrossRow): string {
  return /^id: *(\S+)/m.exec(ruleYaml)?.[1] ?? "";
}
