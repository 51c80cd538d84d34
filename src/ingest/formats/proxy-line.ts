import { canonicalAddress } from "../../address.ts";
import type { EventDraft } from "../event.ts";
import { type AccessLine, quotedAt, setVhost } from "./access-line.ts";
import { closingQuote, fieldText, setBytes, setRequest, setStatus, setVisitor, webEvent } from "./web-request.ts";

const proxyHead = /(\d{3}|-) - (\S{1,64}) (\S{1,16}) (\S{1,300}) $/; // STATUS - METHOD SCHEME HOST
const proxyTail = /" \[Client (\S{1,64})\] \[Length (\d{1,16}|-)\] \[Gzip \S{1,16}\](?: \[Sent-to \S{1,300}\])?/y;
const plainTail = /" (\d{3}|-) (\d{1,16}|-)(?: (\d{1,16}|-))?/y;

/**
 * The layouts of nginx that begin with `[TIME]`: nginx-proxy-manager's
 * `[CACHE ][UPSTREAM STATUS ]STATUS - METHOD SCHEME HOST "PATH" [Client IP] [Length N] … "USER AGENT" "REFERRER"`, and
 * `HOST CLIENT SECONDS "REQUEST" STATUS BYTES[ LENGTH] REFERRER USER AGENT` without quotes.
 */
export function readProxyLine(line: string): AccessLine | undefined {
  const closing = line.indexOf("] ");
  const quote = line.indexOf('"', closing);
  if (closing < 0 || quote < 0 || quote - closing > 1_000) return undefined;
  const end = closingQuote(line, quote + 1);
  if (end < 0) return undefined;
  const head = line.slice(closing + 2, quote);
  const draft = webEvent(line);
  draft.http = {};
  const read = readProxyManager(draft, line, head, quote, end) || readUnquoted(draft, line, head, quote, end);
  return read ? { draft, time: line.slice(1, closing) } : undefined;
}

function readProxyManager(draft: EventDraft, line: string, head: string, quote: number, end: number): boolean {
  const http = draft.http as NonNullable<EventDraft["http"]>;
  const start = proxyHead.exec(head);
  proxyTail.lastIndex = end;
  const tail = proxyTail.exec(line);
  if (start === null || tail === null) return false;
  setRequest(draft, http, `${start[2]} ${line.slice(quote + 1, end)} HTTP/1.1`);
  delete draft.attributes["http.version"]; // not in the log
  setStatus(draft, http, start[1] as string);
  setBytes(http, tail[2] as string);
  setVhost(draft, start[4] as string);
  setClient(draft, tail[1] as string);
  const agent = quotedAt(line, proxyTail.lastIndex);
  const referrer = agent === undefined ? undefined : quotedAt(line, agent.end);
  setVisitor(draft, http, agent?.value, referrer?.value);
  return true;
}

function readUnquoted(draft: EventDraft, line: string, head: string, quote: number, end: number): boolean {
  const http = draft.http as NonNullable<EventDraft["http"]>;
  plainTail.lastIndex = end;
  const tail = plainTail.exec(line);
  const [host = "", client = "", seconds = ""] = head.split(" ");
  if (tail === null || client === "") return false;
  setRequest(draft, http, line.slice(quote + 1, end));
  setStatus(draft, http, tail[1] as string);
  setBytes(http, tail[2] as string);
  setVhost(draft, host);
  setClient(draft, client);
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(seconds)) http.durationMs = Math.round(Number(seconds) * 1_000);
  const rest = line.slice(plainTail.lastIndex).trim();
  const blank = rest.indexOf(" ");
  const referrer = fieldText(blank < 0 ? rest : rest.slice(0, blank));
  const agent = blank < 0 ? undefined : fieldText(rest.slice(blank + 1));
  setVisitor(draft, http, agent, referrer);
  return true;
}

function setClient(draft: EventDraft, client: string): void {
  const address = canonicalAddress(client);
  if (address === undefined) draft.attributes["source.domain"] = client;
  else draft.source = { ip: address };
}
