import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type ExecutionArgs, GraphQLError } from "graphql";
import { CloseCode } from "graphql-ws";
import { type Extra, useServer } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { Viewer } from "../access/viewer.ts";
import type { Context } from "../schema/context.ts";
import type { AddressOf } from "./address.ts";
import { urlOf } from "./answer.ts";
import { bearerOf, socketCookieOf } from "./credential.ts";
import type { FanOut } from "./fan-out.ts";
import type { GraphQLServer } from "./graphql.ts";
import { admit, backlogLimit, closeCodes, comeBackIn, dismiss, limitRate, tooSlow } from "./manners.ts";
import { createMask } from "./mask.ts";
import { watchCredential } from "./watch.ts";

const initTimeout = 3_000; // 3 seconds to say who you are
const payloadLimit = 65_536; // 64 KiB a message
const operationLimit = 100; // operations a socket
const paceInterval = 5_000; // 5 seconds between two looks at what is unsent

/** `viewer`: for as long as their credential holds. */
type SocketExtra = Extra & { viewer?: Viewer | undefined; purpose?: string; release?: () => void };

type Operation = ExecutionArgs & { rootValue: Record<"execute" | "subscribe", (args: ExecutionArgs) => never> };

interface Shared {
  yoga: GraphQLServer;
  fanOut: FanOut;
  context: Omit<Context, "viewer">;
  addressOf: AddressOf;
}

