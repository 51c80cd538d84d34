/**
 * Every organization has a lane: its batches go one after another, and what arrives meanwhile goes together, so that
 * detection sees events in one order, and a busy moment costs fewer commits.
 */
import { isDatabaseAway } from "../database-away.ts";
import { VigilError } from "../errors.ts";
import type { Traceparent } from "../tracing.ts";
import type { EventDraft } from "./event.ts";
import { storeApart } from "./store-apart.ts";

/** What one sender sent at once. */
export interface Sent {
  drafts: readonly EventDraft[];
  /** Bytes that they were sent as, unpacked, where that is known. */
  bytes?: number | undefined;
  /** Who sent them, where that is to be audited. */
  sender: string | undefined;
  /** The trace of the request, where traces are kept. */
  trace?: Traceparent | undefined;
}

export interface Stored {
  accepted: number;
  duplicates: number;
  /** Those that cannot be stored, by their places among what was sent. Absent: there are none. */
  refused?: readonly number[];
}

export interface Lanes {
  /** Resolves when the events are stored, or rejects with why they are not. */
  accept(organizationId: string, sent: Sent): Promise<Stored>;
  /** How long the oldest waiting batch of the organization has waited, ms. */
  lagMs(organizationId: string): number;
  /** The same of whichever organization's has waited longest. */
  worstLagMs(): number;
  /** Events of the organization that wait to be stored. */
  waiting(organizationId: string): number;
  /** Events of the organization a second that were sent away because too many waited, over the last five seconds. */
  refusedPerSecond(organizationId: string): number;
  /** Organizations of which something waits, or was sent away. */
  busy(): string[];
  /** Waits until nothing is under way. */
  drain(): Promise<void>;
}

/** Seconds: as long as what comes would wait. Pure. */
const comeBackIn = (waitMs: number): number => Math.min(60, Math.max(2, Math.ceil(waitMs / 1_000)));

interface Waiting extends Sent {
  since: number;
  resolve(result: Stored): void;
  reject(error: unknown): void;
}

interface Lane {
  waiting: Waiting[];
  waitingEvents: number;
  waitingBytes: number;
  /** By the second, of the last five, the oldest first: however many are sent away, it is no more. */
  refused: { second: number; events: number }[];
  /** Events a ms, of the last batches that were large enough to tell. */
  rate: number | undefined;
  running: Promise<void> | undefined;
}

const batchLimit = 5_000; // events in one transaction
const batchBytes = 16_777_216; // 16 MiB that go together; what one sender sent at once is not divided
const refusedWindow = 5; // seconds
const mostWaiting = 100_000; // events that may wait per organization; beyond it, senders are told to come back
const mostWaitingBytes = 67_108_864; // 64 MiB as sent, which take some times as much memory: it is not one organization's
const longestWait = 20_000; // ms that an event may have to wait for its answer: many senders give up after 30 s, and send again
const tellingBatch = 1_000; // events; what smaller batches take says little of how fast large ones are

