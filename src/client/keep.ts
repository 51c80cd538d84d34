/** Keeps one subscription: subscribes again, for as long as it takes, whenever it was lost. */
import { backOff } from "./back-off.ts";
import { fromGraphQL, type VigilError } from "./error.ts";
import type { Operation } from "./http.ts";
import type { RetryOptions } from "./options.ts";
import type { Result, Socket } from "./socket.ts";

export type StreamState =
  /** On the way to the server. */
  | { state: "connecting" }
  /** Subscribed: what happens arrives. */
  | { state: "live" }
  /** Lost, because of `error`, or refused for now; tried again after `retryIn` ms. */
  | { state: "waiting"; error: VigilError; retryIn: number }
  /** The platform says that there is no network. Tried again as soon as there is. */
  | { state: "offline" }
  /** It is over. */
  | { state: "closed"; error?: VigilError };

export interface KeepOptions {
  socket: Socket;
  /** Read whenever it is sent: what changes in it counts from then on. */
  operation: Operation;
  retry: RetryOptions;
  signal: AbortSignal;
  onState(state: StreamState): void;
  /** Answers "leave" to end the subscription: `keep` then waits for `ready` and subscribes again; "stop": it is over. */
  onResult(result: Result): "leave" | "stop" | undefined;
  /** Resolves when there is room for more. */
  ready?(): Promise<void>;
}

const offlineLook = 60_000; // a minute: platforms err about being offline

/** Resolves when the signal or "stop" ended it. Errors: what will not pass, e.g. FORBIDDEN. */
export async function keep(options: KeepOptions): Promise<void> {
  const { socket, retry, signal, onState, ready } = options;
  let failures = 0;
  while (!signal.aborted) {
    await ready?.();
    if (signal.aborted) return;
    onState({ state: "connecting" });
    const end = await once(options, () => {
      failures = 0;
    });
    if (signal.aborted || end === "stop") return;
    if (end === "leave") continue;
    if (!end.isPassing) throw end;
    const isOffline = socket.isOffline();
    const retryIn = isOffline ? offlineLook : backOff(failures++, retry, end.retryAfter);
    onState(isOffline ? { state: "offline" } : { state: "waiting", error: end, retryIn });
    await sleep(retryIn, socket, signal);
  }
}

type End = "leave" | "stop" | VigilError;

/** Subscribes once; answers how it ended. */
function once({ socket, operation, signal, onState, onResult }: KeepOptions, onHeard: () => void): Promise<End> {
  return new Promise((resolve) => {
    let leave: () => void = () => {};
    let ended: End | undefined;
    const finish = (end: End): void => {
      ended ??= end;
      signal.removeEventListener("abort", abort);
      leave();
      resolve(ended);
    };
    const abort = (): void => finish("stop");
    signal.addEventListener("abort", abort, { once: true });
    leave = socket.subscribe(operation, {
      onLive: () => onState({ state: "live" }),
      onResult(result) {
        if (ended !== undefined) return;
        if (result.errors && (result.data === undefined || result.data === null)) {
          return finish(fromGraphQL(result.errors));
        }
        onHeard();
        const wish = onResult(result);
        if (wish) finish(wish);
      },
      onEnd: (fault) =>
        finish(fault ?? fromGraphQL([{ message: "the stream ended", extensions: { code: "NETWORK" } }])),
    });
    if (ended !== undefined) leave();
  });
}

/** Waits, until the network or the machine comes back at the latest. */
function sleep(ms: number, socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      forget();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    const forget = socket.onWake(end);
    signal.addEventListener("abort", end, { once: true });
  });
}
