/** The windows of event_count and value_count beside a plain Map of counters, which forgets nothing and has no window. */
import { createMemoryWindows } from "../src/detect/windows/memory.ts";
import type { Hit, Measure, WindowSpec } from "../src/detect/windows/windows.ts";
import { windowOf } from "../src/detect/wire.ts";
import { compared } from "./compared.ts";
import { memoryInUse } from "./heap.ts";
import type { Figure } from "./run.ts";

const groups = 200_000; // the heap is told for a million of them
const hitsPerGroup = 3;
const batchSize = 1_000;
const runs = 5;

export async function windowsBench(): Promise<Figure[]> {
  const heap = () => memoryInUse().heap;
  const figures: Figure[] = [];
  for (const [name, measure] of [
    ["event_count", "EVENTS"],
    ["value_count", "VALUES"],
  ] as const) {
    const heaps: [number, number][] = [];
    const rates: [number, number][] = [];
    for (let run = 0; run < runs; run++) {
      const plain = measureMap(heap);
      const windows = await measureWindows(measure, heap);
      heaps.push([windows.heapMiB, plain.heapMiB]);
      rates.push([windows.perSecond, plain.perSecond]);
    }
    figures.push(
      figure(`${name}: heap per million groups of ${hitsPerGroup}`, "MiB", heaps),
      figure(`${name}: hits`, "/s", rates),
    );
  }
  return figures;
}

function figure(subject: string, unit: string, pairs: readonly [number, number][]): Figure {
  return compared(
    { bench: "windows", subject, baseline: "a Map of counters", unit },
    pairs.map(([value]) => value),
    pairs.map(([, value]) => value),
  );
}

interface Measured {
  heapMiB: number;
  perSecond: number;
}

const keyOf = (n: number) => `203.0.${n % groups}`;

function measureMap(heap: () => number): Measured {
  const before = heap();
  const counters = new Map<string, number>();
  const start = performance.now();
  for (let n = 0; n < groups * hitsPerGroup; n++) {
    const key = keyOf(n);
    counters.set(key, (counters.get(key) ?? 0) + 1);
  }
  const ms = performance.now() - start;
  const heapMiB = (heap() - before) * (1_000_000 / counters.size);
  return { heapMiB, perSecond: (groups * hitsPerGroup * 1_000) / ms };
}

async function measureWindows(measure: Measure, heap: () => number): Promise<Measured> {
  const stored = { id: "rule", revision: 1, mode: "ACTIVE" as const, yaml: "" };
  const window = windowOf(stored, { measure, timespanMs: 300_000, condition: { min: 10 } });
  const before = heap();
  const windows = createMemoryWindows({ maxGroups: groups });
  let ms = 0;
  for (let from = 0; from < groups * hitsPerGroup; from += batchSize) {
    const hits = Array.from({ length: batchSize }, (_, n) => hitOf(window, from + n));
    const start = performance.now();
    await windows.apply(hits);
    ms += performance.now() - start;
  }
  const heapMiB = (heap() - before) * (1_000_000 / windows.size().groups);
  return { heapMiB, perSecond: (groups * hitsPerGroup * 1_000) / ms };
}

const began = Date.UTC(2026, 10, 24);

function hitOf(window: WindowSpec, n: number): Hit {
  const time = began + Math.floor(n / 10);
  const id = `0193-${n.toString(16).padStart(12, "0")}-7000-8000-00000000`;
  const hit: Hit = { window, group: keyOf(n), event: { id, time, receivedAt: time } };
  return window.measure === "VALUES" ? { ...hit, value: `user-${n % 97}` } : hit;
}
