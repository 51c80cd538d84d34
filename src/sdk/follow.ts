/** Keeps the list of decisions as the server's is: asks, holds the line until something changes, acknowledges. */
import { backOff } from "./back-off.ts";
import { type Faults, whyOf } from "./faults.ts";
import type { Connection } from "./http.ts";
import type { Accepted, DecisionList } from "./list.ts";
import type { Refusal } from "./list-judge.ts";
import { ListReader } from "./list-reader.ts";

export const program = "vigil-sdk/0.1.0";
const wait = 25; // seconds that the server holds the line
const idsAtOnce = 5_000; // per acknowledgement
const mostUnsaid = 20_000; // ids that wait to be acknowledged: who goes by a taken name may never be heard
const sweepPeriod = 1_000; // 1 second

export interface FollowOptions {
  connection: Connection;
  list: DecisionList;
  faults: Faults;
  /** What this enforcer is called. */
  name: string;
  /** A list was refused. */
  onRefused: (reason: Refusal) => void;
  /** What the list asks and the host never does. */
  onSpared: (decision: Accepted["spared"][number]) => void;
  /** There are new decisions to follow. */
  onApplied: () => void;
}

export class Follower {
  readonly #options: FollowOptions;
  readonly #end = new AbortController();
  #failures = 0;
  #wake: (() => void) | undefined;
  #pending = nothing();
  #acknowledging = false;
  #unsaid = 0;
  /** When to try again, ms on a clock that is never set. */
  #sayAgain = 0;
  readonly #sweep: NodeJS.Timeout;
  /** Whether the last asking went well. */
  isReached = false;

  constructor(options: FollowOptions) {
    this.#options = options;
    const failed = (error: Error): void =>
      options.faults.note("INTERNAL", `what ended was not told: ${error.message}`, error);
    this.#sweep = setInterval(() => void this.#ended().catch(failed), sweepPeriod);
    this.#sweep.unref();
    void this.#run();
  }

  close(): void {
    this.#end.abort();
    clearInterval(this.#sweep);
    this.#wake?.();
  }

  async #run(): Promise<void> {
    const { faults } = this.#options;
    let after: number | undefined;
    while (!this.#end.signal.aborted) {
      let pause = 0;
      try {
        const refusal = await this.#ask(after);
        this.isReached = refusal === undefined;
        // A change that does not fit is asked for whole, at once; a whole one that is refused waits.
        if (refusal && after === undefined) pause = backOff(this.#failures++, Math.random());
        after = refusal ? undefined : this.#options.list.version;
        if (!refusal) {
          this.#failures = 0;
          if (this.#unsaid === 0) faults.clear("ENFORCE");
        }
      } catch (error) {
        if (this.#end.signal.aborted) return;
        this.isReached = false;
        const { message, retryAfter } = error as Error & { retryAfter?: string };
        faults.note("ENFORCE", `decisions are not heard: ${message}`, error);
        pause = backOff(this.#failures++, Math.random(), retryAfter, Date.now());
      }
      if (pause > 0) await this.#pause(pause);
    }
  }

  async #ask(after: number | undefined): Promise<Refusal | undefined> {
    const { connection, list, name, faults, onRefused, onSpared, onApplied } = this.#options;
    const query = new URLSearchParams({ enforcer: name, program });
    if (after !== undefined) {
      query.set("after", String(after));
      query.set("wait", String(wait));
    }
    const draft = list.draft();
    const reader = new ListReader((decisions) => draft.add(decisions));
    const { status, headers, body } = await connection.call({
      method: "GET",
      path: `/enforce/decisions?${query}`,
      timeout: (wait + 15) * 1_000,
      onPart: (part) => reader.write(part),
      signal: this.#end.signal,
    });
    if (status !== 200) {
      const error = new Error(`HTTP ${whyOf(status, body)}`);
      throw Object.assign(error, { retryAfter: headers["retry-after"] });
    }
    const accepted = await list.accept(reader.head(), draft);
    if (accepted.refusal !== undefined) {
      faults.note("ENFORCE", `a list of decisions is refused: ${accepted.refusal}`);
      onRefused(accepted.refusal);
      return accepted.refusal;
    }
    for (const decision of accepted.spared.slice(0, 10)) onSpared(decision);
    if (accepted.applied.length > 0) onApplied();
    this.#acknowledge(accepted.applied, accepted.lifted);
    return undefined;
  }

  /** The host lifts by its own clock, and says so when it can. */
  async #ended(): Promise<void> {
    const ended = await this.#options.list.newlyEnded();
    if (ended.length > 0) this.#acknowledge([], ended);
    else if (this.#pending.applied.size + this.#pending.lifted.size > 0 && this.isReached) this.#acknowledge([], []);
  }

  #acknowledge(applied: string[], lifted: string[]): void {
    const pending = this.#pending;
    for (const id of applied) pending.applied.add(id);
    for (const id of lifted) pending.lifted.add(id);
    if (this.#acknowledging || performance.now() < this.#sayAgain) return;
    this.#acknowledging = true;
    this.#sayAll()
      .then(() => (this.#unsaid = 0))
      .catch((error: Error) => {
        if (pending.applied.size + pending.lifted.size > mostUnsaid) this.#pending = nothing();
        this.#sayAgain = performance.now() + backOff(this.#unsaid++, Math.random());
        this.#options.faults.note("ENFORCE", `nothing was acknowledged: ${error.message}`, error);
      })
      .finally(() => (this.#acknowledging = false));
  }

  async #sayAll(): Promise<void> {
    const { connection, list, name } = this.#options;
    const { applied, lifted } = this.#pending;
    while (applied.size + lifted.size > 0 && !this.#end.signal.aborted) {
      const now = { applied: firstOf(applied), lifted: firstOf(lifted) };
      const { status, body } = await connection.call({
        method: "POST",
        path: "/enforce/acknowledge",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ enforcer: name, program, version: list.version ?? 0, ...now }),
        timeout: 10_000,
        signal: this.#end.signal,
      });
      if (status !== 204) throw new Error(`HTTP ${whyOf(status, body)}`);
      for (const id of now.applied) applied.delete(id);
      for (const id of now.lifted) lifted.delete(id);
    }
  }

  #pause(delay: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delay);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function firstOf(ids: ReadonlySet<string>): string[] {
  const first: string[] = [];
  for (const id of ids) {
    if (first.push(id) === idsAtOnce) break;
  }
  return first;
}

const nothing = () => ({ applied: new Set<string>(), lifted: new Set<string>() });
