import { useSyncExternalStore } from "react";
import { watch } from "../api.ts";
import { RealtimeGaugesDocument, type RealtimeGaugesSubscription } from "../generated/graphql.ts";

export type Gauges = RealtimeGaugesSubscription["realtimeMetrics"];

const mostKept = 120; // values of each gauge, for its trend
const listeners = new Set<() => void>();
let history: readonly Gauges[] = [];
let stop: (() => void) | undefined;

/** One stream for all counters on the page; it ends with the last of them. */
function listen(listener: () => void): () => void {
  listeners.add(listener);
  stop ??= watch(RealtimeGaugesDocument, { interval: "PT2S" }, ({ realtimeMetrics }) => {
    history = [...history.slice(1 - mostKept), realtimeMetrics];
    for (const one of listeners) one();
  });
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    stop?.();
    stop = undefined;
  };
}

const never = (): (() => void) => () => undefined;

/** The latest values of the server's gauges, the newest last; empty while `isOn` is false. */
export function useGauges(isOn: boolean): readonly Gauges[] {
  return useSyncExternalStore(isOn ? listen : never, () => history);
}
