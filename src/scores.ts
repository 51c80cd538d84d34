/** Threat scores between the stages: what detections add, and what a score that has passed a threshold does to incidents. */
import type { Tx } from "./db.ts";
import type { DetectionDraft } from "./detect/detection.ts";
import { contribute } from "./detect/risk/contribute.ts";
import type { Crossing } from "./detect/risk/settle.ts";
import { tellCrossing } from "./detect/risk/tell.ts";
import { firstRaises, lockRaised, raiseIncidents } from "./incident/raise.ts";
import type { NewChange } from "./publish/change.ts";

/**
 * What detections add to threat scores, with what is to be announced of incidents that become more severe by it. `changes`:
 * what they changed of incidents. One that opened about somebody whose score had passed a threshold before is as severe as
 * that says from the start; later on it is what people make of it.
 */
export async function scoreDetections(
  tx: Tx,
  { detections, changes }: { detections: readonly DetectionDraft[]; changes: readonly NewChange[] },
  now: number,
): Promise<NewChange[]> {
  const { crossings, standing } = await contribute(tx, detections, now);
  const raised = await raiseBy(tx, crossings, now);
  const opened = changes.flatMap(({ kind, entityId }) =>
    (kind === "OPENED" || kind === "REOPENED") && entityId ? [entityId] : [],
  );
  if (opened.length === 0 || standing.length === 0) return raised;
  // In an attack many stand there, and few incidents are new: only whom one of these is about is gone through.
  const worstFirst = standing.toSorted((one, other) => one.level.localeCompare(other.level)); // CRITICAL before HIGH
  const raises = worstFirst.map(({ kind, key, level: to }) => ({ kind, key, to }));
  for (const place of await firstRaises(tx, raises, opened))
    raised.push(...(await raise(tx, worstFirst[place] as Crossing, now, opened)));
  return raised;
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
  for (const crossing of crossings) changes.push(...(await raise(tx, crossing, now)));
  return changes;
}

function raise(tx: Tx, crossing: Crossing, now: number, among?: readonly string[]): Promise<NewChange[]> {
  const { kind, key, level: to } = crossing;
  return raiseIncidents(tx, { kind, key, to, among, reason: () => tellCrossing(tx, crossing, now) }, now);
}
