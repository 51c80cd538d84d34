/** From what was sent to what may be stored: each event validated on its own, the good ones kept. */
import { randomFillSync } from "node:crypto";
import { setImmediate as breathe } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import type { Enrichment } from "./enrichment.ts";
import type { EventDraft, Rejection, SecurityEvent } from "./event.ts";
import { validateEvent } from "./validate.ts";

export interface Accepted {
  drafts: EventDraft[];
  rejected: Rejection[];
}

const atOnce = 2_000; // events, a few hundredths of a second's work: others have their turn in between

export async function validateAll(values: readonly unknown[], now: number): Promise<Accepted> {
  const drafts: EventDraft[] = [];
  const rejected: Rejection[] = [];
  for (const [index, value] of values.entries()) {
    const result = validateEvent(value, index, now);
    if ("event" in result) drafts.push(result.event);
    else rejected.push(result.rejection);
    if ((index + 1) % atOnce === 0) await breathe();
  }
  return { drafts, rejected };
}

/** Of drafts that could not be stored, by their places among the drafts: of as many values as were sent, some were rejected before. */
export function refusalsOf(drafts: readonly number[], sent: number, rejected: readonly Rejection[]): Rejection[] {
  const before = new Set(rejected.map(({ index }) => index));
  const places = Array.from({ length: sent }, (_, index) => index).filter((index) => !before.has(index));
  const message = "the event cannot be stored for something that is in it; the server's log says what";
  return drafts.map((draft) => ({ index: places[draft] as number, code: "NOT_STORABLE", message }));
}

const randomPool = Buffer.alloc(16_384);
let randomUsed = randomPool.length;

/** 16 random bytes from a pool: one system call for a thousand ids. */
function random(): Uint8Array {
  if (randomUsed === randomPool.length) {
    randomFillSync(randomPool);
    randomUsed = 0;
  }
  randomUsed += 16;
  return randomPool.subarray(randomUsed - 16, randomUsed);
}

/**
 * Gives the drafts of a batch their ids and times, and what else arrival adds. Ids ascend within the batch; no other
 * batch has its millisecond.
 */
export function stamp(
  drafts: readonly EventDraft[],
  receivedAt: number,
  enrich?: (draft: EventDraft) => Enrichment | undefined,
): SecurityEvent[] {
  return drafts.map((draft, seq) => {
    const event: SecurityEvent = {
      ...draft,
      id: uuidv7({ msecs: receivedAt, seq, random: random() }),
      time: draft.time ?? receivedAt,
      receivedAt,
    };
    const enrichment = enrich?.(draft);
    if (enrichment) event.enrichment = enrichment;
    return event;
  });
}
