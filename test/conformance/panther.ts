import type { CorpusResult } from "./corpus.ts";
export async function runPanther(): Promise<CorpusResult[]> {
  return [];
}
