/**
 * Windows in this process's memory that stand at a known position. From there they follow what other processes have
 * stored; without a position they are built from the stored events.
 */
import type { Tx } from "../db.ts";
import type { SecurityEvent } from "../ingest/event.ts";
import type { RuleSet } from "./compile.ts";
import { createDetector, type Detector } from "./detector.ts";
import { readEpisodes } from "./episodes-stored.ts";
import { lastPosition, type Position } from "./turn.ts";
import { createMemoryWindows, type MemoryWindows } from "./windows/memory.ts";

export interface Local {
  detector: Detector;
  windows: MemoryWindows;
  at: Position;
}

/** Stored events received after `after` and not after `until` (epoch ms), by id, a page at a time. */
export type History = (
  tx: Tx,
  range: { after: number; until?: number | undefined },
) => AsyncGenerator<readonly SecurityEvent[]>;

export interface RebuildOptions {
  /** Where history begins if no batch was ever evaluated. */
  now: number;
  /** Default: as long as the rules need. */
  horizonMs?: number;
  /** The position, where the transaction has the turn after it. */
  before?: Position;
  /** The newest so many at most. */
  mostEvents?: number;
}

/**
 * Replays what was stored in the last `horizonMs`. The transaction is a snapshot, or has the turn: events, detections
 * and position belong together.
 */
export async function rebuild(
  tx: Tx,
  history: History,
  ruleSet: RuleSet,
  { now, horizonMs = ruleSet.horizonMs, before, mostEvents }: RebuildOptions,
): Promise<Local & { events: number }> {
  const at = before ?? (await lastPosition(tx));
  const windows = createMemoryWindows();
  const detector = createDetector({ ruleSet, windows });
  // What comes next is received later than the last batch, so this reaches back far enough whatever the clocks say.
  const horizon = (at.receivedAt || now) - horizonMs;
  const since = mostEvents === undefined ? horizon : Math.max(horizon, await arrivalAfter(tx, mostEvents));
  let events = 0;
  for await (const page of history(tx, { after: since - 1, until: at.receivedAt || undefined })) {
    events += page.length;
    await detector.replay(page);
  }
  await detector.restore(await readEpisodes(tx, since));
  return { detector, windows, at, events };
}

/** Replays what was stored since its position, up to another; answers how many events that were. */
export async function follow(tx: Tx, history: History, local: Local, to: Position): Promise<number> {
  let events = 0;
  if (local.at.batchId === to.batchId) return events;
  for await (const page of history(tx, { after: local.at.receivedAt, until: to.receivedAt })) {
    events += page.length;
    await local.detector.replay(page);
  }
  local.at = to;
  return events;
}

/** From when on at most `events` events were received. */
async function arrivalAfter(tx: Tx, events: number): Promise<number> {
  const { rows } = await tx.query<{ id: string }>(
    "SELECT id FROM realtime_monitoring WHERE organization_id = $1 ORDER BY id DESC OFFSET $2 LIMIT 1",
    [tx.organizationId, events],
  );
  return rows[0] ? Number.parseInt(rows[0].id.replace("-", "").slice(0, 12), 16) + 1 : 0;
}

/** Whether more than `events` events were stored between the positions. */
export async function isFar(tx: Tx, from: Position, to: Position, events: number): Promise<boolean> {
  const { rows } = await tx.query(
    `SELECT FROM realtime_monitoring WHERE organization_id = $1 AND id >= event_id_floor($2::timestamptz)
       AND id < event_id_floor($3::timestamptz) OFFSET $4 LIMIT 1`,
    [tx.organizationId, new Date(from.receivedAt + 1), new Date(to.receivedAt + 1), events],
  );
  return rows.length > 0;
}
