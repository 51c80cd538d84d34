import { useEffect, useMemo, useRef, useState } from "react";
import { query } from "../api.ts";
import type { TypedDocumentString } from "../generated/graphql.ts";
import { type QueryState, useQuery } from "./use-query.ts";

const mostAnew = 20; // pages that are read again at once; where there were more, one asks for them again

interface PageInfo {
  hasNextPage: boolean;
  endCursor?: string | null;
}

interface Connection<Node> {
  nodes: Node[];
  pageInfo: PageInfo;
}

/** What was read behind a first page. */
interface Behind<Node> {
  run: Run<Node>;
  era: number;
  /** With which variables. */
  key: string;
  first: Connection<Node>;
  pages: number;
  rows: Node[];
  info: PageInfo;
}

/** What goes on for a list while it is the same. */
interface Run<Node> {
  isOver: boolean;
  /** It is another one after changes were lost: what was read before says nothing. */
  era: number;
  /** How many pages there shall be behind the first. */
  wanted: number;
  reading: Promise<void> | undefined;
  /** Rows that changed while pages were read: an answer may be from before that. */
  changed: Map<string, Node>;
}

export interface Pages<Result, Node> extends QueryState<Result> {
  /** All rows read until now; those behind the first page are read anew where it ends elsewhere, and stay until then. */
  rows: Node[];
  hasMore: boolean;
  /** Reads the next page. */
  more: () => Promise<void>;
  /** Puts rows that changed in the place of what they were; of `undefined`, all pages are read anew by the next `reload`. */
  renew: (changed: readonly Node[] | undefined) => void;
}

/** A list that is read page by page; `pick` finds it in the answer. Other variables begin at the front. */
export function usePages<Result, Variables extends { after?: string | null | undefined }, Node extends { id: string }>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  pick: (result: Result) => Connection<Node>,
  /** The answer with other rows, for `renew`. */
  put: (result: Result, rows: Node[]) => Result = (result) => result,
  /** The list is the same while this is, though a moment in its variables moves on. Absent: while they are. */
  name?: string,
): Pages<Result, Node> {
  const state = useQuery(document, variables);
  const key = JSON.stringify(variables);
  const list = name ?? key;
  const shown = useRef(list); // of which list there was an answer last
  if (!state.isOther) shown.current = list;
  // Rows of another list stay until this one's are there: not where these could not be read.
  const data = state.error && shown.current !== list ? undefined : state.data;
  const run = useMemo<Run<Node>>(
    () => ({ isOver: false, era: 0, wanted: 0, reading: undefined, changed: new Map() }),
    [list],
  );
  const [kept, setBehind] = useState<Behind<Node>>();
  const behind = kept?.run === run ? kept : undefined;
  const first = data && pick(data);
  const isWhole =
    behind?.era === run.era &&
    behind.key === key &&
    JSON.stringify(behind.first.pageInfo) === JSON.stringify(first?.pageInfo);
  const info = behind?.info ?? first?.pageInfo;

  /** Reads on until there are as many pages as are wanted, from the first one's end where it is not what it was. */
  async function readPages(first: Connection<Node>): Promise<Behind<Node>> {
    const { era } = run;
    const anew = { run, era, key, first, pages: 0, rows: [], info: first.pageInfo };
    let read: Behind<Node> = isWhole ? behind : anew;
    run.changed.clear();
    while (!run.isOver && read.info.hasNextPage && read.pages < run.wanted && (isWhole || read.pages < mostAnew)) {
      const page = pick(await query(document, { ...variables, after: read.info.endCursor ?? null }));
      read = { ...read, pages: read.pages + 1, rows: [...read.rows, ...page.nodes], info: page.pageInfo };
    }
    return withRows(read, run.changed);
  }

  function read(): Promise<void> {
    if (!first) return Promise.resolve();
    run.reading ??= readPages(first)
      .finally(() => {
        run.reading = undefined;
      })
      .then((read) => {
        if (!run.isOver) setBehind(read);
      });
    return run.reading;
  }

  useEffect(() => {
    run.isOver = false;
    return () => {
      run.isOver = true;
    };
  }, [run]);

  useEffect(() => {
    if (behind && !isWhole) read().catch(() => undefined); // tried again with the next answer
  }, [state.data, behind]);

  function more(): Promise<void> {
    run.wanted = (behind?.pages ?? 0) + 1;
    return read();
  }

  function renew(changed: readonly Node[] | undefined): void {
    if (!changed) {
      run.era++;
      return;
    }
    const now = new Map(changed.map((row) => [row.id, row]));
    for (const [id, row] of now) run.changed.set(id, row);
    state.patch((data) => put(data, renewed(pick(data).nodes, now)));
    setBehind((before) => before && withRows(before, now));
  }

  const known = new Set<string>();
  const rows = [...(first?.nodes ?? []), ...((!isWhole && behind?.first.nodes) || []), ...(behind?.rows ?? [])];
  return {
    ...state,
    data,
    rows: rows.filter(({ id }) => !known.has(id) && known.add(id)),
    hasMore: info?.hasNextPage ?? false,
    more,
    renew,
  };
}

function renewed<Node extends { id: string }>(rows: readonly Node[], now: ReadonlyMap<string, Node>): Node[] {
  return rows.map((row) => now.get(row.id) ?? row);
}

function withRows<Node extends { id: string }>(behind: Behind<Node>, now: ReadonlyMap<string, Node>): Behind<Node> {
  const { first, rows } = behind;
  return { ...behind, first: { ...first, nodes: renewed(first.nodes, now) }, rows: renewed(rows, now) };
}