/** GraphQL over WebSocket (graphql-transport-ws) on /graphql. */
export function attachSocket(server: Server, { yoga, fanOut, context, addressOf }: Shared) {
  const { services } = context;
  const mask = createMask(services.log);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: payloadLimit });

  /** Ends a socket whose credential ends, and one that reads too slowly. */
  function watch(extra: SocketExtra, credential: string, viewer: Viewer, leave: () => void): void {
    const { socket } = extra;
    extra.viewer = viewer;
    const stop = watchCredential(services, credential, viewer, (reason) => {
      extra.viewer = undefined;
      dismiss(socket, CloseCode.Forbidden, reason);
    });
    const pace = setInterval(() => {
      if (socket.bufferedAmount > backlogLimit) dismiss(socket, closeCodes.tooSlow, tooSlow);
    }, paceInterval);
    pace.unref();
    extra.release = () => {
      leave();
      stop();
      clearInterval(pace);
    };
  }

  const running = useServer<
    { authorization?: unknown; Authorization?: unknown; purpose?: unknown },
    SocketExtra & Record<PropertyKey, unknown>
  >(
    {
      isProd: true, // what fails within is told to nobody, whatever NODE_ENV says
      connectionInitWaitTimeout: initTimeout,
      async onConnect(connection) {
        const extra = connection.extra as SocketExtra;
        const given = connection.connectionParams?.authorization ?? connection.connectionParams?.Authorization;
        const credential = typeof given === "string" ? bearerOf(given) : socketCookieOf(extra.request);
        if (credential === undefined) return false; // closes with 4403
        const purpose = connection.connectionParams?.purpose;
        if (typeof purpose === "string") extra.purpose = purpose;
        let viewer: Viewer;
        try {
          viewer = await services.authenticator.authenticate(credential);
        } catch (error) {
          const { message, extensions } = mask(error) as GraphQLError;
          // Whoever may come in, but not just now, is not told that they may not.
          if (extensions.code !== "UNAUTHENTICATED") {
            const code = extensions.code === "RATE_LIMITED" ? closeCodes.tooMany : closeCodes.notNow;
            dismiss(extra.socket, code, `${message} retry-after=1`);
          }
          return false;
        }
        if (extra.socket.readyState !== extra.socket.OPEN) return true;
        const admitted = await admit(services.connections, viewer);
        if (typeof admitted === "string") {
          dismiss(extra.socket, closeCodes.tooMany, admitted);
          return false;
        }
        if (extra.socket.readyState !== extra.socket.OPEN) {
          admitted();
          return true;
        }
        watch(extra, credential, viewer, admitted);
        return true;
      },
      onClose(connection) {
        (connection.extra as SocketExtra).release?.();
      },
      async onSubscribe(connection, id, params) {
        const extra = connection.extra as SocketExtra;
        // A socket that is closing is read on until the other side closes, too.
        if (!extra.viewer) return [new GraphQLError("Sign in anew", { extensions: { code: "UNAUTHENTICATED" } })];
        if (Object.keys(connection.subscriptions).length > operationLimit) {
          const message = `A socket runs at most ${operationLimit} operations`;
          return [new GraphQLError(message, { extensions: { code: "RATE_LIMITED" } })];
        }
        const enveloped = yoga.getEnveloped({
          ...context,
          viewer: extra.viewer,
          purpose: extra.purpose,
          address: addressOf(extra.request),
          req: extra.request,
          params,
        });
        const { schema, execute, subscribe, contextFactory, parse, validate } = enveloped;
        let document: ReturnType<typeof parse>;
        try {
          document = parse(params.query);
        } catch (error) {
          return [error as GraphQLError];
        }
        if (document instanceof Error) return [document as unknown as GraphQLError];
        const faults = validate(schema, document);
        if (faults.length > 0) return faults;
        return {
          schema,
          document,
          operationName: params.operationName,
          variableValues: params.variables,
          contextValue: await contextFactory(),
          rootValue: {
            execute,
            subscribe: async (args: ExecutionArgs) => (await share(fanOut, extra, id, args)) ?? subscribe(args),
          },
        } as ExecutionArgs;
      },
      execute: (args) => (args as Operation).rootValue.execute(args),
      subscribe: (args) => (args as Operation).rootValue.subscribe(args),
    },
    sockets,
  );

  server.on("upgrade", async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    if (urlOf(request)?.pathname !== "/graphql" || context.closing.aborted) {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    let leave: () => void;
    try {
      leave = await services.connections.enter("address", addressOf(request) ?? "");
    } catch {
      socket.end("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    if (socket.destroyed) return leave();
    socket.once("close", leave);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      limitRate(webSocket, services.now);
      sockets.emit("connection", webSocket, request);
    });
  });

  return {
    /** Connections. */
    open: () => sockets.clients.size,
    /** Tells every client that the server is going away (1001), and when it should come back. */
    async close(): Promise<void> {
      let place = 0;
      for (const socket of sockets.clients) {
        const reason = `Going away; retry-after=${comeBackIn(place++, sockets.clients.size)}`;
        socket.close(closeCodes.goingAway, reason);
      }
      await running.dispose();
    },
    /** Cuts whoever did not answer. */
    cut(): void {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

/** Has the subscription's frames written by the fan-out: the stream that this answers has no values, only an end. */
async function share(
  fanOut: FanOut,
  { socket, request }: SocketExtra,
  id: string,
  args: ExecutionArgs,
): Promise<AsyncIterableIterator<never> | undefined> {
  const head = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
  const tail = Buffer.from("}");
  let over: (end: IteratorResult<never>) => void = () => {};
  let broke: (fault: Error) => void = () => {};
  const ended = new Promise<IteratorResult<never>>((resolve, reject) => {
    [over, broke] = [resolve, reject];
  });
  ended.catch(() => {}); // whoever has left does not ask
  const done = { done: true as const, value: undefined };
  const leave = await fanOut.join(args, {
    context: args.contextValue as Context & { viewer: Viewer },
    send(payloads) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > backlogLimit) return dismiss(socket, closeCodes.tooSlow, tooSlow);
      request.socket.cork(); // one write for all of them
      for (const { bytes } of payloads) socket.send(Buffer.concat([head, bytes, tail]), { binary: false });
      request.socket.uncork();
    },
    end: (fault) => (fault ? broke(fault) : over(done)),
  });
  if (!leave) return undefined;
  const stream: AsyncIterableIterator<never> = {
    next: () => ended,
    async return() {
      leave();
      over(done);
      return done;
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}
