import { useEffect, useRef } from "react";
import { follow, onSignedOut } from "../api.ts";
import type { TypedDocumentString } from "../generated/graphql.ts";
import { perFrame } from "./per-frame.ts";

/** What listeners get: changes in their order, or the word that some are lost and everything must be read anew. */
export type Batch<Value> = { changes: Value[]; lost: boolean };

export interface Feed<Value> {
  /** Listens until the returned function is called. */
  listen(listener: (batch: Batch<Value>) => void): () => void;
}

const mostHeld = 2_000; // changes held for one frame; a tab that slept longer reads anew
const lingering = 30_000; // ms that a stream goes on without a listener: the next page wants it, too
const settling = 2_000; // ms until everything is read anew at a stream's beginning: not while it is read for the first time

/**
 * One stream of changes that all pages share: it begins with its first listener and goes on exactly where it was after a
 * lost connection. Listeners are told at most once a frame; soon after its beginning to read anew, as things may have
 * changed between their reading and that.
 */
export function createFeed<Result, Value>(
  document: TypedDocumentString<Result, { after?: string | null }>,
  pick: (result: Result) => Value,
): Feed<Value> {
  const listeners = new Set<(batch: Batch<Value>) => void>();
  let held: Value[] = [];
  let lost = false;
  let isNew = true;
  let stop: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const tell = perFrame(() => {
    if (!lost && held.length === 0) return; // it was told since it was asked for
    const batch = { changes: lost ? [] : held, lost };
    held = [];
    lost = false;
    for (const listener of listeners) listener(batch);
  });

  function take(result: Result | undefined): void {
    if (result === undefined || held.length >= mostHeld) lost = true;
    if (lost) held = [];
    else held.push(pick(result as Result));
    const begins = isNew;
    isNew = false;
    if (begins) setTimeout(tell, settling);
    else tell();
  }

  /** What was not told yet is told to nobody: whoever listens next reads first. */
  function end(): void {
    stop?.();
    stop = undefined;
    held = [];
    lost = false;
    isNew = true;
  }

  onSignedOut(end); // whoever signs in next may be of another organization, and the stream ends with the session

  return {
    listen(listener) {
      listeners.add(listener);
      clearTimeout(timer);
      stop ??= follow(document, take, end); // whoever is not let in is told by the queries
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) timer = setTimeout(end, lingering);
      };
    },
  };
}

/** Listens to a feed while the component is shown. */
export function useFeed<Value>(feed: Feed<Value>, onBatch: (batch: Batch<Value>) => void): void {
  const latest = useRef(onBatch);
  latest.current = onBatch;
  useEffect(() => feed.listen((batch) => latest.current(batch)), [feed]);
}
