import { setMaxListeners } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { databaseAway, isDatabaseAway } from "../database-away.ts";
import { VigilError } from "../errors.ts";
import { requestIdOf, underId } from "../request-id.ts";
import type { Services } from "../schema/context.ts";
import { inSpan, noteInSpan, SpanKind } from "../tracing.ts";
import { handleAcknowledgeForm, handleAcknowledgePage } from "./acknowledge.ts";
import { addressBehind } from "./address.ts";
import { sendError, sendJson, setSecurityHeaders, urlOf } from "./answer.ts";
import { handleAuditExport } from "./audit-export.ts";
import { handleChanges } from "./changes.ts";
import { handleAcknowledge, handleDecisions } from "./enforce.ts";
import { asksForStream } from "./event-streams.ts";
import { createFanOut, type FanOut } from "./fan-out.ts";
import { graphiqlPolicy, renderPage } from "./graphiql.ts";
import { createGraphQL, type Guards, handleGraphQL } from "./graphql.ts";
import { handleIngest } from "./ingest.ts";
import { connectForLimits } from "./limits-redis.ts";
import { createMask } from "./mask.ts";
import { handleCalendar } from "./on-call-calendar.ts";
import { handleOtlpLogs } from "./otlp.ts";
import { handleMetrics, watchStreams } from "./prometheus.ts";
import { handleMailReport, handleSlackAction, handleSmsReply, handleTwilioStatus } from "./provider-callback.ts";
import { handleConfirm, handleLink, handleLinkRequest, handleSignInForm, handleSignOut } from "./sign-in.ts";
import { attachSocket } from "./socket.ts";
import { isPageRequest, sendStatic } from "./static.ts";
import { handleCheckForm, handleCheckPage } from "./was-this-you.ts";

export interface ServerOptions extends Guards {
  /** How people reach the server; with https, cookies are Secure. */
  publicUrl?: string | undefined;
  /** Where the built dashboard is. Absent or empty: a page that says where GraphiQL is. */
  dashboardDir?: string | undefined;
  /** Addresses and ranges of proxies whose X-Forwarded-For is believed. Default: none. */
  trustedProxies?: readonly string[];
  /** Who reads /metrics from another machine. */
  metricsToken?: string | undefined;
  /** Where the servers count together how often a root field was asked for. Absent: each by itself. */
  redisUrl?: string | undefined;
  /** How long close() waits for answers under way, in ms. Default: 5000. */
  closeTimeout?: number;
}

export interface VigilServer {
  /** Starts answering; gives the URL. */
  listen(port: number, host: string): Promise<string>;
  /** Ends subscriptions and sockets (1001), waits for answers under way, then cuts the rest. Twice is harmless. */
  close(): Promise<void>;
  /** Streams that identical subscriptions share, and what became of them. */
  streams: FanOut["counts"];
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
}

const requestTimeout = 120_000; // 2 minutes for a whole request: a batch over a slow line
const keepAliveTimeout = 95_000; // proxies keep connections for 60 to 90 s: shorter, and one would be closed under a request

