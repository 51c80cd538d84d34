import { useEffect, useRef } from "react";
import { type ApiError, follow, query } from "../api.ts";
import { RealtimeCursorDocument, type TypedDocumentString } from "../generated/graphql.ts";
import { perFrame } from "./per-frame.ts";

/** A change of the feed, as each of its subscriptions answers one. */
export interface Change {
  cursor: string;
  kind: string;
}

/** What listeners get: changes in their order, or the word that some are lost and everything must be read anew. */
export type Batch<Value extends Change> = { changes: Value[]; lost: boolean };

export interface Feed<Value extends Change> {
  /** Listens until the returned function is called. */
  listen(listener: (batch: Batch<Value>) => void): () => void;
}

const mostHeld = 2_000; // changes held for one frame; a tab that slept longer reads anew

/**
 * One stream of changes that all pages share: it begins with its first listener and goes on exactly where it was after a
 * lost connection. Listeners are told at most once a frame.
 */
export function createFeed<Result, Value extends Change>(
  document: TypedDocumentString<Result, { after?: string | null }>,
  pick: (result: Result) => Value,
): Feed<Value> {
  const listeners = new Set<(batch: Batch<Value>) => void>();
  let after: string | undefined;
  let held: Value[] = [];
  let lost = false;
  let stop: (() => void) | undefined;

  const tell = perFrame(() => {
    const batch = { changes: lost ? [] : held, lost };
    held = [];
    lost = false;
    for (const listener of listeners) listener(batch);
  });

  function take(value: Value): void {
    after = value.cursor;
    if (value.kind === "CURSOR_EXPIRED" || held.length >= mostHeld) lost = true;
    if (lost) held = [];
    else held.push(value);
    tell();
  }

  function refused(error: ApiError): void {
    if (error.code !== "BAD_USER_INPUT") return; // no permission: the pages say so themselves
    after = undefined;
    lost = true;
    tell();
  }

  async function start(): Promise<void> {
    const { realtime } = await query(RealtimeCursorDocument, {});
    after ??= realtime.cursor;
    if (listeners.size === 0 || stop) return;
    stop = follow(
      document,
      () => ({ after: after ?? null }),
      (result) => take(pick(result)),
      refused,
    );
  }

  return {
    listen(listener) {
      listeners.add(listener);
      if (listeners.size === 1) start().catch(() => undefined); // whoever is not let in is told by the queries
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
        after = undefined;
      };
    },
  };
}

/** Listens to a feed while the component is shown. */
export function useFeed<Value extends Change>(feed: Feed<Value>, onBatch: (batch: Batch<Value>) => void): void {
  const latest = useRef(onBatch);
  latest.current = onBatch;
  useEffect(() => feed.listen((batch) => latest.current(batch)), [feed]);
}
