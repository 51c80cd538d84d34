/** Pages of a connection, one after the other. */
import { VigilError } from "./error.ts";

/** What a page must tell, so that the next one can be asked for. */
export interface Connection {
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

/** `read` asks for the page behind a cursor. Errors: INTERNAL where the server says that more follows, and not where. */
export async function* pages<Page extends Connection>(
  read: (after: string | undefined) => Promise<Page>,
  from: string | undefined,
): AsyncGenerator<Page, void, void> {
  let after = from;
  for (;;) {
    const page = await read(after);
    yield page;
    const { hasNextPage, endCursor } = page.pageInfo;
    if (!hasNextPage) return;
    if (!endCursor || endCursor === after) throw new VigilError("INTERNAL", "The page names no end to go on from");
    after = endCursor;
  }
}
