/**
 * The memory that profiles take, and the memory an import needs: the same generated sshd log at 50,000 and at 400,000 lines,
 * each imported by a process of its own whose heap is limited to 160 MiB, so that what V8 merely leaves uncollected does not
 * count.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { profileMemory } from "./memory-profiles.ts";
import type { Figure } from "./run.ts";

const heapLimit = 160; // MiB
const [small, large] = [50_000, 400_000]; // lines

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
  const [few, many] = [await measure(small), await measure(large)];
  const figure = (subject: string, field: keyof Measured): Figure => ({
    bench: "memory",
    subject: `${subject}, ${large} lines`,
    baseline: `${small} lines`,
    ratio: many[field] / few[field],
    subjectValue: many[field],
    baselineValue: few[field],
    unit: "MiB",
    runs: 1,
  });
  const ofImport = [figure("import's peak memory", "peakMiB"), figure("heap held after an import", "heldMiB")];
  return [...(await profileMemory()), ...ofImport];
}
