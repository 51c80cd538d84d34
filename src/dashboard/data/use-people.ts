import { useEffect, useState } from "react";
import { query } from "../api.ts";
import { EverybodyDocument, type EverybodyQuery } from "../generated/graphql.ts";

export type Someone = EverybodyQuery["users"]["nodes"][number];

const mostPages = 20; // of 100

/** Everybody who signs in, also those who are suspended, by name; undefined until they are known. */
export function usePeople(): readonly Someone[] | undefined {
  const [people, setPeople] = useState<Someone[]>();
  useEffect(() => {
    const end = new AbortController();
    async function read(): Promise<void> {
      const found: Someone[] = [];
      let after: string | null | undefined = null;
      for (let page = 0; page < mostPages; page++) {
        const { users }: EverybodyQuery = await query(EverybodyDocument, { after }, end.signal);
        found.push(...users.nodes);
        if (!users.pageInfo.hasNextPage) break;
        after = users.pageInfo.endCursor ?? null;
      }
      setPeople(found);
    }
    read().catch(() => end.signal.aborted || setPeople([]));
    return () => end.abort();
  }, []);
  return people;
}
