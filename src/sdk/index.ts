/** `vigil/sdk`: watches the requests of an application, and applies Vigil's decisions in it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { anyFacts } from "./facts.ts";
import { type FastifyLike, fastifyPlugin, fetchHandler, type KoaContextLike, koaMiddleware } from "./frameworks.ts";
import { Monitor, readIdentity } from "./monitor.ts";
import { type Next, watch } from "./node.ts";
import { type HostRequest, type Identity, type MonitorOptions, readOptions, type Settings } from "./options.ts";
import type { SentEvent } from "./sent-event.ts";
import { watchUpgrade } from "./upgrade.ts";

export type { Fault, FaultKind } from "./faults.ts";
export type { HostRequest, Identity, MfaDemand, MonitorOptions } from "./options.ts";
export type { SentEvent } from "./sent-event.ts";

/** What a helper's event says beside its own fields. */
export type Detail = Partial<Pick<SentEvent, "severity" | "message" | "attributes" | "time" | "id">>;

/** What the SDK is doing. */
export interface MonitorStatus {
  /** Events waiting to be sent. */
  buffered: number;
  sent: number;
  /** Events that made room for newer ones while Vigil could not be reached. */
  dropped: number;
  /** Events that Vigil refused. */
  rejected: number;
  /** Faults of ours that were swallowed. */
  faults: number;
  /** Decisions in force, and the version of their list; undefined: no list came yet. */
  decisions: number;
  listVersion: number | undefined;
  /** Whether the last asking for decisions went well. */
  reached: boolean;
}

