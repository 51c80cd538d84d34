import { stat } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { CorpusResult, CorpusRunner } from "./corpus.ts";

/** Every corpus: the module beside this one, and the function in it. Imported when its turn comes. */
const corpora: [module: string, runner: string][] = [
  ["parsers", "runParsers"],
  ["sigma", "runSigma"],
  ["scenarios", "runScenarios"],
];

async function load(module: string, runner: string): Promise<CorpusRunner | undefined> {
  const url = new URL(`./${module}.ts`, import.meta.url);
  if ((await stat(fileURLToPath(url)).catch(() => undefined)) === undefined) return undefined;
  const exports = (await import(url.href)) as Record<string, CorpusRunner | undefined>;
  const run = exports[runner];
  if (run === undefined) throw new Error(`test/conformance/${module}.ts must export ${runner}`);
  return run;
}

export function report(results: CorpusResult[]): string[] {
  const lines: string[] = [];
  for (const { corpus, passed, failed, unsupported, failures, required } of results) {
    const rest = unsupported > 0 ? ` (${unsupported} unsupported)` : "";
    lines.push(`${corpus}: ${passed} passed, ${failed} failed${rest}${required ? "" : " [report only]"}`);
    for (const failure of failures) lines.push(`  ${failure}`);
  }
  const total = (count: "passed" | "failed"): number => results.reduce((sum, result) => sum + result[count], 0);
  return [...lines, `${total("passed")} passed, ${total("failed")} failed`];
}

export function exitCode(results: CorpusResult[]): number {
  return results.length === 0 || results.some((result) => result.required && result.failed > 0) ? 1 : 0;
}

async function main(directory: string | undefined): Promise<number> {
  if (directory === undefined) {
    console.error("Usage: npm run conformance -- DIR, where DIR holds crowdsec/, sigma/, …");
    return 1;
  }
  const results: CorpusResult[] = [];
  for (const [module, runner] of corpora) {
    const run = await load(module, runner);
    if (run !== undefined) results.push(...(await run(directory)));
  }
  if (results.length === 0) console.error(`No corpus found in ${directory}`);
  console.log(report(results).join("\n"));
  return exitCode(results);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv[2]);
}
