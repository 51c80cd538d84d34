/** A crossing in words: the threshold, the score and what it is made of. */
import type { Tx } from "../../db.ts";
import { partsInWords, readContributions } from "./read.ts";
import type { Crossing } from "./settle.ts";

/** "The threat score of user ann is 74, past the threshold of 70 for HIGH: 31 Impossible travel, 22 New country." */
export async function tellCrossing(tx: Tx, crossing: Crossing, now: number): Promise<string> {
  const { kind, key, risk, level, threshold, criticality } = crossing;
  const parts = partsInWords(await readContributions(tx, tx.organizationId, crossing, now), now, criticality);
  const past = risk >= threshold ? "past" : "and was past";
  return `the threat score of ${kind.toLowerCase()} ${key} is ${Math.round(risk)}, ${past} the threshold of ${threshold} for ${level}: ${parts}.`;
}
