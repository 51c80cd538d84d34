import { canonicalAddress } from "../../address.ts";
import type { EventDraft } from "../event.ts";
import { cutUser, messageLimit, textLimit } from "../readers.ts";
import { truncate } from "../text.ts";
import { meanings, type SshdFact } from "./sshd-fact.ts";

/** What a message says, as an event without time and machine. */
export function sshdEvent(fact: SshdFact, message: string): EventDraft {
  const { action, outcome, category } = meanings[fact.kind];
  const event: EventDraft = {
    logsource: { product: "linux", service: "sshd" },
    action,
    category,
    outcome,
    message: truncate(message, messageLimit),
    attributes: { "sshd.event": fact.kind },
  };
  if (fact.user) event.actor = { name: cutUser(fact.user) };
  setSource(event, fact);
  if (fact.method !== undefined) event.attributes["sshd.method"] = fact.method;
  if (fact.invalidUser === true) event.attributes["sshd.invalidUser"] = true;
  if (fact.detail !== undefined) event.attributes["sshd.detail"] = truncate(fact.detail, textLimit);
  return event;
}

/** With UseDNS sshd may write a host name, which its owner chose: it is kept, but is nobody's address. */
function setSource(event: EventDraft, fact: SshdFact): void {
  if (fact.host === undefined) return;
  const zone = fact.host.indexOf("%"); // fe80::1%eth0
  const address = canonicalAddress(zone < 0 ? fact.host : fact.host.slice(0, zone));
  const source: NonNullable<EventDraft["source"]> = {};
  if (address === undefined) event.attributes["source.domain"] = truncate(fact.host, textLimit);
  else source.ip = address;
  if (fact.port !== undefined && fact.port <= 65_535) source.port = fact.port;
  if (source.ip !== undefined || source.port !== undefined) event.source = source;
}
