import { useSyncExternalStore } from "react";
import { onSignedOut, query, watch } from "../api.ts";
import { GaugesNowDocument, RealtimeGaugesDocument, type RealtimeGaugesSubscription } from "../generated/graphql.ts";

export type Gauges = RealtimeGaugesSubscription["realtimeMetrics"];

const mostKept = 120; // values of each gauge, for its trend
const listeners = new Set<() => void>();
let history: readonly Gauges[] = [];
let isAsked = false;
let stop: (() => void) | undefined;

// Whoever signs in next may be of another organization.
onSignedOut(() => {
  history = [];
  isAsked = false;
});

function take(gauges: Gauges): void {
  history = [...history.slice(1 - mostKept), gauges];
  for (const one of listeners) one();
}

/** Asks for the first values before the stream stands, once. */
export function askGauges(): void {
  if (isAsked) return;
  isAsked = true;
  query(GaugesNowDocument, {}).then(
    ({ realtime }) => history.length === 0 && take(realtime.metrics),
    () => {
      isAsked = false; // the stream goes on trying
    },
  );
}

/** One stream for all counters on the page; it ends with the last of them. Until its first value, what a query says. */
function listen(listener: () => void): () => void {
  listeners.add(listener);
  if (history.length === 0) askGauges();
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
