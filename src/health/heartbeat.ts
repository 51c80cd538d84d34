/**
 * The sign of life for somebody outside (a dead man's switch): sent only after an event has gone the whole way, so that it
 * stops when any part does. One organization carries it: the operator's own, or else the oldest.
 */
import type { Tx } from "../db.ts";
import type { EventDraft } from "../ingest/event.ts";

/** How often, ms; whoever waits for it should give two of these before they worry. */
export const period = 60_000;

/** What is proven before the ping, in this order; each throws in words what does not work. */
export interface Proofs {
  /** An HTTP server of this installation answers. */
  serve(): Promise<void>;
  /** Takes an event in, through detection, to the database. */
  ingest(event: EventDraft): Promise<void>;
  /** What processes share answers. */
  share(): Promise<void>;
  /** A rule finds an event, an incident is opened for it and routed to an alert, and all of it undone. */
  tell(): Promise<void>;
  /** An alert is sent and written down. */
  send(): Promise<void>;
  /** The ping itself. */
  ping(): Promise<void>;
}

/** Undefined: it has arrived; otherwise why not. Never throws. */
export async function beat(proofs: Proofs, now: number): Promise<string | undefined> {
  const steps = [
    ["no server answers", proofs.serve],
    ["events are not taken in", () => proofs.ingest(syntheticEvent(now))],
    ["Redis does not answer", proofs.share],
    ["incidents are not told", proofs.tell],
    ["alerts are not sent", proofs.send],
    ["the ping did not arrive", proofs.ping],
  ] as const;
  for (const [what, step] of steps) {
    const fault = await inTime(step()).catch((error: Error) => `${what}: ${error.message}`.slice(0, 300));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The client id is the period's: several workers in one period send one. */
function syntheticEvent(now: number): EventDraft {
  return {
    clientId: `heartbeat ${Math.floor(now / period)}`,
    time: now,
    logsource: { product: "vigil", service: "heartbeat" },
    action: "heartbeat",
    category: "OTHER",
    outcome: "SUCCESS",
    attributes: {},
  };
}

const longestStep = 20_000; // ms

async function inTime(work: Promise<void>): Promise<undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("not done within 20 seconds")), longestStep);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Keeps what came of it, for `status` and for whoever watches Vigil's health. */
export async function recordBeat(tx: Tx, fault: string | undefined, now: number): Promise<void> {
  await tx.query(
    `UPDATE organizations SET heartbeat_at = CASE WHEN $3::text IS NULL THEN $2 ELSE heartbeat_at END, heartbeat_fault = $3,
       heartbeat_failing_since = CASE WHEN $3::text IS NOT NULL THEN coalesce(heartbeat_failing_since, $2) END WHERE id = $1`,
    [tx.organizationId, new Date(now), fault ?? null],
  );
}

export interface Beat {
  at: Date | null;
  fault: string | null;
}

export async function readBeat(tx: Pick<Tx, "query" | "organizationId">): Promise<Beat> {
  const { rows } = await tx.query<Beat>(
    "SELECT heartbeat_at AS at, heartbeat_fault AS fault FROM organizations WHERE id = $1",
    [tx.organizationId],
  );
  return rows[0] ?? { at: null, fault: null };
}

/** How `status` shows it. */
export function beatPart({ at, fault }: Beat, now: number): { name: string; ok: boolean; detail: string } {
  const age = at === null ? undefined : Math.max(0, Math.round((now - at.getTime()) / 1000));
  const last = age === undefined ? "none has arrived yet" : `the last arrived ${age} s ago`;
  const ok = fault === null && age !== undefined && age * 1000 <= 2 * period + 15_000;
  return { name: "heartbeat", ok, detail: fault === null ? last : `${last}; ${fault}` };
}
