import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "./engine.ts";

/** What one corpus of real cases said about us. */
export interface CorpusResult {
  corpus: string;
  passed: number;
  failed: number;
  /** Rows that ask for what Vigil does not read, with the reason counted, not hidden. */
  unsupported: number;
  /** A failure in it fails the run. */
  required: boolean;
  /** The share of rows that must agree where not all of them must, e.g. 0.95. */
  atLeast?: number;
  /** The row's id and what differed, one line each. */
  failures: string[];
  /** Further figures and reasons, one line each. */
  notes?: string[];
}

/** Reads the files it knows below the directory; an empty list if there is none. */
export type CorpusRunner = (directory: string, engine: Engine) => Promise<CorpusResult[]>;

/** undefined: agreed. A row that Vigil says it cannot judge is counted apart. */
export type Verdict = { unsupported: string } | { failed: string } | undefined;

/** The rows of a JSON-lines file; none where there is no such file. */
export async function readRows<Row>(directory: string, file: string): Promise<Row[]> {
  const text = await readFile(join(directory, file), "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as Row);
}

/** Counts the verdicts of a corpus; the reasons of what is unsupported are told once each, with their number. */
export function tally(
  corpus: string,
  required: boolean,
  verdicts: Iterable<readonly [name: string, verdict: Verdict]>,
): CorpusResult {
  const result: CorpusResult = { corpus, passed: 0, failed: 0, unsupported: 0, required, failures: [] };
  const reasons = new Map<string, string[]>();
  for (const [name, verdict] of verdicts) {
    if (!verdict) result.passed++;
    else if ("failed" in verdict) {
      result.failed++;
      result.failures.push(`${name}: ${verdict.failed}`);
    } else {
      result.unsupported++;
      reasons.set(verdict.unsupported, [...(reasons.get(verdict.unsupported) ?? []), name]);
    }
  }
  const told = [...reasons].sort(([, a], [, b]) => b.length - a.length);
  result.notes = told.map(([reason, names]) => `${names.length} unsupported: ${reason} (${exampleOf(names)})`);
  return result;
}

const examples = 3;

function exampleOf(names: readonly string[]): string {
  const shown = names.slice(0, examples).join(", ");
  return names.length > examples ? `${shown}, …` : shown;
}
