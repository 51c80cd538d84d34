/** What every framework's adapter uses: who a request is of, whether it may go on, and that it is written down. */
import { Connections } from "./connections.ts";
import type { ListedDecision } from "./decision.ts";
import type { Subject } from "./decision-table.ts";
import type { Facts } from "./facts.ts";
import { Faults, warn } from "./faults.ts";
import { Follower } from "./follow.ts";
import { Connection } from "./http.ts";
import { DecisionList } from "./list.ts";
import type { HostRequest, Identity, Settings } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { Recorder } from "./recorder.ts";
import type { Said } from "./request-line.ts";

/** One request on its way through the host. */
export interface Exchange extends Said {
  monitor: Monitor;
  /** What the host's framework calls the request; undefined when it is over. */
  request: unknown;
  /** ms on a clock that is never set. */
  startMark: number;
}

export type Verdict =
  | { kind: "PASS" }
  | { kind: "BLOCK_IP" | "SUSPEND_USER" | "FORCE_MFA"; id: string; expiresAt: number }
  | { kind: "NO_LIST" | "NO_ADDRESS" };

const pass: Verdict = { kind: "PASS" };
const nobody: readonly string[] = [];
const mostRoles = 50; // the server refuses an event with more
const enforced = ["BLOCK_IP", "SUSPEND_USER", "FORCE_MFA"] as const;

export class Monitor {
  readonly settings: Settings<HostRequest>;
  readonly faults: Faults;
  readonly recorder: Recorder;
  readonly list: DecisionList;
  readonly outbox: Outbox;
  readonly connections = new Connections();
  readonly #connection: Connection;
  readonly #follower: Follower | undefined;

