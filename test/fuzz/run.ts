/**
 * `npm run fuzz [-- target … --minutes 5 --inputs 1000000 --seed 1]`: every parser that strangers' input reaches, fed with
 * broken input until the inputs or the minutes are over, whichever comes first. A fault is an error that is no refusal,
 * more than 100 ms of CPU time for one input, an end that never comes, or a heap that grows. Ends with 1 at a fault, and prints the
 * input; the same seed finds it again.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { targets } from "./targets.ts";
import type { Progress, Work } from "./work.ts";

const patience = 20_000; // ms without a word: one input does not end
const mostGrown = 32; // MiB, what caches of a fixed size may take, unless a target says otherwise

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string" }, inputs: { type: "string" }, seed: { type: "string" } },
});
const number = (text: string | undefined, other: number): number => {
  const given = text === undefined ? other : Number(text);
  if (!(given > 0)) throw new Error(`a number above 0 is expected, not ${text}`);
  return given;
};
const minutes = number(values.minutes, 5);
const inputs = number(values.inputs, 1_000_000);
const seed = number(values.seed, 1);
const names = positionals.length > 0 ? positionals : Object.keys(targets);
for (const name of names)
  if (!targets[name]) throw new Error(`there is no target ${name}; there are ${Object.keys(targets).join(", ")}`);

let faults = 0;
for (const name of names) {
  const began = performance.now();
  const { done, slowest, kept, grown, fault } = await fuzz(name);
  const told =
    fault ??
    (grown > (targets[name]?.caches ?? mostGrown)
      ? { what: `the heap has grown by ${grown.toFixed(0)} MiB`, input: "" }
      : undefined);
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  console.log(
    `${told ? "FAULT" : "well "} ${name.padEnd(10)} ${done} inputs in ${seconds} s, slowest ${slowest.toFixed(1)} ms, ${kept} kept, heap ${grown < 0 ? "" : "+"}${grown.toFixed(1)} MiB (seed ${seed})`,
  );
  if (!told) continue;
  faults++;
  mkdirSync("coverage/fuzz", { recursive: true });
  writeFileSync(`coverage/fuzz/${name}.txt`, told.input);
  console.log(
    `  ${told.what}\n  the input is in coverage/fuzz/${name}.txt: ${JSON.stringify(told.input.slice(0, 500))}`,
  );
}
process.exit(faults > 0 ? 1 : 0);

function fuzz(target: string): Promise<Progress> {
  const input = new SharedArrayBuffer(4 + 2 * 70_000);
  const workerData: Work = { target, seed, inputs, until: Date.now() + minutes * 60_000, input };
  const code = JSON.stringify(new URL("./work.ts", import.meta.url).href);
  // A thread knows nothing of tsx by itself.
  const worker = new Worker(`import("tsx/esm/api").then(({ register }) => (register(), import(${code})))`, {
    eval: true,
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: 1_024 },
  });
  let last: Progress = { done: 0, slowest: 0, kept: 0, grown: 0, isOver: false };
  return new Promise((resolve) => {
    const end = (what?: string): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(what === undefined ? last : { ...last, fault: { what, input: underWay(input) } });
    };
    const late = (): void => end(`no input has ended for ${patience / 1_000} s`);
    let timer = setTimeout(late, patience * 3); // it has its code to load first
    worker.on("message", (progress: Progress) => {
      last = progress;
      clearTimeout(timer);
      timer = setTimeout(late, patience);
      if (progress.isOver) end();
    });
    worker.on("error", (error) => end(String(error.stack ?? error)));
  });
}

function underWay(shared: SharedArrayBuffer): string {
  const [length = 0] = new Uint32Array(shared, 0, 1);
  return Buffer.from(new Uint8Array(shared, 4, length * 2)).toString("utf16le");
}
