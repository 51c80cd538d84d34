/** Turns what happens in the host into lines for the outbox. */
import { randomBytes } from "node:crypto";
import type { Facts } from "./facts.ts";
import type { Faults } from "./faults.ts";
import type { Identity, Settings } from "./options.ts";
import { type Ending, requestLine } from "./request-line.ts";
import type { SentEvent } from "./sent-event.ts";

const longestLine = 65_536; // characters
const refusalsPerSecond = 10; // events about refused requests; a blocked flood must not push out the rest

export class Recorder {
  readonly #settings: Pick<Settings<never>, "service" | "sendQuery" | "redact">;
  readonly #faults: Faults;
  readonly #push: (line: string, isUrgent?: boolean) => void;
  /** Ids are unique for ever: chance for the process, then a count. */
  readonly #process = randomBytes(9).toString("base64url");
  #count = 0;
  #second = 0;
  #refusals = 0;
  #untold = 0;

  constructor(
    settings: Pick<Settings<never>, "service" | "sendQuery" | "redact">,
    faults: Faults,
    push: (line: string, isUrgent?: boolean) => void,
  ) {
    this.#settings = settings;
    this.#faults = faults;
    this.#push = push;
  }

  request(facts: Facts, identity: Identity | undefined, time: number, ending: Ending): void {
    if (ending.refused && !this.#maySayRefused(time)) return;
    const { service, sendQuery = false, redact } = this.#settings;
    const said = { facts, identity, time, ending, sendQuery, service };
    if (redact) this.write(JSON.parse(requestLine(said, undefined)) as SentEvent, ending.status >= 400);
    else this.#keep(requestLine(said, this.#nextId()), ending.status >= 400);
  }

  /** What an event says of who it is of. */
  who(facts: Facts | undefined, identity: Identity | undefined): Partial<SentEvent> {
    const ip = facts?.client?.text;
    const who: Partial<SentEvent> = ip === undefined ? {} : { source: { ip } };
    if (facts?.userAgent !== undefined) who.userAgent = facts.userAgent;
    if (!identity) return who;
    const { sessionId, ...actor } = identity;
    if (sessionId !== undefined) who.sessionId = sessionId;
    who.actor = actor as NonNullable<SentEvent["actor"]>;
    return who;
  }

  /** Errors: none; an event that cannot be written is counted as a fault. */
  write(event: SentEvent, isUrgent = true): void {
    try {
      const { service, redact } = this.#settings;
      if (service !== undefined) event.logsource = { service, ...event.logsource };
      const shown = redact ? redact(event) : event;
      if (!shown) return;
      shown.id ??= this.#nextId();
      shown.time ??= Date.now();
      this.#keep(JSON.stringify(shown), isUrgent);
    } catch (error) {
      this.#faults.note("INTERNAL", `an event is not sent: ${(error as Error).message}`, error);
    }
  }

  #keep(line: string, isUrgent: boolean): void {
    if (line.length > longestLine) throw new Error(`an event has ${line.length} characters, at most ${longestLine}`);
    this.#push(line, isUrgent);
  }

  /** A line of our own, about ourselves. */
  own(action: string, attributes: Record<string, unknown>): string {
    const logsource = { product: "vigil", service: "sdk" };
    return JSON.stringify({ id: this.#nextId(), time: Date.now(), action, category: "other", logsource, attributes });
  }

  #nextId(): string {
    return `${this.#process}-${(this.#count++).toString(36)}`;
  }

  #maySayRefused(time: number): boolean {
    const second = Math.floor(time / 1_000);
    if (second !== this.#second) {
      [this.#second, this.#refusals] = [second, 0];
      if (this.#untold > 0) this.#push(this.own("sdk.refused", { count: this.#untold }));
      this.#untold = 0;
    }
    if (this.#refusals++ < refusalsPerSecond) return true;
    this.#untold++;
    return false;
  }
}
