/** Sends events in batches, oldest first, and keeps them until Vigil has them. */
import { backOff } from "./back-off.ts";
import { type Faults, whyOf } from "./faults.ts";
import type { Connection, Reply } from "./http.ts";
import { Ring } from "./ring.ts";

const batchBytes = 2_000_000;
const patience = 5; // times the delay, for what is not urgent
const leastPacked = 1_000; // bytes: less is not worth packing
const sendTimeout = 10_000; // 10 seconds

/** Whether what did not go is sent again: not at all, where it need not wait too long, or, as there is no later, to the end. */
export type Tries = "ONCE" | "AGAIN" | "LAST";

export interface OutboxOptions {
  connection: Connection;
  faults: Faults;
  bufferSize: number;
  bufferBytes: number;
  flushDelay: number;
  /** Has all lines kept that are expected. */
  collect: () => void;
  /** The event that says how many were dropped. */
  droppedLine: (count: number) => string;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #ring: Ring;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<number> | undefined;
  /** Whether the timer that runs would have been set for what is not urgent. */
  #isPatient = false;
  /** Whether something urgent came while a batch was on its way. */
  #isUrgent = false;
  #failures = 0;
  /** Dropped, of which Vigil has not heard. */
  #untold = 0;
  #batch = 1_000; // events
  #closed = false;
  readonly counts = { sent: 0, dropped: 0, rejected: 0 };

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#ring = new Ring(options.bufferSize, options.bufferBytes);
  }

  /** Events that wait. */
  get size(): number {
    this.#options.collect();
    return this.#ring.size;
  }

  /** What is not urgent waits longer for others to go with it: each sending costs its host as much as a hundred events. */
  push(line: string): void {
    this.#ring.push(line);
    this.expect(true);
  }

  /** One that was expected. */
  keep(line: string): void {
    this.#ring.push(line);
  }

  /** Something is to be sent, which `collect` brings here at the latest. */
  expect(isUrgent: boolean): void {
    if (this.#sending !== undefined) this.#isUrgent ||= isUrgent;
    else if (this.#timer === undefined) this.#schedule(this.#delay(isUrgent), isUrgent);
    else if (isUrgent && this.#isPatient) {
      clearTimeout(this.#timer);
      this.#schedule(this.#delay(true), true);
    }
  }

  /** Sends what there is; resolves at the latest after `timeout` ms, with whether all was sent. It keeps the process. */
  async flush(timeout: number, tries: Tries): Promise<boolean> {
    const until = performance.now() + timeout;
    while (this.size > 0) {
      const left = until - performance.now();
      if (left <= 0) return false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      if (tries === "LAST") this.#failures = 0; // backing off would take all the time there is
      let timer: NodeJS.Timeout | undefined;
      // A batch may be on its way already, and have longer than the caller has.
      const late = new Promise<number>((resolve) => (timer = setTimeout(resolve, left, Number.POSITIVE_INFINITY)));
      const wait = await Promise.race([this.#sending ?? this.#start(left, true), late]);
      clearTimeout(timer);
      if (wait === 0) continue;
      if (tries === "ONCE" || performance.now() + wait >= until) return this.size === 0;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    return true;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #delay(isUrgent: boolean): number {
    return this.#options.flushDelay * (isUrgent ? 1 : patience);
  }

  #schedule(delay: number, isUrgent: boolean): void {
    if (this.#closed) return;
    this.#isPatient = !isUrgent;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#start(sendTimeout, false);
    }, delay);
    this.#timer.unref();
  }

  /** One batch; then the next one is on its way in time. Answers how long it waits at least, ms. Never rejects. */
  #start(timeout: number, hold: boolean): Promise<number> {
    this.#sending = this.#send(timeout, hold)
      .catch((error: unknown) => this.#failed(`events are not sent: ${(error as Error).message}`, error))
      .then((wait) => {
        this.#sending = undefined;
        const isDue = this.#isUrgent || this.size >= this.#batch;
        if (this.size > 0 && this.#timer === undefined)
          this.#schedule(wait ?? (isDue ? 0 : this.#delay(false)), isDue || wait !== undefined);
        this.#isUrgent = false;
        return wait ?? 0;
      });
    return this.#sending;
  }

  /** Answers how long to wait before the next try; undefined: it went well. */
  async #send(timeout: number, hold: boolean): Promise<number | undefined> {
    this.#options.collect();
    const dropped = this.#ring.takeDropped();
    this.counts.dropped += dropped;
    this.#untold += dropped;
    const { body: lines, count, until } = this.#ring.peek(this.#batch, batchBytes);
    if (count === 0) return undefined;
    const isPacked = lines.length >= leastPacked && !this.#options.connection.isLocal;
    const body = isPacked ? await pack(lines) : lines;
    const reply = await this.#options.connection.call({
      method: "POST",
      path: "/ingest",
      headers: { "content-type": "application/x-ndjson", ...(isPacked ? { "content-encoding": "gzip" } : {}) },
      body,
      timeout: Math.min(timeout, sendTimeout),
      hold,
    });
    return this.#judge(reply, count, until);
  }

  #judge({ status, headers, body }: Reply, count: number, until: number): number | undefined {
    if (status === 413 && count > 1) {
      this.#batch = Math.ceil(count / 2);
      return 0;
    }
    if (status !== 200 && status !== 400 && status !== 413) {
      return this.#failed(`events are not taken: HTTP ${whyOf(status, body)}`, undefined, headers["retry-after"]);
    }
    const answer = status === 413 ? { rejected: [{ message: "too large" }] } : (JSON.parse(body) as Partial<Answer>);
    if (status === 200 && !Number.isSafeInteger(answer.accepted)) throw new Error("the answer is none of Vigil's");
    this.#ring.release(until);
    // Not before there is room: at each try while Vigil is away it would push out an event, of which it would have to tell.
    if (this.#untold > 0) this.#ring.push(this.#options.droppedLine(this.#untold));
    this.#untold = 0;
    this.#failures = 0;
    this.#batch = Math.min(1_000, this.#batch * 2);
    const rejected = status === 200 ? (answer.rejected?.length ?? 0) : count;
    this.counts.sent += count - rejected;
    this.counts.rejected += rejected;
    if (rejected === 0) this.#options.faults.clear("SEND");
    else
      this.#options.faults.note("SEND", `Vigil refused ${rejected} events: ${answer.rejected?.[0]?.message ?? status}`);
    return undefined;
  }

  #failed(message: string, cause?: unknown, retryAfter?: string): number {
    this.#options.faults.note("SEND", message, cause);
    return backOff(this.#failures++, Math.random(), retryAfter, Date.now());
  }
}

/** Quickly rather than small, in a thread of its own. Loaded by those only whose events cross a wire. */
function pack(lines: Buffer): Promise<Buffer> {
  const { gzip } = process.getBuiltinModule("node:zlib");
  return new Promise((resolve, reject) => {
    gzip(lines, { level: 1 }, (error, packed) => (error ? reject(error) : resolve(packed)));
  });
}

interface Answer {
  accepted: number;
  rejected: { message: string }[];
}
