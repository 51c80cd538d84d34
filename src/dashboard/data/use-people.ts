import { useCallback, useEffect, useState } from "react";
import { type ApiError, query } from "../api.ts";
import { EverybodyDocument, type EverybodyQuery } from "../generated/graphql.ts";

export type Someone = EverybodyQuery["users"]["nodes"][number];

interface People {
  data: readonly Someone[] | undefined;
  error: ApiError | undefined;
  reload: () => void;
}

async function readEverybody(signal: AbortSignal): Promise<Someone[]> {
  const found: Someone[] = [];
  for (let after: string | null = null; ; ) {
    const { users }: EverybodyQuery = await query(EverybodyDocument, { after }, signal);
    found.push(...users.nodes);
    if (!users.pageInfo.hasNextPage) return found;
    after = users.pageInfo.endCursor ?? null;
  }
}

/** Everybody who signs in, also those who are suspended, by name; none are `data` until they are known. */
export function usePeople(): People {
  const [people, setPeople] = useState<Omit<People, "reload">>({ data: undefined, error: undefined });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const end = new AbortController();
    readEverybody(end.signal).then(
      (data) => end.signal.aborted || setPeople({ data, error: undefined }),
      (error: ApiError) => end.signal.aborted || setPeople({ data: undefined, error }),
    );
    return () => end.abort();
  }, [round]);
  return { ...people, reload: useCallback(() => setRound((before) => before + 1), []) };
}
