import { useEffect, useRef, useState } from "react";
import { type ApiError, query } from "../../api.ts";
import { type EventRowFragment, LiveEventsDocument, type SecurityEventFilter } from "../../generated/graphql.ts";

const pace = 2_000; // ms between two looks: the API has no stream of events
const atOnce = 100; // events asked for in one look
const mostKept = 300; // rows on the page

export interface Tail {
  events: readonly EventRowFragment[];
  /** How many events came between two looks and are not shown. */
  passed: number;
  error: ApiError | undefined;
  loading: boolean;
}

const empty: Tail = { events: [], passed: 0, error: undefined, loading: true };

/** The latest events that fit, the newest first; a bounded list, which stands still while it is paused. */
export function useTail(filter: SecurityEventFilter, isPaused: boolean): Tail {
  const [tail, setTail] = useState(empty);
  const key = JSON.stringify(filter);
  const total = useRef<number>(undefined);

  useEffect(() => {
    setTail(empty);
    total.current = undefined;
    if (key === "") return;
  }, [key]);

  useEffect(() => {
    if (isPaused) return undefined;
    const end = new AbortController();
    let timer: ReturnType<typeof setTimeout>;

    async function look(): Promise<void> {
      if (!document.hidden || total.current === undefined) {
        try {
          const variables = { filter: JSON.parse(key) as SecurityEventFilter, first: atOnce };
          const { securityEvents } = await query(LiveEventsDocument, variables, end.signal);
          const before = total.current;
          total.current = securityEvents.totalCount;
          setTail((old) =>
            add(old, securityEvents.nodes, before === undefined ? 0 : securityEvents.totalCount - before),
          );
        } catch (error) {
          if (end.signal.aborted) return;
          setTail((old) => ({ ...old, error: error as ApiError, loading: false }));
        }
      }
      if (!end.signal.aborted) timer = setTimeout(() => void look(), pace);
    }

    void look();
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, [key, isPaused]);

  return tail;
}

/** `arrived`: by how many the total grew since the last look. */
export function add(old: Tail, nodes: readonly EventRowFragment[], arrived: number): Tail {
  const known = new Set(old.events.map(({ id }) => id));
  const fresh = nodes.filter(({ id }) => !known.has(id));
  const passed = old.passed + Math.max(0, arrived - fresh.length);
  const events = fresh.length === 0 ? old.events : [...fresh, ...old.events].slice(0, mostKept);
  return { events, passed, error: undefined, loading: false };
}
