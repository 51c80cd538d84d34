/** Turns what happens in the host into lines for the outbox. */
import { randomBytes } from "node:crypto";
import type { Facts } from "./facts.ts";
import type { Faults } from "./faults.ts";
import type { Identity, Settings } from "./options.ts";
import { fixedOf, type Manner, requestLine, type Said } from "./request-line.ts";
import type { SentEvent } from "./sent-event.ts";

const longestLine = 65_536; // bytes, as the server takes them
const longestText = 2_048; // characters that the server keeps of most fields
const atOnce = 32; // requests whose lines are laid together: one after the other they find the caches warm
const refusalsPerSecond = 10; // events about refused requests; a blocked flood must not push out the rest

/** Where lines go. */
interface Lines {
  push(line: string): void;
  /** Something will be kept, which `lay` brings at the latest. */
  expect(isUrgent: boolean): void;
  keep(line: string): void;
}

/** Too long a line is cut, not left out: else a long name would be a way to fail a log-in unseen. */
function short(line: string): string {
  if (!isLong(line)) return line;
  const cut = (_key: string, value: unknown): unknown =>
    typeof value === "string" && value.length > longestText ? value.slice(0, longestText) : value;
  const less = JSON.stringify(JSON.parse(line), cut);
  if (!isLong(less)) return less;
  throw new Error(`an event has ${Buffer.byteLength(less)} bytes, at most ${longestLine}`);
}

const isLong = (line: string): boolean => line.length * 3 > longestLine && Buffer.byteLength(line) > longestLine;

export class Recorder {
  readonly #settings: Pick<Settings<never>, "service" | "sendQuery" | "redact">;
  readonly #faults: Faults;
  readonly #outbox: Lines;
  readonly #manner: Manner;
  /** Requests whose lines are not laid yet. */
  #waiting: Said[] = [];
  /** Ids are unique for ever: chance for the process, then a count. */
  readonly #process = randomBytes(9).toString("base64url");
  #count = 0;
  #second = 0;
  #refusals = 0;
  #untold = 0;

  constructor(settings: Pick<Settings<never>, "service" | "sendQuery" | "redact">, faults: Faults, outbox: Lines) {
    this.#settings = settings;
    this.#faults = faults;
    this.#outbox = outbox;
    this.#manner = { sendQuery: settings.sendQuery ?? false, fixed: fixedOf(settings.service) };
  }

  /** What is said must not change any more: it is written down a little later. */
  request(said: Said): void {
    if (said.refused && !this.#maySayRefused(said.startedAt)) return;
    this.#outbox.expect(said.status >= 400);
    if (this.#waiting.push(said) >= atOnce) this.lay();
  }

  /** Lays the lines that wait. Never throws. */
  lay(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const said of waiting) {
      try {
        const line = this.#lineOf(said);
        if (line !== undefined) this.#outbox.keep(line);
      } catch (error) {
        this.#faults.note("INTERNAL", `a request is not recorded: ${(error as Error).message}`, error);
      }
    }
  }

  #lineOf(said: Said): string | undefined {
    if (!this.#settings.redact) return short(requestLine(said, this.#manner, this.#nextId()));
    return this.#shown(JSON.parse(requestLine(said, this.#manner, undefined)) as SentEvent);
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
  write(event: SentEvent): void {
    try {
      const { service } = this.#settings;
      if (service !== undefined) event.logsource = { service, ...event.logsource };
      const line = this.#shown(event);
      if (line !== undefined) this.#outbox.push(line);
    } catch (error) {
      this.#faults.note("INTERNAL", `an event is not sent: ${(error as Error).message}`, error);
    }
  }

  /** What the host's last look leaves of it; undefined: nothing. */
  #shown(event: SentEvent): string | undefined {
    const { redact } = this.#settings;
    const shown = redact ? redact(event) : event;
    if (!shown) return undefined;
    shown.id ??= this.#nextId();
    shown.time ??= Date.now();
    return short(JSON.stringify(shown));
  }

  /** A line of our own, about ourselves. */
  own(action: string, attributes: Record<string, unknown>): string {
    const logsource = { product: "vigil", service: "sdk" };
    return JSON.stringify({ id: this.#nextId(), time: Date.now(), action, category: "other", logsource, attributes });
  }

  #nextId(): string {
    return `${this.#process}-${this.#count++}`;
  }

  #maySayRefused(time: number): boolean {
    const second = Math.floor(time / 1_000);
    if (second !== this.#second) {
      [this.#second, this.#refusals] = [second, 0];
      if (this.#untold > 0) this.#outbox.push(this.own("sdk.refused", { count: this.#untold }));
      this.#untold = 0;
    }
    if (this.#refusals++ < refusalsPerSecond) return true;
    this.#untold++;
    return false;
  }
}
