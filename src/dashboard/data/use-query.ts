import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, connectionState, isAway, query } from "../api.ts";
import type { TypedDocumentString } from "../generated/graphql.ts";

const kept = new Map<string, unknown>(); // the last answers, so that going back shows at once what was there
const mostKept = 60;
const patience = 15_000; // ms until an answer is given up for a newer one: its connection may be dead

function keep(key: string, data: unknown): void {
  kept.delete(key);
  kept.set(key, data);
  if (kept.size > mostKept) kept.delete(kept.keys().next().value as string);
}

/** Forgets every answer: somebody else signs in. */
export function forgetAnswers(): void {
  kept.clear();
  ahead.clear();
}

const ahead = new Map<string, Promise<unknown>>(); // answers that were asked for before their component was there

const keyOf = (document: { toString(): string }, variables: unknown): string =>
  `${document.toString()}${JSON.stringify(variables)}`;

/** Asks for what the first component that uses this query will show. */
export function askAhead<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): void {
  const answer = query(document, variables);
  answer.catch(() => undefined); // told where it is shown
  ahead.set(keyOf(document, variables), answer);
}

export interface QueryState<Result> {
  /** The last answer, also while a newer one is on its way. */
  data: Result | undefined;
  /** That answer is to other variables: to those of now there is none, or none yet. */
  isOther: boolean;
  error: ApiError | undefined;
  loading: boolean;
  /** Asks again, after an answer that is on its way; what is shown stays until the answer is there. */
  reload: () => void;
  /** Changes what is shown, before or besides what the server says. */
  patch: (change: (data: Result) => Result) => void;
}

interface State<Result> {
  /** What was asked. */
  key: string;
  data: Result | undefined;
  /** What `data` answers. */
  of: string;
  error: ApiError | undefined;
}

/** Reads by a document, anew when its variables change; undefined variables: not yet. */
export function useQuery<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables | undefined,
  /** Shows no answer of an earlier visit or to other variables until there is one: what a form is filled with is saved again. */
  { anew = false }: { anew?: boolean } = {},
): QueryState<Result> {
  const key = variables === undefined ? "" : keyOf(document, variables);
  const earlier = (): Result | undefined => (anew ? undefined : (kept.get(key) as Result | undefined));
  const [state, setState] = useState<State<Result>>(() => ({ key, data: earlier(), of: key, error: undefined }));
  const [loading, setLoading] = useState(true);
  const under = useRef<{ end: AbortController; since: number; again: boolean }>(undefined); // what is asked now

  /** What is shown until there is an answer. */
  function shownOf(last: State<Result>): Pick<State<Result>, "data" | "of"> {
    if (last.key === key) return last;
    const data = earlier();
    return anew || data !== undefined ? { data, of: key } : last;
  }

  const load = useCallback(() => {
    if (key === "") return;
    under.current?.end.abort();
    const asked = { end: new AbortController(), since: Date.now(), again: false };
    const { signal } = asked.end;
    under.current = asked;
    setLoading(true);
    function answered(): void {
      setLoading(false);
      under.current = undefined;
    }
    const early = ahead.get(key) as Promise<Result> | undefined;
    ahead.delete(key);
    (early ?? query(document, variables as Variables, signal)).then(
      (data) => {
        if (signal.aborted) return;
        keep(key, data);
        setState({ key, data, of: key, error: undefined });
        answered();
        if (asked.again) load(); // where it fails, that is said, and nothing is asked by itself
      },
      (error: unknown) => {
        if (signal.aborted) return;
        const fault = error instanceof ApiError ? error : new ApiError("INTERNAL", String(error));
        setState((before) => ({ ...shownOf(before), key, error: fault }));
        answered();
      },
    );
    // the key stands for document and variables
  }, [key]);

  useEffect(() => {
    load();
    return () => {
      under.current?.end.abort();
      under.current = undefined;
    };
  }, [load]);

  const latest = useRef(load);
  latest.current = load;
  const reload = useCallback(() => {
    // Where changes come faster than answers, there would never be one.
    if (under.current && Date.now() - under.current.since < patience) under.current.again = true;
    else latest.current(); // of what is asked now, whoever asks for it from before
  }, []);

  // What could not be read while the server was away is read once it is back.
  const isLeft = state.key === key && state.error !== undefined && isAway(state.error);
  useEffect(() => {
    if (!isLeft) return undefined;
    return connectionState.listen(() => connectionState.get() === "LIVE" && load());
  }, [isLeft, load]);

  const patch = useCallback((change: (data: Result) => Result) => {
    setState((before) => (before.data === undefined ? before : { ...before, data: change(before.data) }));
  }, []);

  const error = state.key === key ? state.error : undefined;
  const { data, of } = shownOf(state);
  return { data, isOther: of !== key, error, loading, reload, patch };
}
