/** A stream as state that changes: what a user interface shows. Nothing is subscribed to while nobody looks. */
import type { VigilError } from "./error.ts";
import type { StreamState } from "./keep.ts";

export interface Live<Value> {
  value: Value;
  state: StreamState["state"];
  /** Why it waits, or has ended. */
  error: VigilError | undefined;
}

export interface LiveStore<Value> {
  /** Calls whenever `current` gives something else; answers what ends that. */
  subscribe(listener: () => void): () => void;
  current(): Live<Value>;
}

/** `open` is called when the first comes to look, and its stream left when the last has gone. */
export function createLiveStore<Event, Value>(
  initial: Value,
  open: (onState: (state: StreamState) => void) => AsyncIterableIterator<Event>,
  reduce: (value: Value, event: Event) => Value,
): LiveStore<Value> {
  const listeners = new Set<() => void>();
  let shown: Live<Value> = { value: initial, state: "connecting", error: undefined };
  let stream: AsyncIterableIterator<Event> | undefined;

  function show(next: Partial<Live<Value>>): void {
    shown = { ...shown, ...next };
    for (const listener of [...listeners]) listener();
  }

  async function read(mine: AsyncIterableIterator<Event>): Promise<void> {
    for await (const event of mine) {
      if (stream !== mine) return;
      show({ value: reduce(shown.value, event) });
    }
  }

  function start(): void {
    let isMine: () => boolean = () => true;
    const mine = open((state) => {
      if (!isMine()) return;
      // Between two tries nothing is flickered: `connecting` shows only at the start.
      if (state.state === "connecting" && shown.state !== "connecting") return;
      show({ state: state.state, error: "error" in state ? state.error : undefined });
    });
    stream = mine;
    isMine = () => stream === mine;
    read(mine).catch((error: VigilError) => {
      if (!isMine()) return;
      stream = undefined; // it says itself that it has ended, and not why where that was `reduce`
      show({ state: "closed", error });
    });
  }

  return {
    current: () => shown,
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) start();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        const left = stream;
        stream = undefined;
        void left?.return?.();
        shown = { value: initial, state: "connecting", error: undefined };
      };
    },
  };
}
