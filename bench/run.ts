/** `npm run bench -- [name…] [--json]`: each figure is a comparison within one run; absolute values are printed, never promised. */
import { cpus } from "node:os";
import { importBench } from "./import.ts";
import { latencyBench } from "./latency.ts";
import { sealingBench } from "./sealing.ts";

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
  import: importBench,
  latency: latencyBench,
  sealing: sealingBench,
};

const words = process.argv.slice(2);
const asJson = words.includes("--json");
const wanted = words.filter((word) => !word.startsWith("--"));
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(", ")}. Known: ${Object.keys(benches).join(", ")}`);
  process.exit(1);
}
if (!asJson) console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`);
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const figure of await bench()) {
    if (asJson) console.log(JSON.stringify(figure));
    else {
      const { subject, subjectValue, unit, baseline, baselineValue, ratio, runs } = figure;
      console.log(
        `${name}: ${subject} ${subjectValue.toFixed(1)} ${unit}, ${baseline} ${baselineValue.toFixed(1)} ${unit}, ratio ${ratio.toFixed(3)} (${runs} runs)`,
      );
    }
  }
}
