/**
 * Follows a durable stream: every change once, in order, whatever happens to the connection. Each change carries a
 * cursor; after a loss the stream is asked for what comes behind the last one that was received.
 */
import { backOff, pause } from "./back-off.ts";
import { fromGraphQL, type GraphQLFault, VigilError } from "./error.ts";
import { keep, type StreamState } from "./keep.ts";
import type { RetryOptions } from "./options.ts";
import { Queue } from "./queue.ts";
import type { Result, Socket } from "./socket.ts";

export type FollowEvent<Data, Snapshot = never> =
  /** One change. Keep its cursor: `after` resumes behind it. `errors`: fields that could not be read. */
  | { type: "change"; data: Data; cursor: string; errors?: readonly GraphQLFault[] }
  /** The state of things, in place of all you know: at the start, and after `expired`. Changes follow behind it. */
  | { type: "snapshot"; data: Snapshot; cursor: string }
  /** The server no longer has all that came after the cursor: what you know may be out of date. Live goes on from here. */
  | { type: "expired"; cursor: string };

export interface FollowOptions<Data, Snapshot> {
  /** Resume behind this cursor. Absent: from now on. */
  after?: string | undefined;
  /** The cursor in what the stream delivers; the root field's `cursor` unless told. */
  cursorOf?: (data: Data) => string;
  /** Reads the state of things: at the start without `after`, and whenever the cursor has expired. */
  snapshot?: (signal: AbortSignal) => Promise<Snapshot>;
  onState?: ((state: StreamState) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** So many changes wait for you (1,000) before the server is asked to wait, too. */
  buffer?: number;
}

export interface FollowSource<Data, Snapshot> extends FollowOptions<Data, Snapshot> {
  query: string;
  variables: Record<string, unknown>;
  socket: Socket;
  retry: RetryOptions;
  /** The present end of the feed. */
  readCursor(signal: AbortSignal): Promise<string>;
}

export function follow<Data, Snapshot>(source: FollowSource<Data, Snapshot>): Queue<FollowEvent<Data, Snapshot>> {
  const { socket, retry, cursorOf = cursorIn, onState = () => {}, buffer = 1_000 } = source;
  const over = new AbortController();
  const end = (): void => over.abort();
  const queue = new Queue<FollowEvent<Data, Snapshot>>(end);
  if (source.signal?.aborted) end();
  source.signal?.addEventListener("abort", end, { once: true });

  /** A snapshot is read behind its cursor, so that nothing falls between the two. */
  async function begin(known: string | undefined): Promise<string> {
    const cursor = known ?? (await lasting(() => source.readCursor(over.signal)));
    const { snapshot } = source;
    if (snapshot) queue.push({ type: "snapshot", data: await lasting(() => snapshot(over.signal)), cursor });
    return cursor;
  }

  /** Tries for as long as the fault may pass. */
  async function lasting<T>(attempt: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await attempt();
      } catch (error) {
        if (over.signal.aborted || !(error instanceof VigilError) || !error.isPassing) throw error;
        const retryIn = backOff(failures, retry, error.retryAfter);
        onState({ state: "waiting", error, retryIn });
        await pause(retryIn, over.signal);
        over.signal.throwIfAborted();
      }
    }
  }

  async function run(): Promise<void> {
    const { query } = source;
    let after = source.after ?? (await begin(undefined));
    while (!over.signal.aborted) {
      const operation = { query, variables: { ...source.variables, after } };
      let expiredAt: string | undefined;
      const onResult = ({ data, errors }: Result): "leave" | "stop" | undefined => {
        const cursor = cursorOf(data as Data);
        if (typeof cursor !== "string") throw new VigilError("BAD_USER_INPUT", noCursor);
        if (kindIn(data) === "CURSOR_EXPIRED") {
          expiredAt = cursor;
          return "stop";
        }
        operation.variables.after = cursor;
        queue.push({ type: "change", data: data as Data, cursor, ...(errors ? { errors } : {}) });
        return queue.length >= buffer ? "leave" : undefined;
      };
      const ready = () => queue.drained(over.signal);
      await keep({ socket, operation, retry, signal: over.signal, onState, onResult: guarded(onResult), ready });
      if (expiredAt === undefined) return;
      queue.push({ type: "expired", cursor: expiredAt });
      after = await begin(expiredAt);
    }
  }

  let fault: VigilError | undefined;
  /** What the reading of a result throws ends the stream, not the socket. */
  const guarded =
    (read: (result: Result) => "leave" | "stop" | undefined) =>
    (result: Result): "leave" | "stop" | undefined => {
      try {
        return read(result);
      } catch (error) {
        fault = error as VigilError;
        return "stop";
      }
    };

  run()
    .then(
      () => fault,
      (error: VigilError) => (over.signal.aborted ? undefined : error),
    )
    .then((error) => {
      source.signal?.removeEventListener("abort", end);
      over.abort();
      onState(error ? { state: "closed", error } : { state: "closed" });
      queue.end(error ? { fault: error } : {});
    });
  return queue;
}

const noCursor = "The subscription does not select `cursor`: without it nothing can be resumed";

/** The subscription's one field. */
function rootOf(data: unknown): { cursor?: unknown; kind?: unknown } {
  const [root] = Object.values((data ?? {}) as Record<string, unknown>);
  return (root ?? {}) as { cursor?: unknown; kind?: unknown };
}

function cursorIn(data: unknown): string {
  const { cursor, kind } = rootOf(data);
  if (typeof cursor !== "string") throw new VigilError("BAD_USER_INPUT", noCursor);
  if (kind === undefined) {
    const message = "The subscription does not select `kind`: without it nobody hears that a cursor has expired";
    throw fromGraphQL([{ message, extensions: { code: "BAD_USER_INPUT" } }]);
  }
  return cursor;
}

const kindIn = (data: unknown): unknown => rootOf(data).kind;
