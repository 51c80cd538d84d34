/** `npm run evaluate`: how well detection finds attacks in a clinic's generated weeks, and how often it cries wolf. */
import { Command, InvalidArgumentError } from "commander";
import { feed } from "./feed.ts";
import { type Judged, judge, meets, month, together } from "./judge.ts";
import { openPastServer } from "./past-server.ts";
import { falseLines, tablesOf } from "./report.ts";

interface Options {
  seed: number;
  seeds: number;
  weeks: number;
  staff: number;
  learning?: number;
  places: boolean;
  json?: boolean;
  show: number;
}

function whole(least: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`Give a whole number from ${least} on.`);
    return value;
  };
}

const program = new Command("evaluate")
  .description(
    "Generates a clinic's weeks with attacks in them, sends them through a server of its own, and judges what it finds.",
  )
  .option("--seed <number>", "which clinic", whole(0), 1)
  .option("--seeds <number>", "how many clinics, from the seed on", whole(1), 1)
  .option("--weeks <number>", "how many weeks", whole(1), 6)
  .option("--learning <number>", "how many of them without attacks (default: half of them)", whole(0))
  .option("--staff <number>", "how many people work there", whole(1), 25)
  .option("--places", "events say themselves where their addresses lie", false)
  .option("--show <number>", "how many false incidents to list", whole(0), 20)
  .option("--json", "print one line of JSON a clinic instead of tables")
  .parse();
const options = program.opts<Options>();
const learningWeeks = options.learning ?? Math.ceil(options.weeks / 2);

const runs: Judged[] = [];
for (let seed = options.seed; seed < options.seed + options.seeds; seed++) {
  const began = performance.now();
  const { weeks, staff } = options;
  const server = await openPastServer(Date.parse("2025-01-01T00:00:00Z"));
  try {
    const run = await feed(server, { seed, weeks, staff, learningWeeks, sendPlaces: options.places }, (day, events) => {
      if (process.stderr.isTTY) process.stderr.write(`\rseed ${seed}: day ${day} of ${weeks * 7}, ${events} events `);
    });
    const judged = judge(run);
    runs.push(judged);
    const seconds = (performance.now() - began) / 1_000;
    if (options.json)
      console.log(JSON.stringify({ seed, weeks, staff, events: run.events, seconds, ...judged, goals: meets(judged) }));
    else {
      if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
      const months = ((run.to - run.from) / month).toFixed(1);
      console.log(
        `Seed ${seed}: ${run.events} events of ${staff} people in ${months} months, in ${seconds.toFixed(0)} s`,
      );
    }
  } finally {
    await server.close();
  }
}
const all = together(runs);
if (!options.json) {
  console.log(`\n${tablesOf(all)}`);
  if (all.falseIncidents.length > 0 && options.show > 0)
    console.log(`\nFalse incidents\n\n${falseLines(all, options.show)}`);
}
process.exitCode = meets(all).every(({ met }) => met) ? 0 : 1;
