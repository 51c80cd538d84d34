import type { EventDraft } from "./event.ts";

/** A query string that was sent inside the path becomes the query, before one that was sent as such. */
export function finishHttp(http: NonNullable<EventDraft["http"]>): void {
  const path = http.path;
  if (path === undefined) return;
  const mark = path.indexOf("?");
  if (mark < 0) return;
  const inner = path.slice(mark + 1);
  http.path = path.slice(0, mark);
  if (http.path === "") delete http.path;
  if (inner !== "" && inner !== http.query) http.query = http.query === undefined ? inner : `${inner}&${http.query}`;
}
