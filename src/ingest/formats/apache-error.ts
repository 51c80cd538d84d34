import { canonicalAddress } from "../address.ts";
import type { EventDraft } from "../event.ts";
import { textLimit } from "../readers.ts";
import { truncate } from "../text.ts";
import { webEvent } from "./web-request.ts";

const line =
  /^\[([^\]]{1,64})\] \[[^\]]{0,64}\] (?:\[pid [^\]]{1,64}\] )?(?:[^[]{0,200}: )?\[client ([^\]\s]{1,64})\] (.*)$/s;
/** AH01617 and AH01618; a user name of basic authentication ends at its first colon. */
const basicAuth = /^(?:AH\d{5}: )?user ([^:]*?)(?:: authentication failure for "|: password mismatch| not found: )/is;

/** A line of Apache's error log about a client: refused basic authentication or another failed request. */
export function readApacheError(text: string): { draft: EventDraft; time: string } | undefined {
  const match = line.exec(text);
  if (match === null) return undefined;
  const [, time = "", client = "", message = ""] = match;
  const draft = webEvent(message);
  draft.logsource = { category: "webserver", product: "apache" };
  draft.outcome = "FAILURE";
  draft.action = "http.error";
  const failed = basicAuth.exec(message);
  if (failed !== null) {
    draft.action = "login";
    draft.category = "AUTHENTICATION";
    if (failed[1]) draft.actor = { name: truncate(failed[1], textLimit) };
  }
  setClient(draft, client);
  return { draft, time };
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
