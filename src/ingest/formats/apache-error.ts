import { canonicalAddress } from "../../address.ts";
import type { EventDraft } from "../event.ts";
import { cutUser } from "../readers.ts";
import { cutText } from "../whole.ts";
import { setRequest, webEvent } from "./web-request.ts";

const line =
  /^\[([^\]]{1,64})\] \[[^\]]{0,64}\] (?:\[pid [^\]]{1,64}\] )?(?:[^[]{0,200}: )?\[client ([^\]\s]{1,64})\] (.*)$/s;
/** AH01617 and AH01618; a user name of basic authentication ends at its first colon. */
const basicAuth = /^(?:AH\d{5}: )?user ([^:]*?)(?:: authentication failure for "|: password mismatch| not found: )/is;
/** AH01790 and AH01791: the realm stands beside the user. */
const digestAuth = /^(?:AH\d{5}: )?user `([^:']*)' in realm `.*' (?:not found|denied by provider): /s;
/** AH00126, with the request line, and AH10244, with the path. */
const invalidRequest = /^(?:AH\d{5}: )?Invalid URI in request (.+)$/s;
const invalidPath = /^(?:AH\d{5}: )?invalid URI path \((.+)\)$/s;

/** A line of Apache's error log about a client: refused basic authentication or another failed request. */
export function readApacheError(text: string): { draft: EventDraft; time: string } | undefined {
  const match = line.exec(text);
  if (match === null) return undefined;
  const [, time = "", client = "", message = ""] = match;
  const draft = webEvent(message);
  draft.logsource = { category: "webserver", product: "apache" };
  draft.outcome = "FAILURE";
  draft.action = "http.error";
  const failed = digestAuth.exec(message) ?? basicAuth.exec(message);
  if (failed !== null) {
    draft.action = "login";
    draft.category = "AUTHENTICATION";
    if (failed[1]) draft.actor = { name: cutUser(failed[1]) };
  }
  setPath(draft, message);
  setClient(draft, client);
  return { draft, time };
}

/** The path of a request that was refused for it: an attack that no access log need show. */
function setPath(draft: EventDraft, message: string): void {
  const referrer = message.lastIndexOf(", referer: ");
  const text = (referrer < 0 ? message : message.slice(0, referrer)).trim();
  const request = invalidRequest.exec(text)?.[1];
  const path = request === undefined ? invalidPath.exec(text)?.[1] : undefined;
  const http: NonNullable<EventDraft["http"]> = {};
  if (request !== undefined) setRequest(draft, http, request);
  else if (path !== undefined) http.path = cutText(draft, "http.path", path);
  if (Object.keys(http).length > 0) draft.http = http;
}

/** Apache 2.4 writes ADDRESS:PORT, also for IPv6 and without brackets; 2.2 the address alone. */
function setClient(draft: EventDraft, client: string): void {
  const colon = client.lastIndexOf(":");
  const port = Number(client.slice(colon + 1));
  const address = colon > 0 && port <= 65_535 ? canonicalAddress(client.slice(0, colon)) : undefined;
  const alone = address ?? canonicalAddress(client);
  if (address !== undefined) draft.source = { ip: address, port };
  else if (alone !== undefined) draft.source = { ip: alone };
  else draft.attributes["source.domain"] = client;
}
