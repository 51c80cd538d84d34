/** Turns what happens in the host into lines for the outbox. */
import { randomBytes } from "node:crypto";
import type { Facts } from "./facts.ts";
import type { Faults } from "./faults.ts";
import type { Identity, Settings } from "./options.ts";
import type { SentEvent } from "./sent-event.ts";

const longestLine = 65_536; // characters
const refusalsPerSecond = 10; // events about refused requests; a blocked flood must not push out the rest

/** How a request ended. */
export interface Ending {
  status: number;
  bytes?: number | undefined;
  durationMs: number;
  route?: string | undefined;
  /** The decision it was refused by. */
  refused?: { type: string; id: string } | undefined;
}

export class Recorder {
  readonly #settings: Pick<Settings<never>, "service" | "sendQuery" | "redact">;
  readonly #faults: Faults;
  readonly #push: (line: string) => void;
  /** Ids are unique for ever: chance for the process, then a count. */
  readonly #process = randomBytes(9).toString("base64url");
  #count = 0;
  #second = 0;
  #refusals = 0;
  #untold = 0;

  constructor(
    settings: Pick<Settings<never>, "service" | "sendQuery" | "redact">,
    faults: Faults,
    push: (line: string) => void,
  ) {
    this.#settings = settings;
    this.#faults = faults;
    this.#push = push;
  }

  request(facts: Facts, identity: Identity | undefined, time: number, ending: Ending): void {
    if (ending.refused && !this.#maySayRefused(time)) return;
    const { url, method, host, referrer } = facts;
    const mark = url.indexOf("?");
    const { status, bytes, durationMs, route, refused } = ending;
    this.write({
      action: "http.request",
      time,
      category: "web",
      outcome: status >= 100 ? (status < 400 ? "success" : "failure") : "unknown",
      logsource: { category: "webserver" },
      ...this.who(facts, identity),
      http: {
        method,
        path: mark < 0 ? url : url.slice(0, mark),
        ...(this.#settings.sendQuery && mark >= 0 ? { query: url.slice(mark + 1) } : undefined),
        status,
        ...(bytes === undefined ? undefined : { bytes }),
        durationMs,
        ...(host === undefined ? undefined : { host }),
        ...(referrer === undefined ? undefined : { referrer: referrer.split(/[?#]/, 1)[0] as string }),
      },
      ...(route === undefined && !refused
        ? undefined
        : {
            attributes: {
              ...(route === undefined ? undefined : { route }),
              ...(refused ? { "vigil.enforced": refused.type, "vigil.decision": refused.id } : undefined),
            },
          }),
    });
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
      const { service, redact } = this.#settings;
      if (service !== undefined) event.logsource = { service, ...event.logsource };
      const shown = redact ? redact(event) : event;
      if (!shown) return;
      shown.id ??= this.#nextId();
      shown.time ??= Date.now();
      const line = JSON.stringify(shown);
      if (line.length > longestLine) throw new Error(`an event has ${line.length} characters, at most ${longestLine}`);
      this.#push(line);
    } catch (error) {
      this.#faults.note("INTERNAL", `an event is not sent: ${(error as Error).message}`, error);
    }
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
