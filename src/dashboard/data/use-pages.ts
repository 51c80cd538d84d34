import { useState } from "react";
import { query } from "../api.ts";
import type { TypedDocumentString } from "../generated/graphql.ts";
import { type QueryState, useQuery } from "./use-query.ts";

interface Connection<Node> {
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

export interface Pages<Result, Node> extends QueryState<Result> {
  /** All rows read until now: the first page as it is now, those behind it as they were. */
  rows: Node[];
  hasMore: boolean;
  /** Reads the next page. */
  more: () => Promise<void>;
  /** Puts rows that changed in the place of what they were; of `undefined`, pages behind the first are forgotten. */
  renew: (changed: readonly Node[] | undefined) => void;
}

/** A list that is read page by page; `pick` finds it in the answer. Other variables begin at the front. */
export function usePages<Result, Variables extends { after?: string | null | undefined }, Node extends { id: string }>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  pick: (result: Result) => Connection<Node>,
  /** The answer with other rows, for `renew`. */
  put: (result: Result, rows: Node[]) => Result = (result) => result,
): Pages<Result, Node> {
  const state = useQuery(document, variables);
  const key = JSON.stringify(variables);
  const [behind, setBehind] = useState<{ of: string; rows: Node[]; info: Connection<Node>["pageInfo"] }>();
  const first = state.data && pick(state.data);
  const older = behind?.of === key ? behind : undefined;
  const info = older?.info ?? first?.pageInfo;
  const known = new Set(first?.nodes.map(({ id }) => id));

  async function more(): Promise<void> {
    const page = pick(await query(document, { ...variables, after: info?.endCursor ?? null }));
    setBehind({ of: key, rows: [...(older?.rows ?? []), ...page.nodes], info: page.pageInfo });
  }

  function renew(changed: readonly Node[] | undefined): void {
    if (!changed) return setBehind(undefined);
    const now = new Map(changed.map((row) => [row.id, row]));
    const renewed = (rows: readonly Node[]) => rows.map((row) => now.get(row.id) ?? row);
    state.patch((data) => put(data, renewed(pick(data).nodes)));
    setBehind((before) => before && { ...before, rows: renewed(before.rows) });
  }

  return {
    ...state,
    rows: [...(first?.nodes ?? []), ...(older?.rows ?? []).filter(({ id }) => !known.has(id))],
    hasMore: info?.hasNextPage ?? false,
    more,
    renew,
  };
}