export function createLanes(options: {
  now: () => number;
  /** Stores what was sent, all or nothing, in one transaction; answers in the same order. */
  store(organizationId: string, sent: readonly Sent[]): Promise<Stored[]>;
  /** What the sender is told of an error. */
  explain(error: unknown): unknown;
  /** Told how many events were sent away because too many wait. */
  onRefused?: (events: number) => void;
  /** Told of each event that cannot be stored, why. */
  onUnstorable?: (organizationId: string, why: unknown) => void;
  /** Events that may wait per organization. Default: 100,000. */
  waitingLimit?: number;
}): Lanes {
  const { now, store, explain, onRefused, onUnstorable, waitingLimit = mostWaiting } = options;
  const lanes = new Map<string, Lane>();

  function laneOf(organizationId: string): Lane {
    const known = lanes.get(organizationId);
    if (known) return known;
    const made: Lane = {
      waiting: [],
      waitingEvents: 0,
      waitingBytes: 0,
      refused: [],
      rate: undefined,
      running: undefined,
    };
    lanes.set(organizationId, made);
    return made;
  }

  async function run(organizationId: string, lane: Lane): Promise<void> {
    while (lane.waiting.length > 0) {
      const batch: Waiting[] = [];
      let [size, bytes] = [0, 0];
      for (let next = lane.waiting[0]; next; next = lane.waiting[0]) {
        size += next.drafts.length;
        bytes += next.bytes ?? 0;
        if (batch.length > 0 && (size > batchLimit || bytes > batchBytes)) break;
        lane.waiting.shift();
        lane.waitingEvents -= next.drafts.length;
        lane.waitingBytes -= next.bytes ?? 0;
        batch.push(next);
      }
      await storeAll(organizationId, batch).catch((fault) =>
        batch.length === 1 ? storeRest(organizationId, batch[0] as Waiting, fault) : storeEach(organizationId, batch),
      );
    }
    lane.running = undefined; // in the same tick as the last look, so that nothing is put in between and forgotten
  }

  /** What cannot be stored spoils no other request; a database that is away, all of them at once. */
  async function storeEach(organizationId: string, batch: readonly Waiting[]): Promise<void> {
    let away: unknown;
    for (const one of batch)
      if (away !== undefined) one.reject(explain(away));
      else
        await storeAll(organizationId, [one]).catch((fault) => {
          if (isDatabaseAway(fault)) away = fault;
          return storeRest(organizationId, one, fault);
        });
  }

  async function storeRest(organizationId: string, one: Waiting, fault: unknown): Promise<void> {
    const storePart = async (drafts: Sent["drafts"]): Promise<Stored> =>
      (await store(organizationId, [{ ...one, drafts }]))[0] as Stored;
    const onRefused = (why: unknown): void => onUnstorable?.(organizationId, why);
    await storeApart(one.drafts, storePart, fault, onRefused).then(one.resolve, (error) => one.reject(explain(error)));
  }

  async function storeAll(organizationId: string, batch: readonly Waiting[]): Promise<void> {
    const began = now();
    const results = await store(organizationId, batch);
    const events = batch.reduce((sum, { drafts }) => sum + drafts.length, 0);
    const took = now() - began;
    if (events >= tellingBatch && took > 0) {
      const lane = laneOf(organizationId);
      lane.rate = lane.rate === undefined ? events / took : (lane.rate + events / took) / 2;
    }
    batch.forEach((one, index) => void one.resolve(results[index] as Stored));
  }

  const thisSecond = (): number => Math.floor(now() / 1_000);
  const lately = ({ refused }: Lane): Lane["refused"] =>
    refused.filter(({ second }) => second > thisSecond() - refusedWindow);
  const refusedOf = (lane: Lane): number => lately(lane).reduce((sum, { events }) => sum + events, 0);
  function noteRefused(lane: Lane, events: number): void {
    const last = lane.refused.at(-1);
    if (last?.second === thisSecond()) last.events += events;
    else lane.refused = [...lately(lane), { second: thisSecond(), events }];
  }
  const lagOf = (lane: Lane | undefined): number => (lane?.waiting[0] ? Math.max(0, now() - lane.waiting[0].since) : 0);
  /** How long what comes now would wait, ms. What fits into one batch waits for the one that is under way alone. */
  const waitOf = ({ waitingEvents, rate }: Lane): number =>
    rate === undefined || waitingEvents <= batchLimit ? 0 : waitingEvents / rate;
  return {
    accept(organizationId, sent) {
      const { drafts, bytes = 0 } = sent;
      const { length } = drafts;
      if (length === 0) return Promise.resolve({ accepted: 0, duplicates: 0 });
      const lane = laneOf(organizationId);
      const wait = waitOf(lane);
      const isTooMuch = lane.waitingEvents + length > waitingLimit || lane.waitingBytes + bytes > mostWaitingBytes;
      if (lane.waitingEvents > 0 && (isTooMuch || wait > longestWait)) {
        onRefused?.(length);
        noteRefused(lane, length);
        const retryAfterSeconds = comeBackIn(Math.max(wait, lagOf(lane)));
        const message = `${lane.waitingEvents} events are waiting to be stored; send these again in ${retryAfterSeconds} seconds.`;
        return Promise.reject(new VigilError("RATE_LIMITED", message, { detail: { retryAfterSeconds } }));
      }
      return new Promise((resolve, reject) => {
        lane.waiting.push({ ...sent, since: now(), resolve, reject });
        lane.waitingEvents += length;
        lane.waitingBytes += bytes;
        lane.running ??= run(organizationId, lane);
      });
    },
    lagMs: (organizationId) => lagOf(lanes.get(organizationId)),
    worstLagMs: () => Math.max(0, ...[...lanes.values()].map(lagOf)),
    waiting: (organizationId) => lanes.get(organizationId)?.waitingEvents ?? 0,
    refusedPerSecond(organizationId) {
      const lane = lanes.get(organizationId);
      return lane ? refusedOf(lane) / refusedWindow : 0;
    },
    busy: () =>
      [...lanes].flatMap(([organizationId, lane]) =>
        lane.waitingEvents > 0 || refusedOf(lane) > 0 ? [organizationId] : [],
      ),
    async drain() {
      await Promise.all([...lanes.values()].map((lane) => lane.running));
    },
  };
}
