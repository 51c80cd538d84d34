import { canonicalAddress } from "../../address.ts";
import type { EventDraft } from "../event.ts";
import { cutUser, textLimit } from "../readers.ts";
import { truncate } from "../text.ts";
import { setRequest, webEvent } from "./web-request.ts";

const basicAuth = /^user "([^:]*)": password mismatch|^user "([^:]*)" was not found in "/s;
const client = /, client: ([0-9A-Fa-f.:]{2,45})(?=$|, )/g;
const request = /, request: "/;
const requestEnd = / HTTP\/[\d.]{1,8}"/g;

/**
 * The text of an nginx error line behind its `*N`: a refused basic authentication, or another refused request. Undefined for
 * what the server says about itself.
 */
export function readNginxError(message: string): EventDraft | undefined {
  const draft = webEvent(message);
  draft.logsource = { category: "webserver", product: "nginx" };
  draft.outcome = "FAILURE";
  const failed = basicAuth.exec(message);
  const named = failed?.[1] ?? failed?.[2];
  const context = clientOf(message, failed !== null);
  if (failed === null && context === undefined && !message.startsWith("limiting ")) return undefined;
  if (failed !== null) {
    draft.action = "login";
    draft.category = "AUTHENTICATION";
    if (named !== undefined && named !== "") draft.actor = { name: cutUser(named) };
  } else {
    draft.action = actionOf(message);
  }
  if (context === undefined) return draft;
  if (context.address !== undefined) draft.source = { ip: context.address };
  readContext(draft, message.slice(context.end));
  return draft;
}

function actionOf(message: string): string {
  if (message.startsWith("limiting ")) return "http.limited";
  return message.startsWith("access forbidden") ? "http.forbidden" : "http.error";
}

/**
 * A path in the message may hold ", client: 1.2.3.4" of its own: where two addresses could be the true one, none is taken.
 * A user name of basic authentication cannot, as it ends at its first colon.
 */
function clientOf(message: string, afterUser: boolean): { address: string | undefined; end: number } | undefined {
  let found: { address: string | undefined; end: number } | undefined;
  for (const match of message.matchAll(client)) {
    const address = canonicalAddress(match[1] as string);
    if (address === undefined) continue;
    if (found === undefined) found = { address, end: match.index + match[0].length };
    else if (!afterUser && found.address !== address) return { address: undefined, end: found.end };
    if (afterUser) return found;
  }
  return found;
}

function readContext(draft: EventDraft, context: string): void {
  const http: NonNullable<EventDraft["http"]> = {};
  const start = request.exec(context);
  if (start !== null) {
    const from = start.index + start[0].length;
    const end = endOfRequest(context, from);
    if (end >= 0) setRequest(draft, http, context.slice(from, end));
    const host = /^", (?:[a-z]+: "[^"]*", )*?host: "([^"]*)"/.exec(context.slice(end));
    if (host?.[1]) http.host = truncate(host[1], textLimit);
  }
  if (Object.keys(http).length > 0) draft.http = http;
}

/** Quotes in a path are written as they came: a request with a version ends behind that. */
function endOfRequest(context: string, from: number): number {
  requestEnd.lastIndex = from;
  return requestEnd.test(context) ? requestEnd.lastIndex - 1 : context.indexOf('"', from);
}