  constructor(settings: Settings<HostRequest>) {
    this.settings = settings;
    const { base, apiKey, spared, clock, publicKey, bufferSize, bufferBytes, flushDelay, name } = settings;
    const faults = new Faults(settings.onError ?? warn, () => clock.elapsed());
    const connection = new Connection(base, apiKey);
    this.faults = faults;
    this.#connection = connection;
    this.recorder = new Recorder(settings, faults, {
      push: (line) => this.outbox.push(line),
      expect: (isUrgent) => this.outbox.expect(isUrgent),
      keep: (line) => this.outbox.keep(line),
    });
    const droppedLine = (count: number): string => this.recorder.own("sdk.dropped", { count });
    const collect = (): void => this.recorder.lay();
    this.outbox = new Outbox({ connection, faults, bufferSize, bufferBytes, flushDelay, droppedLine, collect });
    this.list = new DecisionList({ spared, clock, publicKey });
    if (settings.enforce === false) return;
    this.#follower = new Follower({
      connection,
      list: this.list,
      faults,
      name,
      onRefused: (reason) => this.outbox.push(this.recorder.own("sdk.list_refused", { reason })),
      onSpared: ({ id, type, scope }) =>
        this.outbox.push(this.recorder.own("sdk.decision_not_followed", { decision: id, type, scope })),
      onApplied: () =>
        void this.#cutConnections().catch((error) => faults.note("INTERNAL", "connections are not cut", error)),
    });
  }

  get isReached(): boolean {
    return this.#follower?.isReached ?? false;
  }

  begin(facts: Facts, request: unknown): Exchange {
    return {
      monitor: this,
      facts,
      request,
      identity: undefined,
      startedAt: Date.now(),
      startMark: performance.now(),
      status: 0,
      bytes: undefined,
      durationMs: 0,
      route: undefined,
      refused: undefined,
    };
  }

  /** Asks the host who the request is of; what goes wrong there counts as nobody. */
  identify(exchange: Exchange): Promise<void> | undefined {
    const { identify } = this.settings;
    if (!identify) return undefined;
    try {
      const answer = identify(exchange.request as HostRequest);
      if (typeof (answer as Promise<unknown> | undefined)?.then === "function")
        return this.#identifyLater(exchange, answer as Promise<Identity>);
      exchange.identity = readIdentity(answer as Identity);
    } catch (error) {
      this.#identifyFailed(exchange, error);
    }
    return undefined;
  }

  async #identifyLater(exchange: Exchange, answer: Promise<Identity>): Promise<void> {
    try {
      exchange.identity = readIdentity(await answer);
    } catch (error) {
      this.#identifyFailed(exchange, error);
    }
  }

  #identifyFailed(exchange: Exchange, error: unknown): void {
    exchange.identity = undefined;
    this.faults.note("HOOK", `identify failed: ${(error as Error)?.message}`, error);
  }

  /** Whether it may go on; marks the exchange where it may not. */
  judge(exchange: Exchange): Verdict {
    const { enforce, failClosed } = this.settings;
    if (enforce === false) return pass;
    if (this.list.version === undefined) return failClosed ? { kind: "NO_LIST" } : pass;
    if (this.list.size === 0) return pass;
    const decision = this.#refusalOf(exchange);
    // Else a client that is blocked would be let in if it leaves at once: nobody can tell who it was, nobody waits for it.
    if (!decision) return exchange.facts.isGone && this.list.has("BLOCK_IP") ? { kind: "NO_ADDRESS" } : pass;
    const { type, id, expiresAt } = decision;
    exchange.refused = { type, id };
    return { kind: type as (typeof enforced)[number], id, expiresAt };
  }

  #refusalOf(exchange: Exchange): ListedDecision | undefined {
    const { failClosed = false } = this.settings;
    return this.list.findFirst(enforced, subjectOf(exchange), failClosed && !this.isReached);
  }

  async #cutConnections(): Promise<void> {
    const tell = ({ id, type }: ListedDecision): void =>
      this.outbox.push(this.recorder.own("sdk.connection_cut", { decision: id, type }));
    await this.connections.cut((exchange) => this.#refusalOf(exchange), tell);
  }

  /** With its status, bytes and route set. Never throws. */
  end(exchange: Exchange): void {
    try {
      exchange.durationMs = performance.now() - exchange.startMark;
      // Some hosts know the user only in their handler. One who is found out later comes too late for this event.
      if (exchange.identity === undefined && !exchange.refused) this.#identifyAgain(exchange);
      exchange.request = undefined; // what is the host's is not held on to
      if (exchange.status < 400 && !this.#isChosen(exchange)) return;
      this.recorder.request(exchange);
    } catch (error) {
      this.faults.note("INTERNAL", `a request is not recorded: ${(error as Error).message}`, error);
    }
  }

  async close(timeout: number): Promise<void> {
    this.#follower?.close();
    await this.outbox.flush(timeout, "LAST");
    this.outbox.close();
    this.#connection.close();
  }

  #identifyAgain(exchange: Exchange): void {
    if (this.settings.identify && this.identify(exchange)) exchange.identity = undefined;
  }

  #isChosen(exchange: Exchange): boolean {
    const { sampleRate } = this.settings;
    if (sampleRate === 1 || Math.random() < sampleRate) return true;
    return this.list.find("INCREASE_MONITORING", subjectOf(exchange)) !== undefined;
  }
}

function subjectOf({ facts, identity }: Exchange): Subject {
  if (!identity) return { address: facts.client?.address, users: nobody, session: undefined };
  const { name, email, id, sessionId } = identity;
  const users: string[] = [];
  if (name !== undefined) users.push(name);
  if (email !== undefined) users.push(email);
  if (id !== undefined) users.push(id);
  return { address: facts.client?.address, users, session: sessionId };
}

/** Ids that are numbers become text; empty ones are left out. */
export function readIdentity(answer: Identity | string | null | undefined): Identity | undefined {
  if (typeof answer === "string") return answer === "" ? undefined : { name: answer };
  if (typeof answer !== "object" || answer === null) return undefined;
  const identity: Identity = {};
  for (const key of ["id", "name", "email", "sessionId"] as const) {
    const value: unknown = answer[key];
    if (value !== undefined && value !== null && value !== "") identity[key] = String(value);
  }
  if (Array.isArray(answer.roles)) identity.roles = answer.roles.slice(0, mostRoles).map(String);
  return Object.keys(identity).length === 0 ? undefined : identity;
}
