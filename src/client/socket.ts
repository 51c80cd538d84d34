/** The one socket of a client, opened when something is subscribed: graphql-ws, with our own way of resuming. */
import { createClient } from "graphql-ws/client";
import { fromGraphQL, type GraphQLFault, readSeconds, VigilError } from "./error.ts";
import type { Operation } from "./http.ts";
import type { Settings } from "./options.ts";
import { watchWakes } from "./wake.ts";

const pingInterval = 15_000; // 15 seconds without a word: a ping
const pongTimeout = 5_000; // 5 seconds for its answer, else the connection is given up
const lingering = 1_000; // 1 second that an idle socket stays open for whoever subscribes next

export interface Result {
  data?: unknown;
  errors?: readonly GraphQLFault[];
}

export interface Listener {
  /** The subscription was sent. */
  onLive(): void;
  onResult(result: Result): void;
  /** It is over: completed by the server, or by a fault. */
  onEnd(fault: VigilError | undefined): void;
}

export interface Socket {
  /** Answers what ends the subscription. `operation` is read again whenever it is sent. */
  subscribe(operation: Operation, listener: Listener): () => void;
  isOffline(): boolean;
  /** Calls when the network or the machine came back; answers what ends that. */
  onWake(listener: () => void): () => void;
  close(): Promise<void>;
}

export function openSocket(settings: Settings): Socket {
  let open: WebSocketLike | undefined;
  let isAcknowledged = false;
  let wasAcknowledged = false;
  let pong: ReturnType<typeof setTimeout> | undefined;
  const wakeListeners = new Set<() => void>();
  const liveListeners = new Set<() => void>();

  const expectPong = (): void => {
    clearTimeout(pong);
    pong = setTimeout(() => client.terminate(), pongTimeout);
  };
  const client = createClient({
    url: settings.socketUrl,
    webSocketImpl: settings.webSocket,
    connectionParams: async () => {
      const token = await settings.token();
      const purpose = settings.headers["x-vigil-purpose"];
      return {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(purpose === undefined ? {} : { purpose }),
      };
    },
    retryAttempts: 0,
    lazyCloseTimeout: lingering,
    keepAlive: pingInterval,
    connectionAckWaitTimeout: pingInterval,
    on: {
      opened(socket) {
        open = socket as WebSocketLike;
      },
      connected() {
        isAcknowledged = true;
        for (const listener of [...liveListeners]) listener();
      },
      ping: (received) => void (received || expectPong()),
      message: () => clearTimeout(pong),
      closed() {
        wasAcknowledged = isAcknowledged;
        isAcknowledged = false;
        open = undefined;
        clearTimeout(pong);
      },
    },
  });
  const wakes = watchWakes(
    () => {
      // Waiting for the next ping would be long: is somebody there?
      if (open && isAcknowledged && open.readyState === 1) {
        open.send('{"type":"ping"}');
        expectPong();
      }
      for (const listener of [...wakeListeners]) listener();
    },
    () => client.terminate(),
  );

  return {
    subscribe(operation, { onLive, onResult, onEnd }) {
      let isOver = false;
      const end = (fault: VigilError | undefined): void => {
        if (isOver) return;
        isOver = true;
        liveListeners.delete(onLive);
        onEnd(fault);
      };
      liveListeners.add(onLive);
      if (isAcknowledged) onLive();
      const leave = client.subscribe(operation as { query: string }, {
        next: (result) => isOver || onResult(result as Result),
        error: (error) => end(faultOf(error, wasAcknowledged)),
        complete: () => end(undefined),
      });
      return () => {
        isOver = true;
        liveListeners.delete(onLive);
        leave();
      };
    },
    isOffline: wakes.isOffline,
    onWake(listener) {
      wakeListeners.add(listener);
      return () => wakeListeners.delete(listener);
    },
    async close() {
      wakes.close();
      clearTimeout(pong);
      await Promise.resolve(client.dispose()).catch(() => undefined);
    },
  };
}

interface WebSocketLike {
  readyState: number;
  send(text: string): void;
}

/** What ended a subscription: errors of GraphQL, or how its socket closed. */
function faultOf(error: unknown, wasAcknowledged: boolean): VigilError {
  if (Array.isArray(error)) return fromGraphQL(error as GraphQLFault[]);
  const { code, reason } = (error ?? {}) as { code?: unknown; reason?: unknown };
  const said = typeof reason === "string" && reason ? reason : "the connection was lost";
  const retryAfter = readSeconds(/retry-after=(\d+(?:\.\d+)?)/.exec(said)?.[1]);
  const closed = (kind: VigilError["code"], text = said) => new VigilError(kind, text, { retryAfter, cause: error });
  switch (code) {
    case 4400:
    case 4406:
      return closed("BAD_USER_INPUT");
    case 4401:
    case 4403:
      // One who was let in before may be let in again: with another token, or as another role.
      return wasAcknowledged ? closed("NETWORK") : closed("UNAUTHENTICATED", `Vigil does not let you in: ${said}`);
    case 4429:
      return closed("RATE_LIMITED");
    default:
      return closed("NETWORK");
  }
}
