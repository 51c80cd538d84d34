/** `vigil/client`: Vigil's GraphQL for browsers and Node, with streams that resume where they were lost. */
import { type Document, textOf } from "./document.ts";
import { VigilError } from "./error.ts";
import { type FollowEvent, type FollowOptions, follow } from "./follow.ts";
import { type CallOptions, call } from "./http.ts";
import { keep, type StreamState } from "./keep.ts";
import { type ClientOptions, readOptions } from "./options.ts";
import { type Connection, pages } from "./pages.ts";
import { Queue } from "./queue.ts";
import { openSocket, type Socket } from "./socket.ts";

export type { Document, ParsedDocument, TypedDocument } from "./document.ts";
export { type ErrorCode, type GraphQLFault, VigilError } from "./error.ts";
export type { FollowEvent, FollowOptions } from "./follow.ts";
export type { CallOptions } from "./http.ts";
export type { StreamState } from "./keep.ts";
export type { ClientOptions, RetryOptions, WebSocketClass } from "./options.ts";
export type { Connection } from "./pages.ts";

/** Variables, where the document has any that must be given; then options. */
type Given<Variables, Options> =
  Record<string, never> extends Variables
    ? [variables?: Variables, options?: Options]
    : [variables: Variables, options?: Options];

export interface SubscribeOptions {
  onState?: ((state: StreamState) => void) | undefined;
  signal?: AbortSignal | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: the result of a text is what its sender says it is
type Anything = any;

export interface VigilClient {
  /** The answer's data; tried again after failures on the way. Errors: VigilError, by its `code`. */
  query<Result = Anything, Variables = Record<string, unknown>>(
    document: Document<Result, Variables>,
    ...given: Given<Variables, CallOptions>
  ): Promise<Result>;
  /** Sent once, unless `retry: true` says that it does no harm twice. What the input lacks is in `userErrors`. */
  mutate<Result = Anything, Variables = Record<string, unknown>>(
    document: Document<Result, Variables>,
    ...given: Given<Variables, CallOptions>
  ): Promise<Result>;
  /**
   * A gauge or a live tail: what arrives while connected, the newest 1,000 of what waits for you. It is subscribed to again
   * after a loss; what was between is not.
   */
  subscribe<Result = Anything, Variables = Record<string, unknown>>(
    document: Document<Result, Variables>,
    ...given: Given<Variables, SubscribeOptions>
  ): AsyncIterableIterator<Result>;
  /** A durable stream: every change once, in order, behind `after`. The document takes `$after`, and selects `cursor` and `kind`. */
  follow<Result = Anything, Variables = Record<string, unknown>, Snapshot = never>(
    document: Document<Result, Variables>,
    ...given: Given<Variables, FollowOptions<Result, Snapshot>>
  ): AsyncIterableIterator<FollowEvent<Result, Snapshot>>;
  /** Every page of a connection; the document takes `$after`, and selects `pageInfo { hasNextPage endCursor }`. */
  pages<Result, Variables, Page extends Connection>(
    document: Document<Result, Variables>,
    variables: Variables,
    connectionOf: (data: Result) => Page,
    options?: CallOptions,
  ): AsyncGenerator<Page, void, void>;
  /** Ends every stream and the socket. */
  close(): Promise<void>;
}

const mostWaiting = 1_000; // results of a gauge or live tail that nobody has taken yet

/** Errors: VigilError BAD_USER_INPUT for wrong options. */
export function createClient(options: ClientOptions = {}): VigilClient {
  const settings = readOptions(options);
  const closing = new AbortController();
  let socket: Socket | undefined;
  const connect = (): Socket => {
    closing.signal.throwIfAborted();
    if (!settings.webSocket) {
      throw new VigilError(
        "BAD_USER_INPUT",
        "This platform has no WebSocket: give `webSocket`, e.g. of the package ws",
      );
    }
    return (socket ??= openSocket(settings));
  };
  const ending = (signal: AbortSignal | undefined): AbortSignal =>
    signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;

  const ask =
    (retry: boolean) =>
    (document: Anything, variables?: unknown, more: CallOptions = {}) =>
      call(settings, { query: textOf(document), variables: variables ?? {} }, { retry, ...more });
  const query = ask(true);

  return {
    query,
    mutate: ask(false),
    subscribe(document: Anything, variables?: unknown, { onState = () => {}, signal }: SubscribeOptions = {}) {
      const left = new AbortController();
      const queue = new Queue<Anything>(() => left.abort(), mostWaiting);
      const until = AbortSignal.any([left.signal, ending(signal)]);
      const operation = { query: textOf(document), variables: variables ?? {} };
      keep({
        socket: connect(),
        operation,
        retry: settings.retry,
        signal: until,
        onState,
        onResult: ({ data }) => void queue.push(data),
      }).then(
        () => {
          onState({ state: "closed" });
          queue.end();
        },
        (error: VigilError) => {
          onState({ state: "closed", error });
          queue.end({ fault: error });
        },
      );
      return queue;
    },
    follow(document: Anything, variables?: Anything, more: FollowOptions<Anything, Anything> = {}) {
      return follow<Anything, Anything>({
        ...more,
        query: textOf(document),
        variables: variables ?? {},
        after: more.after ?? variables?.after ?? undefined,
        socket: connect(),
        retry: settings.retry,
        signal: ending(more.signal),
        readCursor: async (signal) =>
          ((await query("{ realtime { cursor } }", {}, { signal })) as Anything).realtime.cursor as string,
      });
    },
    pages(document: Anything, variables: Anything, connectionOf: Anything, more?: CallOptions) {
      const read = async (after: string | undefined) =>
        connectionOf(await query(document, { ...variables, after: after ?? null }, more));
      return pages<Anything>(read, variables?.after ?? undefined);
    },
    async close() {
      closing.abort();
      await socket?.close();
    },
  } as VigilClient;
}
