/** `vigil/client/react`: streams as state of components. */
import { useMemo, useRef, useSyncExternalStore } from "react";
import type { Document } from "./document.ts";
import type { FollowEvent, FollowOptions } from "./follow.ts";
import type { VigilClient } from "./index.ts";
import { createLiveStore, type Live, type LiveStore } from "./live.ts";

export type { Live } from "./live.ts";

export interface UseLiveOptions<Value, Data, Snapshot>
  extends Pick<FollowOptions<Data, Snapshot>, "after" | "snapshot" | "cursorOf"> {
  /** What is shown before anything came. */
  initial: Value;
  /** What is shown after an event: with `snapshot`, `event.type === "snapshot"` replaces everything. */
  reduce(value: Value, event: FollowEvent<Data, Snapshot>): Value;
}

/**
 * Follows a durable stream while the component is mounted. Another client, document or variables begin anew; `options`
 * are those of the first render.
 */
export function useLive<Data, Variables, Value, Snapshot = never>(
  client: VigilClient,
  document: Document<Data, Variables>,
  variables: Variables,
  options: UseLiveOptions<Value, Data, Snapshot>,
): Live<Value> {
  const latest = useLatestRef(options);
  const key = JSON.stringify(variables ?? {});
  const store = useMemo(() => {
    const { initial, reduce, ...more } = latest.current;
    const given = JSON.parse(key) as Record<string, unknown>;
    return createLiveStore<FollowEvent<Data, Snapshot>, Value>(
      initial,
      (onState) =>
        client.follow<Data, Record<string, unknown>, Snapshot>(document as never, given, { ...more, onState }),
      (value, event) => (latest.current.reduce ?? reduce)(value, event),
    );
  }, [client, document, key, latest]);
  return useStore(store);
}

/** The latest value of a gauge, e.g. `realtimeMetrics`; undefined until the first came. */
export function useLatest<Data, Variables>(
  client: VigilClient,
  document: Document<Data, Variables>,
  variables: Variables,
): Live<Data | undefined> {
  const key = JSON.stringify(variables ?? {});
  const store = useMemo(() => {
    const given = JSON.parse(key) as Record<string, unknown>;
    return createLiveStore<Data, Data | undefined>(
      undefined,
      (onState) => client.subscribe<Data, Record<string, unknown>>(document as never, given, { onState }),
      (_value, data) => data,
    );
  }, [client, document, key]);
  return useStore(store);
}

function useStore<Value>(store: LiveStore<Value>): Live<Value> {
  return useSyncExternalStore(store.subscribe, store.current, store.current);
}

function useLatestRef<T>(value: T): { current: T } {
  const ref = useRef(value);
  ref.current = value;
  return ref;
}