/** Everything Vigil answers over HTTP. */
export function createServer(services: Services, options: ServerOptions = {}): VigilServer {
  const isHttps = options.publicUrl?.startsWith("https:") ?? false;
  const called = calledBy(options.publicUrl);
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // every open stream listens
  const context = { services, closing: closing.signal };
  const redis = options.redisUrl ? connectForLimits(options.redisUrl, services.log) : undefined;
  const fanOut = createFanOut(createMask(services.log), closing.signal);
  const graphql = createGraphQL(services, { ...options, fanOut, redis });
  const addressOf = addressBehind(options.trustedProxies);
  const answer = ({ request, response }: Exchange): Promise<void> => {
    if (asksForStream(request)) response.setHeader("X-Accel-Buffering", "no"); // nginx would gather what is to be seen at once
    return handleGraphQL(graphql, request, response, { ...context, address: addressOf(request) });
  };

  const routes: Record<string, (exchange: Exchange) => unknown> = {
    "GET /graphql": answer,
    "GET /graphiql": async ({ response }) => {
      const page = await renderPage();
      response.setHeader("Content-Security-Policy", graphiqlPolicy);
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(page);
    },
    "POST /graphql": answer,
    "OPTIONS /graphql": answer,
    "POST /ingest": ({ request, response }) => handleIngest(services, request, response),
    "POST /v1/logs": ({ request, response }) => handleOtlpLogs(services, request, response),
    "GET /enforce/decisions": ({ request, response, url }) =>
      handleDecisions(services, request, response, url.searchParams, closing.signal),
    "GET /changes": ({ request, response, url }) =>
      handleChanges(services, request, response, url.searchParams, closing.signal),
    "POST /enforce/acknowledge": ({ request, response }) => handleAcknowledge(services, request, response),
    "GET /audit/export": ({ request, response, url }) =>
      handleAuditExport(services, request, response, url.searchParams, addressOf(request)),
    "GET /metrics": ({ request, response }) =>
      handleMetrics({ measures: services.measures, token: options.metricsToken }, request, response),
    "GET /health/live": ({ response }) => sendJson(response, 200, { ok: true }),
    "GET /health/ready": async ({ response }) => {
      const { ok, ready, parts } = await services.health();
      const told = parts.map((part) => ({ name: part.name, ok: part.ok, detail: part.detail })); // no versions: anybody may ask
      sendJson(response, ready && !closing.signal.aborted ? 200 : 503, { ok, ready, parts: told });
    },
    "GET /sign-in": ({ request, response, url }) =>
      handleLink(services, request, url.searchParams.get("token"), response, isHttps),
    "POST /sign-in": ({ request, response }) => handleSignInForm(services, request, response, isHttps),
    "POST /sign-in/link": ({ request, response }) => handleLinkRequest(services, request, response, addressOf(request)),
    "GET /sign-in/confirm": ({ response, url }) => handleConfirm(url.searchParams.get("token"), response),
    "GET /was-this-you": ({ response, url }) => handleCheckPage(url.searchParams.get("token"), response),
    "POST /was-this-you": ({ request, response }) => handleCheckForm(services, request, response, addressOf(request)),
    "POST /callbacks/twilio": ({ request, response, url }) =>
      handleTwilioStatus(services, request, response, url.searchParams.get("organization") ?? ""),
    "POST /callbacks/twilio/sms": ({ request, response }) => handleSmsReply(services, request, response),
    "POST /callbacks/email": ({ request, response }) => handleMailReport(services, request, response),
    "POST /callbacks/slack": ({ request, response, url }) =>
      handleSlackAction(services, request, response, url.searchParams),
    "GET /acknowledge": ({ request, response, url }) =>
      handleAcknowledgePage(services, response, url.searchParams.get("token"), addressOf(request)),
    "POST /acknowledge": ({ request, response }) =>
      handleAcknowledgeForm(services, request, response, addressOf(request)),
    "GET /on-call.ics": ({ request, response, url }) =>
      handleCalendar(services, response, url.searchParams.get("token"), addressOf(request)),
    "POST /sign-out": ({ request, response }) => handleSignOut(services, request, response, isHttps),
  };

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = urlOf(request);
    if (!url) throw new VigilError("BAD_USER_INPUT", "The request names no path");
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
    const name = `${method} ${url.pathname}`;
    const handler = routes[name];
    if (handler) count(name, response);
    if (handler) {
      const from = [request.headers.traceparent?.toString()];
      return inSpan(name, { kind: SpanKind.SERVER, from }, async () => {
        await handler({ request, response, url });
        noteInSpan({ "http.response.status_code": response.statusCode });
      });
    }
    if (method === "GET" && (url.pathname === "/" || url.pathname.startsWith("/assets/"))) {
      if (await sendStatic(options.dashboardDir, url.pathname, request, response)) return;
    }
    const allowed = Object.keys(routes).flatMap((key) => (key.endsWith(` ${url.pathname}`) ? [key.split(" ")[0]] : []));
    if (allowed.length === 0 && method === "GET" && isPageRequest(url.pathname, request)) {
      if (await sendStatic(options.dashboardDir, url.pathname, request, response)) return;
    }
    if (allowed.length === 0) throw new VigilError("NOT_FOUND", "There is nothing here");
    response.setHeader("Allow", allowed.join(", "));
    sendJson(response, 405, { error: { code: "BAD_USER_INPUT", message: `Use ${allowed.join(" or ")}` } });
  }

  function count(route: string, response: ServerResponse): void {
    const began = performance.now();
    response.once("finish", () => {
      if (response.getHeader("Content-Type") === "text/event-stream") return;
      services.measures.answered({ route, status: response.statusCode, seconds: (performance.now() - began) / 1_000 });
    });
  }

  function fail(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    // What is left of the request's body is not read: the connection cannot be used again.
    if (!request.complete) response.setHeader("Connection", "close");
    if (error instanceof VigilError) return sendError(response, error);
    const path = request.url?.split("?")[0];
    if (isDatabaseAway(error)) {
      services.log.warn({ err: (error as Error).message, path }, "a request failed: the database does not answer");
      return sendError(response, databaseAway());
    }
    services.log.error({ err: error, path }, "a request failed");
    sendError(response, new VigilError("INTERNAL", "Something went wrong; the server's log says more"));
  }

  const server = createHttpServer({ requestTimeout, keepAliveTimeout }, (request, response) => {
    setSecurityHeaders(response, isHttps);
    called(request);
    if (closing.signal.aborted) response.setHeader("Connection", "close");
    const id = requestIdOf(request.headers["x-request-id"]);
    response.setHeader("X-Request-Id", id);
    void underId(id, () => route(request, response).catch((error: unknown) => fail(error, request, response)));
  });
  server.on("upgrade", called);
  const sockets = attachSocket(server, { yoga: graphql.yoga, fanOut, context, addressOf });
  watchStreams(services.measures, { counts: fanOut.counts, open: sockets.open });
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    closing.abort();
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    const cut = setTimeout(() => {
      sockets.cut();
      server.closeAllConnections();
    }, options.closeTimeout ?? 5_000);
    await sockets.close();
    await stopped;
    clearInterval(idle);
    clearTimeout(cut);
    redis?.disconnect();
  }

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          resolve(addressUrl(server.address() as AddressInfo));
        });
      }),
    close: () => {
      closed ??= close();
      return closed;
    },
    streams: fanOut.counts,
  };
}

/**
 * A proxy may ask for us by the name that it knows, and says nothing of the one that people do. A page at that address is ours
 * all the same: what it sends is taken as sent to there (isSameOrigin).
 */
function calledBy(publicUrl: string | undefined): (request: IncomingMessage) => void {
  if (publicUrl === undefined) return () => {};
  const { host, origin } = new URL(publicUrl);
  return ({ headers }) => {
    if (headers.origin === origin) headers.host = host;
  };
}

function addressUrl({ address, family, port }: AddressInfo): string {
  const wildcard = address === "::" || address === "0.0.0.0";
  const host = wildcard ? "localhost" : family === "IPv6" ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
