/** Middleware for node:http, Connect, Express and, by its hooks, Koa and Fastify: all stand on node:http's response. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { nodeFacts } from "./facts.ts";
import type { Exchange, Monitor, Verdict } from "./monitor.ts";
import type { HostRequest } from "./options.ts";
import { answerOf } from "./refuse.ts";

export type Next = (error?: unknown) => void;

const openKey = Symbol("vigil.open");

/** A response that is on its way. */
interface Watched {
  monitor: Monitor;
  response: ServerResponse;
  end(): void;
}

/** What the host's hooks get, where that is not node:http's own. */
interface Host {
  request: unknown;
  response: unknown;
  /** It was answered instead of let through. */
  answered?: () => void;
}

/** Lets the request go on by `next`, or answers it. */
export function watch(
  monitor: Monitor,
  message: IncomingMessage,
  response: ServerResponse,
  host: Host | undefined,
  next: () => void,
): void {
  // Mounted twice, or over two applications: one request is one event.
  const open = openOn(message.socket);
  if (open.some((one) => one.response === response && one.monitor === monitor)) return next();
  let exchange: Exchange | undefined;
  let later: Promise<void> | undefined;
  try {
    const begun = monitor.begin(nodeFacts(message, monitor.settings.proxies), host ? host.request : message);
    exchange = begun;
    const watched: Watched = {
      monitor,
      response,
      end() {
        const at = open.indexOf(watched);
        if (at < 0) return;
        open.splice(at, 1);
        onClose(begun, response);
      },
    };
    open.push(watched);
    // Whoever was before us may have taken so long that the client has gone: nothing more is told then.
    if (response.closed || (message.socket?.destroyed && response.socket === null)) setImmediate(watched.end);
    else response.on("close", watched.end);
    later = monitor.identify(begun);
  } catch (error) {
    monitor.faults.note("INTERNAL", `a request is not watched: ${(error as Error).message}`, error);
  }
  const entered = exchange;
  if (!entered) return next();
  if (later) void later.then(() => enforce(entered, response, host, next));
  else enforce(entered, response, host, next);
}

function enforce(exchange: Exchange, response: ServerResponse, host: Host | undefined, next: () => void): void {
  const { monitor } = exchange;
  let verdict: Verdict = { kind: "PASS" };
  try {
    verdict = monitor.judge(exchange);
  } catch (error) {
    monitor.faults.note("INTERNAL", `a request is not judged: ${(error as Error).message}`, error);
  }
  if (verdict.kind === "PASS") return next();
  const { kind } = verdict;
  const { onMfaRequired } = monitor.settings;
  const refused = (): void => {
    refuse(response, kind);
    host?.answered?.();
  };
  if (kind !== "FORCE_MFA" || !onMfaRequired) return refused();
  const { id, expiresAt } = verdict;
  const failed = (error: unknown): void => {
    monitor.faults.note("HOOK", `onMfaRequired failed: ${(error as Error)?.message}`, error);
    refused();
  };
  const answered = (answer: unknown): void => {
    if (answer !== true) return host?.answered?.();
    exchange.refused = undefined;
    next();
  };
  let answer: unknown;
  try {
    answer = onMfaRequired(exchange.request as HostRequest, host ? host.response : response, { id, expiresAt });
  } catch (error) {
    return failed(error);
  }
  // What the host's handler throws is the host's: it is not caught as if the hook had thrown it.
  if (typeof (answer as Promise<unknown> | undefined)?.then !== "function") return answered(answer);
  void (answer as Promise<unknown>).then(
    (value) => queueMicrotask(() => answered(value)),
    (error: unknown) => failed(error),
  );
}

function refuse(response: ServerResponse, kind: Exclude<Verdict["kind"], "PASS">): void {
  if (response.headersSent || response.destroyed) return;
  const { status, headers, body } = answerOf(kind);
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/**
 * The responses of a connection that are on their way: mostly one. They are noted here, as a property more on the response
 * costs 6 µs under Express, which changes its prototype.
 */
function openOn(socket: (IncomingMessage["socket"] & { [openKey]?: Watched[] }) | undefined): Watched[] {
  const known = socket?.[openKey];
  if (known) return known;
  const open: Watched[] = [];
  if (!socket) return open;
  socket[openKey] = open;
  // Node.js tells no response that waited for its turn on the connection that this has closed.
  socket.once?.("close", () => {
    for (const { response, end } of [...open]) if (response.socket === null) end();
  });
  return open;
}

function onClose(exchange: Exchange, response: ServerResponse): void {
  const length = Number(response.getHeader("content-length"));
  exchange.status = response.headersSent ? response.statusCode : 0;
  if (Number.isSafeInteger(length)) exchange.bytes = length;
  exchange.route = routeOf(exchange.request as HostRequest);
  exchange.monitor.end(exchange);
}

/** The pattern that the host's router matched, where it says. */
function routeOf(request: HostRequest): string | undefined {
  const route: unknown = request.route?.path ?? request.routeOptions?.url ?? request._matchedRoute;
  if (typeof route !== "string") return undefined;
  return typeof request.baseUrl === "string" ? request.baseUrl + route : route;
}
