import type { CorpusResult } from "./corpus.ts";
export async function runPantherCorrelation(): Promise<CorpusResult[]> {
  return [];
}
