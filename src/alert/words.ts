/** Words alerts that go out together: by the organization's template where the route has one, else as Vigil does. */
import type { Tx } from "../db.ts";
import type { Message } from "./message.ts";
import { carried, type Scope } from "./model.ts";
import { readFacts, readModel } from "./model-read.ts";
import { chooseTemplate, renderTemplate } from "./template.ts";
import { fitSms, oneLine } from "./text.ts";
import { defaultHtml, defaultSubject, defaultText } from "./words-default.ts";
import { addNotes, readNotes } from "./words-notification.ts";

export interface Wording {
  /** The message's id, the same in every try. */
  id: string;
  /** Alerts of one channel and one recipient. */
  alertIds: readonly string[];
  /** Without a slash at its end; undefined: this server has no public address. */
  publicUrl: string | undefined;
  /** Where this recipient acknowledges without signing in, if there is something to acknowledge; null: nowhere. */
  acknowledgeUrl: string | null;
}

const nothingToAcknowledge: ReadonlySet<string> = new Set(["RESOLVED", "TEST", "HEARTBEAT"]);

/**
 * The message, with nothing in it that the channel may not carry. Never fails for what a template does: then Vigil's
 * own wording goes out, and `fault` says why. Errors: NOT_FOUND (no such alert).
 */
export async function wordAlerts(tx: Tx, asked: Wording): Promise<Message & { fault?: string }> {
  const { id, alertIds, publicUrl } = asked;
  const facts = await readFacts(tx, alertIds);
  const acknowledgeUrl = nothingToAcknowledge.has(facts.kind) ? null : asked.acknowledgeUrl;
  const read = await readModel(tx, facts, { incidentsOf: { alertIds }, acknowledgeUrl, publicUrl });
  const data = carried(read.model, facts.coveredByBaa);
  const template = facts.templateName === null ? undefined : await chooseTemplate(tx, facts.templateName, facts);
  const worded = template ? renderTemplate(template, data) : undefined;
  const plain = worded !== undefined && "text" in worded ? worded : wordPlainly(data, facts.channelKind);
  const own = facts.notes > 0 ? addNotes(await readNotes(tx, alertIds, publicUrl), plain, facts) : plain;
  const incident = data["incident"] as Scope | null;
  const about = read.incidentIds.length === 1 ? (read.incidentIds[0] as string) : facts.recipient;
  return {
    id,
    kind: facts.kind,
    priority: facts.priority,
    subject: oneLine(own.subject, 100),
    text: facts.channelKind === "SMS" ? fitSms(own.text) : own.text,
    html: facts.channelKind === "EMAIL" ? own.html : null,
    url: (incident?.["url"] as string | undefined) || null,
    acknowledgeUrl,
    thread: about,
    data,
    at: facts.at.getTime(),
    ...(worded && "fault" in worded ? { fault: worded.fault } : {}),
  };
}

export interface Worded {
  subject: string;
  text: string;
  html: string | null;
}

/** As Vigil words what a channel may carry. */
export function wordPlainly(data: Scope, channelKind: string): Worded {
  const short = channelKind === "SMS";
  return { subject: defaultSubject(data), text: defaultText(data, { short }), html: short ? null : defaultHtml(data) };
}
