import type { EventDraft } from "./event.ts";
import { textLimit } from "./readers.ts";
import { truncate } from "./text.ts";
import { cutText, wholesOf } from "./whole.ts";

type Http = NonNullable<EventDraft["http"]>;

/** The attribute that has the scheme and authority of a request whose target was sent in absolute-form. */
export const absoluteKey = "http.request.absolute";

const slash = 47;
const absolute = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#\\]*)/;

const ofWeb = /^(?:http|ws)s?$/i;

/** Whether scheme and authority stand before a request's path: `GET http://shop.example/cart` (RFC 9112 §3.2.2). */
export function isAbsolute(target: string): boolean {
  return target.charCodeAt(0) !== slash && absolute.test(target);
}

/**
 * A request's target without scheme and authority, which servers ignore: they serve its path. The two are noted.
 * CONNECT's `shop.example:443`, `*` and `//cart`, which is a path, stay what they are.
 */
export function originForm(draft: EventDraft, http: Http, target: string): string {
  if (target.charCodeAt(0) === slash) return target;
  const match = absolute.exec(target);
  if (match === null) return target;
  const [before = "", scheme = "", authority = ""] = match;
  draft.attributes[absoluteKey] = before;
  const host = authority.slice(authority.lastIndexOf("@") + 1).replace(/:\d{0,5}$/, "");
  if (host !== "" && ofWeb.test(scheme)) http.host ??= truncate(host, textLimit); // what else stands there may be anything
  const path = target.slice(before.length);
  return path.startsWith("/") || path.startsWith("\\") ? path : `/${path}`;
}

/** Path and query as servers read them, however they were sent. */
export function readTarget(draft: EventDraft, http: Http): Http {
  if (http.path === undefined || !isAbsolute(http.path)) return splitPath(http);
  const wholes = wholesOf(draft); // what is behind the host may have been cut, too: it is cut anew
  const whole: Http = { ...http };
  whole.path = originForm(draft, whole, wholes?.["http.path"] ?? http.path);
  const query = wholes?.["http.query"] ?? http.query;
  if (query !== undefined) whole.query = query;
  const split = splitPath(whole);
  if (split.path !== undefined) split.path = cutText(draft, "http.path", split.path);
  if (split.query !== undefined) split.query = cutText(draft, "http.query", split.query);
  return split;
}

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
