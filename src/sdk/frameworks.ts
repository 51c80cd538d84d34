/** The shapes of the frameworks, as far as they are used: none of them is a dependency. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { fetchFacts, watched } from "./facts.ts";
import { mfaAnswer } from "./mfa.ts";
import type { Exchange, Monitor, Verdict } from "./monitor.ts";
import { watch } from "./node.ts";
import { answerOf } from "./refuse.ts";

export interface FastifyRequestLike {
  raw: IncomingMessage;
}
export interface FastifyReplyLike {
  raw: ServerResponse;
  hijack(): unknown;
  sent: boolean;
}
export interface FastifyLike {
  addHook(
    name: "onRequest",
    hook: (request: FastifyRequestLike, reply: FastifyReplyLike, done: () => void) => void,
  ): unknown;
}

/** Fastify's plugin. It applies to the whole application, not to a part of it. */
export function fastifyPlugin(monitor: Monitor) {
  const plugin = (app: FastifyLike, _options: unknown, ready: () => void): void => {
    app.addHook("onRequest", (request, reply, done) =>
      watch(monitor, request.raw, reply.raw, { request, response: reply }, done),
    );
    ready();
  };
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "vigil" });
}

export interface KoaContextLike {
  req: IncomingMessage;
  res: ServerResponse;
  respond?: boolean | undefined;
}

/** Koa's middleware. */
export function koaMiddleware(monitor: Monitor) {
  return (context: KoaContextLike, next: () => Promise<unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      // Koa writes what stands in its context as soon as this resolves, unless the answer was written past it.
      const answered = (): void => {
        if (context.res.headersSent) context.respond = false;
        resolve(undefined);
      };
      watch(monitor, context.req, context.res, { request: context, response: context, answered }, () => {
        next().then(resolve, reject);
      });
    });
}

/** A fetch-style handler, watched. `peer` says who the connection is of, where the platform tells. */
export function fetchHandler<Rest extends unknown[]>(
  monitor: Monitor,
  handler: (request: Request, ...rest: Rest) => Response | Promise<Response>,
  peer?: (request: Request, ...rest: Rest) => string | undefined,
) {
  return async (request: Request, ...rest: Rest): Promise<Response> => {
    let exchange: Exchange | undefined;
    let refused: Response | undefined;
    try {
      const address = peer && (peer(request, ...rest) ?? "");
      const facts = fetchFacts(request, monitor.settings.proxies, address);
      watched.set(request, facts);
      exchange = monitor.begin(facts, request);
      await monitor.identify(exchange);
      refused = await judgeFetch(monitor, exchange, request);
    } catch (error) {
      monitor.faults.note("INTERNAL", `a request is not watched: ${(error as Error).message}`, error);
    }
    let status = 500;
    let length = Number.NaN;
    try {
      const response = refused ?? (await handler(request, ...rest));
      // Bun's handlers answer nothing where they made a WebSocket of the request.
      status = response?.status ?? 101;
      length = Number(response?.headers.get("content-length") ?? Number.NaN);
      return response;
    } finally {
      if (exchange) {
        exchange.status = status;
        if (Number.isSafeInteger(length)) exchange.bytes = length;
        monitor.end(exchange);
      }
    }
  };
}

async function judgeFetch(monitor: Monitor, exchange: Exchange, request: Request): Promise<Response | undefined> {
  const verdict = monitor.judge(exchange);
  if (verdict.kind === "PASS") return undefined;
  const answer = await mfaAnswer(exchange, verdict, request);
  if (answer instanceof Response) return answer;
  return answer === true ? undefined : refusal(verdict.kind);
}

function refusal(kind: Exclude<Verdict["kind"], "PASS">): Response {
  const { status, headers, body } = answerOf(kind);
  return new Response(body, { status, headers });
}