export interface SecurityMonitor {
  /** Express's middleware: `app.use(vigil.express)`. Behind your session middleware it knows the user in time. */
  express(request: IncomingMessage, response: ServerResponse, next: Next): void;
  /** Connect's middleware; the same. */
  connect(request: IncomingMessage, response: ServerResponse, next: Next): void;
  /** A listener for node:http: `createServer(vigil.http(listener))`. */
  http(
    listener: (request: IncomingMessage, response: ServerResponse) => void,
  ): (request: IncomingMessage, response: ServerResponse) => void;
  /**
   * A listener for the event `upgrade` of node:http's server, by which WebSockets come:
   * `server.on("upgrade", vigil.upgrade(listener))`. No middleware runs for these: `identify` gets node:http's request. What is
   * open is cut when its address or user is refused later.
   */
  upgrade(
    listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
  ): (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Fastify's plugin: `app.register(vigil.fastify)`. */
  fastify(app: FastifyLike, options: unknown, ready: () => void): void;
  /** Koa's middleware: `app.use(vigil.koa)`. */
  koa(context: KoaContextLike, next: () => Promise<unknown>): Promise<unknown>;
  /**
   * A fetch-style handler (Hono, Next, Bun, Deno), watched. `peer` names the address of the connection where the platform
   * tells: where it answers undefined, the address is not known. Without it X-Forwarded-For is believed if `trustedProxies`
   * are set. The helpers below know what it knows, if they are given the same Request.
   */
  fetch<Rest extends unknown[]>(
    handler: (request: Request, ...rest: Rest) => Response | Promise<Response>,
    peer?: (request: Request, ...rest: Rest) => string | undefined,
  ): (request: Request, ...rest: Rest) => Promise<Response>;
  /** Somebody logged in. `request`: your framework's, or undefined. */
  loginSucceeded(request: unknown, user: Identity | string, detail?: Detail): void;
  /** A log-in was refused: of whoever was named, whether they exist or not. */
  loginFailed(request: unknown, user: Identity | string, detail?: Detail): void;
  /** A record was read, or what `action` says. Without `user`, `identify` is asked. */
  recordAccessed(
    request: unknown,
    record: { type: string; id?: string; name?: string; patientId?: string; action?: string; user?: Identity | string },
    detail?: Detail,
  ): void;
  /** Any other event. What it does not say of address, user agent and user is taken from the request. */
  event(request: unknown, event: SentEvent): void;
  /** What the SDK is doing, for your health page. */
  status(): MonitorStatus;
  /**
   * Sends what waits now, for hosts that are frozen between requests (serverless functions): await it before the answer
   * is given up. Resolves after `timeout` ms at the latest (default 2,000), with whether all was sent; sooner where Vigil
   * is not to be tried again in that time. Never rejects.
   */
  flush(timeout?: number): Promise<boolean>;
  /**
   * Sends what there is, within `timeout` ms (default 5,000), and ends. What does not go is tried again until then. Call it
   * before process.exit().
   */
  close(timeout?: number): Promise<void>;
}

/** Starts watching. Errors: TypeError for wrong options; after that it never throws. */
export function monitorSecurity<Request = HostRequest>(options: MonitorOptions<Request>): SecurityMonitor {
  const settings = readOptions(options);
  const monitor = new Monitor(settings as unknown as Settings<HostRequest>);
  const { recorder, outbox, list, faults } = monitor;
  const middleware = (request: IncomingMessage, response: ServerResponse, next: Next): void =>
    watch(monitor, request, response, undefined, next as () => void);

  /** One event of a helper; nothing that goes wrong leaves it. */
  function tell(request: unknown, user: Identity | string | undefined, event: SentEvent): void {
    try {
      const facts = anyFacts(request, settings.proxies);
      const identity = readIdentity(user);
      const send = (who: Identity | undefined): void => recorder.write({ ...recorder.who(facts, who), ...event });
      if (identity || !facts || event.actor) return send(identity);
      const exchange = monitor.begin(facts, request);
      const later = monitor.identify(exchange);
      if (later) void later.then(() => send(exchange.identity));
      else send(exchange.identity);
    } catch (error) {
      faults.note("INTERNAL", `an event is not sent: ${(error as Error).message}`, error);
    }
  }

  // The event loop is empty: what waits is sent once; if that fails the process ends all the same.
  let isLast = false;
  const onBeforeExit = (): void => {
    if (isLast || outbox.size === 0) return;
    isLast = true;
    void outbox.flush(2_000, "ONCE");
  };
  process.on("beforeExit", onBeforeExit);
  let closing: Promise<void> | undefined;

  const login = (outcome: "success" | "failure") => (request: unknown, user: Identity | string, detail?: Detail) =>
    tell(request, user, { ...detail, action: "login", category: "authentication", outcome });

  return {
    express: middleware,
    connect: middleware,
    http: (listener) => (request, response) => middleware(request, response, () => listener(request, response)),
    upgrade: (listener) => (request, socket, head) =>
      void watchUpgrade(monitor, request, socket, () => listener(request, socket, head)),
    fastify: fastifyPlugin(monitor),
    koa: koaMiddleware(monitor),
    fetch: (handler, peer) => fetchHandler(monitor, handler, peer),
    loginSucceeded: login("success"),
    loginFailed: login("failure"),
    recordAccessed(request, record, detail) {
      const { action = "record.read", user, ...target } = { ...record }; // a host's mistake is not to fail its answer
      for (const key of ["id", "patientId"] as const) // as a database has them
        if (["number", "bigint"].includes(typeof target[key])) target[key] = String(target[key]);
      tell(request, user, { ...detail, action, category: "data", outcome: "success", target });
    },
    event: (request, event) => tell(request, undefined, event),
    status: () => ({
      buffered: outbox.size,
      ...outbox.counts,
      faults: faults.count,
      decisions: list.inForce,
      listVersion: list.version,
      reached: monitor.isReached,
    }),
    flush: (timeout = 2_000) => outbox.flush(timeout, "AGAIN"),
    close(timeout = 5_000) {
      process.off("beforeExit", onBeforeExit);
      closing ??= monitor.close(timeout).catch((error) => faults.note("INTERNAL", "it did not close well", error));
      return closing;
    },
  };
}
