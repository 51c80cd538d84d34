import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { CorpusResult, CorpusRunner } from "./corpus.ts";
import { runCross } from "./cross.ts";
import { runScenarios } from "./crowdsec/scenarios.ts";
import { type Engine, localEngine } from "./engine.ts";
import { runPanther } from "./panther.ts";
import { runPantherCorrelation } from "./panther-correlation.ts";
import { runParsers } from "./parsers.ts";
import { serverEngine } from "./server-engine.ts";
import { runSigma } from "./sigma.ts";
import { runTravel } from "./travel.ts";
import { runWebAttacks } from "./web-attacks.ts";
import { runWebhooks } from "./webhooks.ts";

/** Every corpus, in the order of the report. */
const corpora: CorpusRunner[] = [
  runParsers,
  runSigma,
  runCross,
  runScenarios,
  runPanther,
  runPantherCorrelation,
  runTravel,
  runWebAttacks,
  runWebhooks,
];

export function report(results: CorpusResult[]): string[] {
  const lines: string[] = [];
  for (const result of results) {
    const { corpus, passed, failed, unsupported, failures, notes = [] } = result;
    const rest = unsupported > 0 ? ` (${unsupported} unsupported)` : "";
    lines.push(`${corpus}: ${passed} passed, ${failed} failed${rest}${demandOn(result)}`);
    for (const failure of failures) lines.push(`  ${failure}`);
    for (const note of notes) lines.push(`  · ${note}`);
  }
  const total = (count: "passed" | "failed"): number => results.reduce((sum, result) => sum + result[count], 0);
  return [...lines, `${total("passed")} passed, ${total("failed")} failed`];
}

function demandOn({ required, atLeast }: CorpusResult): string {
  if (!required) return " [report only]";
  return atLeast === undefined ? "" : ` [at least ${atLeast * 100} %]`;
}

function satisfies({ passed, failed, required, atLeast = 1 }: CorpusResult): boolean {
  return !required || failed === 0 || passed / (passed + failed) >= atLeast;
}

export function exitCode(results: CorpusResult[]): number {
  return results.length > 0 && results.every(satisfies) ? 0 : 1;
}

const usage = `Usage: npm run conformance -- DIR [--server URL --token TOKEN [--api-key KEY]]
DIR holds crowdsec/, sigma/, … Without --server the engine runs in this process.
--token: of an administrator of an organization made for this run (or VIGIL_TOKEN); rules are added to it.
--api-key: of role INGEST (or VIGIL_API_KEY); absent: events go through the mutation securityEventsIngest.`;

function engineOf(values: { server?: string; token?: string; "api-key"?: string }): Engine | undefined {
  if (values.server === undefined) return localEngine;
  const token = values.token ?? process.env.VIGIL_TOKEN;
  const apiKey = values["api-key"] ?? process.env.VIGIL_API_KEY;
  return token === undefined ? undefined : serverEngine({ url: values.server, token, apiKey });
}

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const options = { server: text, token: text, "api-key": text } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const [directory] = positionals;
  const engine = engineOf(values);
  if (directory === undefined || engine === undefined) {
    console.error(usage);
    return 1;
  }
  const results: CorpusResult[] = [];
  for (const run of corpora) results.push(...(await run(directory, engine)));
  if (results.length === 0) console.error(`No corpus found in ${directory}`);
  console.log(report(results).join("\n"));
  return exitCode(results);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main();
}
