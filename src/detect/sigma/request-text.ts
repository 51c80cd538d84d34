/**
 * What a web request says once it is decoded, so that a rule need not know every way to write a quote. Lower case,
 * decoded as often as an attacker may hope that somebody decodes it, blanks and SQL comments as one blank.
 */
import type { SecurityEvent } from "../../ingest/event.ts";
import { readSent } from "./read-sent.ts";
import { decoded, decodings, piecesOf } from "./request-decode.ts";
import { agentOf, referrerOf, requestOf } from "./whole-text.ts";

/** Path, query, body, cookies and headers of its own, each decoded: what an application takes its input from. */
export const inputOf = remembered((event: SecurityEvent): string[] | undefined => {
  const { origin, paths, queries } = requestOf(event);
  const texts: string[] = [];
  for (const path of paths) if (path !== "") texts.push(...readAll(path, false));
  if (origin !== "") texts.push(...readAll(origin + (paths[0] ?? ""), false));
  for (const query of queries) {
    if (query === "") continue;
    texts.push(...readAll(query, true));
    texts.push(...encodedIn(query).map((text) => decoded(text, false)));
  }
  const body = bodyOf(event);
  if (body) texts.push(...readAll(body, true));
  const headers = headersIn(event);
  const cookie = textsOf(headers, (name) => name === "cookie").join("; ");
  if (cookie) texts.push(...readAll(cookie, false));
  for (const text of textsOf(headers, isOwn)) texts.push(...readAll(text, false));
  return texts.length > 0 ? texts : undefined;
});

function readAll(text: string, form: boolean): string[] {
  return piecesOf(text).flatMap((piece) => decodings(piece, form));
}

const bodyReads = ["http.request.body.content", "http.request.body", "http.body"].map((name) => readSent(name));
const headerReads = ["http.request.headers", "http.headers"].map((name) => readSent(name));

/** Headers that browsers, proxies and tracers write; any other is one that the application reads itself. */
const commonHeaders =
  /^(?:accept(?:-.*)?|access-control-.*|age|alt-.*|authorization|baggage|b3|cache-control|cdn-.*|cf-.*|connection|content-.*|cookie2?|date|dnt|etag|expect|fastly-.*|forwarded|from|host|http2-.*|if-.*|keep-alive|max-forwards|origin|pragma|prefer|priority|proxy-.*|purpose|range|referer|save-data|sec-.*|sentry-.*|te|trace.*|trailer|transfer-encoding|true-client-ip|upgrade.*|user-agent|via|warning|x-amz.*|x-b3-.*|x-client-.*|x-cloud-.*|x-datadog-.*|x-envoy-.*|x-real-ip|x-request-id|x-requested-with|x-correlation-id)$/;

function isOwn(name: string): boolean {
  return !commonHeaders.test(name);
}

/** Base64 of plain text among the values of a query. */
function encodedIn(query: string): string[] {
  const texts: string[] = [];
  for (const [, value = ""] of query.replaceAll("%3D", "=").matchAll(/=([A-Za-z0-9+/]{12,}={0,2})(?=&|$)/g)) {
    if (value.length % 4 !== 0) continue;
    const text = Buffer.from(value, "base64").toString("latin1");
    if (/^[\t\n\r -~]+$/.test(text)) texts.push(text);
  }
  return texts;
}

/** The names of the files that a request uploads, decoded, without the dots and blanks that some servers leave out. */
export const uploadsOf = remembered((event: SecurityEvent): string[] | undefined => {
  const names: string[] = [];
  const body = bodyOf(event) ?? "";
  if (/filename/i.test(body))
    for (const [, quoted, bare] of body.matchAll(/filename\*?=(?:"((?:[^"\\\r\n]|\\.)*)"|([^;\r\n]+))/gi))
      names.push(quoted ?? bare ?? "");
  names.push(...textsOf(headersIn(event), (name) => /^x[-_.]?file[-_.]?name$/.test(name)));
  const read = names.map((name) => withoutEnd(decoded(name, false).replace(/\. +/g, ".")));
  return read.length > 0 ? read : undefined;
});

/** Without the dots and blanks at its end; `/[. ]+$/` would begin anew at each of a long row of them. */
function withoutEnd(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === "." || name[end - 1] === " ")) end--;
  return name.slice(0, end);
}

/** The same as a shell reads it: quotes, backslashes and carets gone, `${IFS}` a blank. */
export const commandOf = remembered((event: SecurityEvent): string[] | undefined => inputOf(event)?.map(unquoted));

/** The headers of a request, agent and referrer among them, decoded. */
export const headersOf = remembered((event: SecurityEvent): string[] | undefined => {
  const sent = textsOf(headersIn(event), (name) => name !== "cookie");
  const texts = [...sent, agentOf(event) ?? "", referrerOf(event) ?? ""].filter((text) => text !== "");
  return texts.length > 0 ? texts.flatMap(piecesOf).map((text) => decoded(text, false)) : undefined;
});

/** Several rules ask for the same of one event, one after the other. */
function remembered(read: (event: SecurityEvent) => string[] | undefined): typeof read {
  let last: SecurityEvent | undefined;
  let found: string[] | undefined;
  return (event) => {
    if (event !== last) [found, last] = [read(event), event];
    return found;
  };
}

function bodyOf(event: SecurityEvent): string | undefined {
  for (const read of bodyReads) {
    const value = read(event);
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

function headersIn(event: SecurityEvent): object | undefined {
  for (const read of headerReads) {
    const value = read(event);
    if (typeof value === "object" && value !== null) return value;
  }
  return undefined;
}

function textsOf(headers: object | undefined, wanted: (name: string) => boolean): string[] {
  if (!headers) return [];
  const texts: string[] = [];
  for (const [name, value] of Object.entries(headers))
    if (wanted(name.toLowerCase()))
      for (const one of Array.isArray(value) ? value : [value]) if (typeof one === "string") texts.push(one);
  return texts;
}

function unquoted(text: string): string {
  return text.replace(/\$\{?ifs\}?(?:\$\d)?/g, " ").replace(/\$[@*]|["'\\^`]/g, "");
}
