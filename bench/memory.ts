/**
 * The memory that profiles take, and the memory an import needs: a generated sshd log of 25,000 and one of 200,000 lines,
 * each imported by a process of its own whose heap is limited to 160 MiB, so that what V8 merely leaves uncollected does not
 * count.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compared } from "./compared.ts";
import { profileMemory } from "./memory-profiles.ts";
import type { Figure } from "./run.ts";

const heapLimit = 160; // MiB
const [small, large] = [25_000, 200_000]; // lines
const runs = 5;

interface Measured {
  peakMiB: number;
  /** Heap in use after a collection, when all is imported. */
  heldMiB: number;
}

async function measure(lines: number): Promise<Measured> {
  const script = fileURLToPath(new URL("./memory-child.ts", import.meta.url));
  const flags = [`--max-old-space-size=${heapLimit}`, "--expose-gc", "--import", "tsx"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, String(lines)]);
  return JSON.parse(stdout) as Measured;
}

export async function memoryBench(): Promise<Figure[]> {
  const [few, many]: [Measured[], Measured[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    few.push(await measure(small));
    many.push(await measure(large));
  }
  const figure = (subject: string, field: keyof Measured): Figure =>
    compared(
      { bench: "memory", subject: `${subject}, ${large} lines`, baseline: `${small} lines`, unit: "MiB" },
      many.map((one) => one[field]),
      few.map((one) => one[field]),
    );
  const ofImport = [figure("import's peak memory", "peakMiB"), figure("heap held after an import", "heldMiB")];
  return [...(await profileMemory()), ...ofImport];
}
