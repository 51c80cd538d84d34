/** Threat scores between the stages: what detections add, and what a score that has passed a threshold does to incidents. */
import type { Tx } from "./db.ts";
import type { DetectionDraft } from "./detect/detection.ts";
import { contribute } from "./detect/risk/contribute.ts";
import type { Crossing } from "./detect/risk/settle.ts";
import { tellCrossing } from "./detect/risk/tell.ts";
import { lockRaised, raiseIncidents } from "./incident/raise.ts";
import type { NewChange } from "./publish/change.ts";

/** What detections add to threat scores, with what is to be announced of incidents that become more severe by it. */
export async function scoreDetections(
  tx: Tx,
  detections: readonly DetectionDraft[],
  now: number,
): Promise<NewChange[]> {
  return raiseBy(tx, await contribute(tx, detections, now), now);
}

/** Whose threat score has passed a threshold, their open incidents become as severe as it says. */
export async function raiseBy(tx: Tx, crossings: readonly Crossing[], now: number): Promise<NewChange[]> {
  const changes: NewChange[] = [];
  // One crossing locks its incidents in order, several only all at once.
  if (crossings.length > 1)
    await lockRaised(
      tx,
      crossings.map(({ kind, key, level }) => ({ kind, key, to: level })),
    );
  for (const crossing of crossings) {
    const { kind, key, level: to } = crossing;
    const reason = await tellCrossing(tx, crossing, now);
    changes.push(...(await raiseIncidents(tx, { kind, key, to, reason }, now)));
  }
  return changes;
}
