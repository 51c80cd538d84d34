/** Words messages of alerts that go out together: by the organization's template where the route has one, else as Vigil does. */
import type { Tx } from "../db.ts";
import { type AlertFacts, readFacts } from "./facts.ts";
import type { Message } from "./message.ts";
import { carried, type Scope } from "./model.ts";
import { type Read, readModels } from "./model-read.ts";
import { readTemplates, renderTemplate, type TemplateParts } from "./template.ts";
import { fitSms, oneLine } from "./text.ts";
import { defaultHtml, defaultSubject, defaultText } from "./words-default.ts";
import { addNotes, type Note, readNotes } from "./words-notification.ts";

export interface Wording {
  /** The message's id, the same in every try. */
  id: string;
  /** Alerts of one channel and one recipient. */
  alertIds: readonly string[];
  /** Where this recipient acknowledges without signing in, if there is something to acknowledge; null: nowhere. */
  acknowledgeUrl: string | null;
}

const nothingToAcknowledge: ReadonlySet<string> = new Set(["RESOLVED", "TEST", "HEARTBEAT"]);

/**
 * The messages by their ids, with nothing in them that the channel may not carry; one whose alerts are gone is left out.
 * Never fails for what a template does: then Vigil's own wording goes out, and `fault` says why. As many queries for one
 * message as for a hundred.
 */
export async function wordAlerts(
  tx: Tx,
  asked: readonly Wording[],
  publicUrl: string | undefined,
): Promise<Map<string, Message & { fault?: string }>> {
  const facts = await readFacts(tx, asked);
  const known = asked.flatMap((wording) => {
    const own = facts.get(wording.id);
    if (!own) return [];
    const acknowledgeUrl = nothingToAcknowledge.has(own.kind) ? null : wording.acknowledgeUrl;
    return [{ ...own, id: wording.id, alertIds: wording.alertIds, acknowledgeUrl }];
  });
  const models = await readModels(tx, known, publicUrl);
  const names = new Set(known.flatMap(({ templateName }) => templateName ?? []));
  const templateOf = await readTemplates(tx, [...names]);
  const notesOf = await readNotes(
    tx,
    known.filter(({ notes }) => notes > 0),
    publicUrl,
  );
  return new Map(
    known.map((one, n) => {
      const data = carried((models[n] as Read).model, one.coveredByBaa);
      return [one.id, wordOne(one, { data, template: templateOf(one), notes: notesOf.get(one.id) })];
    }),
  );
}

function wordOne(
  facts: AlertFacts & { id: string; acknowledgeUrl: string | null },
  given: { data: Scope; template: TemplateParts | undefined; notes: Note[] | undefined },
): Message & { fault?: string } {
  const { data, template, notes } = given;
  const worded = template ? renderTemplate(template, data) : undefined;
  const plain = worded !== undefined && "text" in worded ? worded : wordPlainly(data, facts.channelKind);
  const own = notes ? addNotes(notes, plain, facts) : plain;
  const incident = data["incident"] as Scope | null;
  const [about, other] = facts.incidentIds;
  return {
    id: facts.id,
    kind: facts.kind,
    priority: facts.priority,
    subject: oneLine(own.subject, 100),
    text: facts.channelKind === "SMS" ? fitSms(own.text) : own.text,
    html: facts.channelKind === "EMAIL" ? own.html : null,
    url: (incident?.["url"] as string | undefined) || null,
    acknowledgeUrl: facts.acknowledgeUrl,
    thread: about !== undefined && other === undefined ? about : facts.recipient,
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
  return {
    subject: defaultSubject(data),
    text: defaultText(data, { short: channelKind === "SMS" }),
    html: channelKind === "EMAIL" ? defaultHtml(data) : null,
  };
}
