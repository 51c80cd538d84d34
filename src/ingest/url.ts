import type { EventDraft } from "./event.ts";

type Http = NonNullable<EventDraft["http"]>;

/** A query string that was sent inside the path becomes the query, before one that was sent as such. */
export function splitPath(http: Http): Http {
  const mark = http.path?.indexOf("?") ?? -1;
  if (http.path === undefined || mark < 0) return http;
  const { path, query, ...rest } = http;
  const split: Http = rest;
  const inner = path.slice(mark + 1);
  if (mark > 0) split.path = path.slice(0, mark);
  if (inner === "" || inner === query) {
    if (query !== undefined) split.query = query;
  } else {
    split.query = query === undefined ? inner : `${inner}&${query}`;
  }
  return split;
}
