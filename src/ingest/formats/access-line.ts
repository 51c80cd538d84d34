import { addressBeforePort } from "../../address.ts";
import { placeInSpace } from "../enrich/special.ts";
import type { EventDraft } from "../event.ts";
import { cutUser, textLimit } from "../readers.ts";
import { truncate } from "../text.ts";
import { closingQuote, fieldText, setBytes, setRequest, setStatus, setVisitor, webEvent } from "./web-request.ts";

/** What a line says, and the text of its time. */
export interface AccessLine {
  draft: EventDraft;
  time: string;
}

const numbers = /" (\d{3}|-) (\d{1,16}|-)(?= |$)/y;

/**
 * `[VHOST[:PORT] ]CLIENT IDENT USER [TIME] "REQUEST" STATUS BYTES["REFERRER" "USER AGENT"[ anything]]`.
 * Servers escape quotes, so nothing before the first one is the request's: a user name with blanks and brackets cannot
 * pass for a time.
 */
export function readAccessLine(line: string): AccessLine | undefined {
  const quote = closingQuote(line, 0); // the first that is not escaped: Apache escapes the user's
  const opening = line.lastIndexOf("[", quote);
  const closing = line.lastIndexOf("]", quote);
  if (opening <= 0 || closing < opening) return undefined;
  const end = requestEnd(line, quote + 1);
  if (end < 0) return undefined;

  const draft = webEvent(line);
  const http: NonNullable<EventDraft["http"]> = {};
  draft.http = http;
  if (!readClient(draft, line.slice(0, opening).trimEnd())) return undefined;
  setRequest(draft, http, line.slice(quote + 1, end));
  numbers.lastIndex = end;
  const [, status = "-", bytes = "-"] = numbers.exec(line) ?? [];
  setStatus(draft, http, status);
  setBytes(http, bytes);
  readQuoted(draft, http, line, numbers.lastIndex);
  return { draft, time: line.slice(opening + 1, closing) };
}

/** Where the request ends: the first quote with a status and a size behind it; servers that escape have no other. */
function requestEnd(line: string, from: number): number {
  for (let quote = closingQuote(line, from); quote >= 0; quote = closingQuote(line, quote + 1)) {
    numbers.lastIndex = quote;
    if (numbers.test(line)) return quote;
  }
  return -1;
}

/** `X-Forwarded-For`, where it was written in the client's place. */
const chain = /^[^\s,]{1,64}(?:, ?[^\s,]{1,64})+(?= )/;

/**
 * Of a chain, who spoke to the first proxy of one's own: each adds whom it hears to what it was told, and that anybody can
 * write. What stands before a part that is no address is believed by nobody. Undefined: the last part is none.
 */
function nearest(forwarded: string): string | undefined {
  let own: string | undefined;
  for (const part of forwarded.split(/, ?/).reverse()) {
    const address = addressBeforePort(part);
    if (address === undefined) break;
    if (!isOwnNetwork(address)) return address;
    own ??= address;
  }
  return own;
}

/** A private address or a loopback. */
function isOwnNetwork(address: string): boolean {
  const found = placeInSpace(address);
  return found !== undefined && "special" in found && found.special !== "RESERVED";
}

/** True where there is a client, a name of the server before it or not. */
function readClient(draft: EventDraft, sent: string): boolean {
  const forwarded = chain.exec(sent)?.[0];
  const caller = forwarded === undefined ? undefined : nearest(forwarded);
  const text = forwarded === undefined || caller === undefined ? sent : caller + sent.slice(forwarded.length);
  const [first = "", second = ""] = text.split(" ", 2);
  if (second === "") return false;
  const behind = addressBeforePort(second); // CLIENT cannot be a name here: an ident is never an address
  const named = behind !== undefined;
  if (named) setVhost(draft, first);
  const client = named ? second : first;
  const address = behind ?? addressBeforePort(first); // balancers write the client's port beside it
  if (address === undefined) draft.attributes["source.domain"] = truncate(client, textLimit);
  else draft.source = { ip: address };
  const rest = text.slice((named ? first.length + 1 : 0) + client.length + 1);
  const user = fieldText(rest.slice(rest.indexOf(" ") + 1));
  if (user !== undefined && rest.includes(" ")) draft.actor = { name: cutUser(user) };
  return true;
}

export function setVhost(draft: EventDraft, text: string): void {
  const match = /^([^:]+|\[[^\]]+\]):(\d{1,5})$/.exec(text);
  const host = match === null ? text : (match[1] as string);
  if (draft.http !== undefined) draft.http.host = truncate(host, textLimit);
  if (match !== null) draft.attributes["url.port"] = Number(match[2]);
}

function readQuoted(draft: EventDraft, http: NonNullable<EventDraft["http"]>, line: string, from: number): void {
  const referrer = quotedAt(line, from);
  const agent = referrer === undefined ? undefined : quotedAt(line, referrer.end);
  setVisitor(draft, http, agent?.value, referrer?.value);
  const trailing = fieldText(line.slice(agent?.end ?? referrer?.end ?? from).trim());
  if (trailing !== undefined && trailing !== '"-"') draft.attributes["log.trailing"] = truncate(trailing, textLimit);
}

/** The quoted field behind a blank. */
export function quotedAt(line: string, from: number): { value: string | undefined; end: number } | undefined {
  if (line.charCodeAt(from) !== 32 || line.charCodeAt(from + 1) !== 34) return undefined;
  const end = closingQuote(line, from + 2);
  if (end < 0) return undefined;
  const text = line.slice(from + 2, end);
  return { value: fieldText(text), end: end + 1 };
}
