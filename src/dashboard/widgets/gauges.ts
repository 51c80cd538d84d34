import { useSyncExternalStore } from "react";
import { query, watch } from "../api.ts";
import { GaugesNowDocument, RealtimeGaugesDocument, type RealtimeGaugesSubscription } from "../generated/graphql.ts";

export type Gauges = RealtimeGaugesSubscription["realtimeMetrics"];

const mostKept = 120; // values of each gauge, for its trend
const listeners = new Set<() => void>();
let history: readonly Gauges[] = [];
let stop: (() => void) | undefined;

function take(gauges: Gauges): void {
  history = [...history.slice(1 - mostKept), gauges];
  for (const one of listeners) one();
}

/** One stream for all counters on the page; it ends with the last of them. Until its first value, what a query says. */
function listen(listener: () => void): () => void {
  listeners.add(listener);
  if (stop === undefined && history.length === 0) {
    query(GaugesNowDocument, {}).then(
      ({ realtime }) => history.length === 0 && take(realtime.metrics),
      () => undefined, // the stream goes on trying
    );
  }
  stop ??= watch(RealtimeGaugesDocument, { interval: "PT2S" }, ({ realtimeMetrics }) => take(realtimeMetrics));
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
