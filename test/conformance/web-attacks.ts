import type { CorpusResult } from "./corpus.ts";
export async function runWebAttacks(): Promise<CorpusResult[]> {
  return [];
}
