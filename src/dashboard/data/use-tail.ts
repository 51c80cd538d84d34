import { startTransition, useCallback, useEffect, useRef, useState } from "react";
import { type ApiError, query, watch } from "../api.ts";
import {
  type EventRowFragment,
  LiveEventsDocument,
  LiveTailDocument,
  type SecurityEventFilter,
} from "../generated/graphql.ts";
import { perFrame } from "./per-frame.ts";

const atOnce = 100; // events read at once, as many as the stream gives in a page
const manyAtOnce = 20; // events; that few are shown at the next frame
const floodPause = 500; // ms between two pictures of more
const settling = 1_500; // ms after which the stream surely stands: what came while it was made is read once more

export interface Tail {
  /** The newest first. */
  events: readonly EventRowFragment[];
  /** How many are not shown, because too many came at once. */
  passed: number;
  /** How many came since it was paused. */
  waiting: number;
  error: ApiError | undefined;
  loading: boolean;
}

const empty: Tail = { events: [], passed: 0, waiting: 0, error: undefined, loading: true };

/** Events with those that come, the newest first and at most `most`, and how many of these were new. */
export function merged(
  old: readonly EventRowFragment[],
  newest: readonly EventRowFragment[],
  most: number,
): { events: readonly EventRowFragment[]; fresh: number } {
  const known = new Set(old.map(({ id }) => id));
  const fresh = newest.filter(({ id }) => !known.has(id));
  return { events: fresh.length === 0 ? old : [...fresh, ...old].slice(0, most), fresh: fresh.length };
}

/**
 * Events as they come in, at most `most` of them. What comes while the connection is lost is read once it is back; what
 * does not fit is counted. While it is paused the list stands still once it is there, and what comes is kept for later.
 */
export function useTail(
  filter: SecurityEventFilter,
  most: number,
  isPaused = false,
): Tail & {
  /** Begins anew. */
  reload: () => void;
} {
  const [tail, setTail] = useState(empty);
  const [round, setRound] = useState(0);
  const key = JSON.stringify(filter);
  const paused = useRef(isPaused);
  const show = useRef<() => void>(() => {});

  useEffect(() => {
    paused.current = isPaused;
    show.current();
  }, [isPaused]);

  useEffect(() => {
    const asked = JSON.parse(key) as SecurityEventFilter;
    const end = new AbortController();
    let { events, passed } = empty;
    let waiting = 0;
    let isRead = false; // whether the first page was asked for and answered
    let isThere = false; // whether it was drawn, too: from then on the list may stand still
    let timer: ReturnType<typeof setTimeout>;
    let flood: ReturnType<typeof setTimeout> | undefined;
    let lastDrawn = 0;
    setTail(empty);

    const draw = perFrame(() => {
      if (end.signal.aborted) return;
      lastDrawn = performance.now();
      const stands = paused.current && isThere;
      isThere ||= isRead;
      if (!stands) waiting = 0;
      const shown = stands ? { waiting } : { events, passed, waiting };
      // Drawn in slices: whatever the viewer does comes first.
      startTransition(() => setTail((old) => ({ ...old, ...shown, error: undefined, loading: false })));
    });
    show.current = () => void (events.length > 0 && draw());

    function take(newest: readonly EventRowFragment[], more: number): void {
      const next = merged(events, newest, most);
      events = next.events;
      passed += more;
      waiting += next.fresh + more;
      // More than anybody reads: fewer pictures of it, so that the page stays quick to use.
      const wait = next.fresh < manyAtOnce ? 0 : lastDrawn + floodPause - performance.now();
      if (wait <= 0) return draw();
      flood ??= setTimeout(() => {
        flood = undefined;
        draw();
      }, wait);
    }

    /** What came behind the newest that is known; the latest, where nothing is. */
    async function read(): Promise<void> {
      const after = events[0]?.receivedAt ?? "";
      const since = (range: object): SecurityEventFilter => (after ? { and: [asked, { receivedAt: range }] } : asked);
      const variables = {
        filter: since({ gte: after }), // a batch that came in the same moment, too
        later: since({ gt: after }),
        first: Math.min(most, atOnce),
        count: after !== "",
      };
      const answer = query(LiveEventsDocument, variables, end.signal).finally(() => {
        isRead = true;
      });
      const { securityEvents, later } = await answer;
      const { nodes } = securityEvents;
      const known = new Set([...events, ...nodes].flatMap(({ id, receivedAt }) => (receivedAt > after ? id : [])));
      take(nodes, later ? Math.max(0, later.totalCount - known.size) : 0);
    }

    const refused = (error: ApiError): void => {
      if (!end.signal.aborted) setTail((old) => ({ ...old, error, loading: false }));
    };
    const leave = watch(
      LiveTailDocument,
      { filter: asked },
      ({ securityEventStream: page }) => take([...page.events].reverse(), page.dropped),
      {
        onLive() {
          clearTimeout(timer);
          read().catch(refused);
          timer = setTimeout(() => void read().catch(() => undefined), settling);
        },
        onRefused: refused,
      },
    );
    return () => {
      end.abort();
      clearTimeout(timer);
      clearTimeout(flood);
      leave();
    };
  }, [key, most, round]);

  return { ...tail, reload: useCallback(() => setRound((before) => before + 1), []) };
}
