/** One target in a thread of its own: makes inputs, runs them, and says how far it is and what it found. */
import { parentPort, workerData } from "node:worker_threads";
import { memoryInUse } from "../../bench/heap.ts";
import { chances } from "../crash/chance.ts";
import { mutated } from "./mutate.ts";
import { targets } from "./targets.ts";

/** What the thread is started with. */
export interface Work {
  target: string;
  seed: number;
  inputs: number;
  until: number; // epoch ms
  /** Where the input stands that is being run, for whoever finds that it does not end: its length, then UTF-16. */
  input: SharedArrayBuffer;
}

/** What it says on the way, and in the end. */
export interface Progress {
  done: number;
  /** ms of CPU time, of the slowest input. */
  slowest: number;
  kept: number;
  /** MiB that the heap has grown by since a tenth of the way. */
  grown: number;
  fault?: { input: string; what: string };
  isOver: boolean;
}

const slow = 100; // ms
const mostKept = 2_000; // inputs that gave an answer nobody had seen
const everyInputs = 2_000; // it says how far it is, and at least every so many ms
const everyMs = 2_000;

const { target: name, seed, inputs, until, input: shared } = workerData as Work;
const target = targets[name];
if (!target) throw new Error(`there is no target ${name}`);
const length = new Uint32Array(shared, 0, 1);
const units = new Uint16Array(shared, 4);
const held = (): number => memoryInUse().heap;

const chance = chances(seed);
const corpus = [...target.corpus];
const seen = new Set<string>();
const progress: Progress = { done: 0, slowest: 0, kept: 0, grown: 0, isOver: false };
let base: number | undefined;
const began = Date.now();
let told = began;

/** In CPU time: what other processes take of the machine does not count. */
async function took(input: string): Promise<number> {
  const before = process.cpuUsage();
  const answer = await target?.run(input);
  const { user, system } = process.cpuUsage(before);
  const ms = (user + system) / 1_000;
  if (answer !== undefined && !seen.has(answer) && seen.size < mostKept) {
    seen.add(answer);
    corpus.push(input);
    progress.kept++;
  }
  return ms;
}

function note(input: string): void {
  length[0] = input.length;
  for (let at = 0; at < input.length; at++) units[at] = input.charCodeAt(at);
}

for (; progress.done < inputs && Date.now() < until && !progress.fault; progress.done++) {
  const known = target.corpus[progress.done];
  const input = known ?? mutated(corpus, target.words, target.longest ?? 65_536, chance);
  note(input);
  try {
    let ms = await took(input);
    // The collection of garbage may have had the time: what is slow is slow each time.
    for (let again = 0; ms > slow && again < 3; again++) ms = Math.min(ms, await took(input));
    progress.slowest = Math.max(progress.slowest, ms);
    if (ms > slow) progress.fault = { input, what: `takes ${Math.round(ms)} ms` };
  } catch (error) {
    progress.fault = { input, what: String((error as Error)?.stack ?? error) };
  }
  if (progress.done % everyInputs !== 0 && Date.now() - told < everyMs) continue;
  told = Date.now();
  const isWarm = progress.done >= inputs / 10 || Date.now() - began > (until - began) / 10;
  if (base === undefined && isWarm) base = held();
  parentPort?.postMessage(progress);
}
progress.grown = base === undefined ? 0 : held() - base;
progress.isOver = true;
parentPort?.postMessage(progress);
