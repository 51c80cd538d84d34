import type { EventDraft } from "../event.ts";
import { messageLimit } from "../readers.ts";
import { truncate } from "../text.ts";
import { isAbsolute, originForm } from "../url.ts";
import { cutText } from "../whole.ts";

type Http = NonNullable<EventDraft["http"]>;

/** A web server's event without time and address. */
export function webEvent(line: string): EventDraft {
  return {
    logsource: { category: "webserver" },
    action: "http.request",
    category: "WEB",
    outcome: "UNKNOWN",
    message: truncate(line, messageLimit),
    attributes: {},
  };
}

const escapes = /\\(?:x22|x5[cC]|["\\])/g;

/** Quotes and backslashes as they were sent: Apache writes \" and \\, nginx \x22 and \x5C. Other bytes stay escaped. */
function unescapeField(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(escapes, (escape) => (escape === "\\x22" || escape === '\\"' ? '"' : "\\"));
}

/** A field's text, or undefined for what servers write in place of nothing. */
export function fieldText(text: string | undefined): string | undefined {
  return text === undefined || text === "" || text === "-" ? undefined : unescapeField(text);
}

const method = /^[A-Za-z][\w-]{0,31}$/;
const version = /^HTTP\/[\d.]{1,8}$/;

/**
 * The request line. One that is no HTTP (a TLS handshake, a scanner's greeting) is kept escaped as the path, so that it can be
 * searched, and marked.
 */
export function setRequest(draft: EventDraft, http: Http, sent: string): void {
  const request = sent.trim(); // nginx takes blanks before the path and behind the version, and logs them
  if (request === "" || request === "-") return;
  const first = request.indexOf(" ");
  const last = request.lastIndexOf(" ");
  const versioned = last > first && version.test(request.slice(last + 1));
  const path = request.slice(first + 1, versioned ? last : undefined).trimStart();
  const hasPath = versioned ? path !== "" : path.startsWith("/") || (isAbsolute(path) && !path.includes(" "));
  if (first <= 0 || !method.test(request.slice(0, first)) || !hasPath) {
    http.path = cutText(draft, "http.path", request);
    draft.attributes["http.request.malformed"] = true;
    return;
  }
  http.method = request.slice(0, first);
  if (versioned) draft.attributes["http.version"] = request.slice(last + 6);
  const whole = originForm(draft, http, unescapeField(path));
  const mark = whole.indexOf("?");
  http.path = cutText(draft, "http.path", mark < 0 ? whole : whole.slice(0, mark));
  if (mark >= 0 && mark < whole.length - 1) http.query = cutText(draft, "http.query", whole.slice(mark + 1));
}

/** What the visitor's program says of itself, and where it comes from. */
export function setVisitor(draft: EventDraft, http: Http, agent?: string, referrer?: string): void {
  if (agent) draft.userAgent = cutText(draft, "userAgent", agent);
  if (referrer) http.referrer = cutText(draft, "http.referrer", referrer);
}

/** 4xx and 5xx are failures; nginx writes 000 for a connection that got no answer. */
export function setStatus(draft: EventDraft, http: Http, status: string): void {
  const code = Number(status);
  if (!(code >= 0 && code <= 999)) return;
  http.status = code;
  if (code >= 100) draft.outcome = code < 400 ? "SUCCESS" : "FAILURE";
}

export function setBytes(http: Http, bytes: string): void {
  const count = Number(bytes);
  if (Number.isSafeInteger(count)) http.bytes = count;
}

/** The end of a quoted field that begins at `from`: its first quote that no backslash escapes. -1 if it never ends. */
export function closingQuote(line: string, from: number): number {
  let quote = line.indexOf('"', from);
  while (quote >= 0) {
    let backslashes = 0;
    while (quote - backslashes > from && line.charCodeAt(quote - backslashes - 1) === 92) backslashes++;
    if (backslashes % 2 === 0) return quote;
    quote = line.indexOf('"', quote + 1);
  }
  return -1;
}
