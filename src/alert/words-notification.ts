/** Words notifications that leave by e-mail: their titles; what they say only where an agreement covers the channel. */
import type { Tx } from "../db.ts";
import { type AlertFacts, paired } from "./facts.ts";
import { safe } from "./model.ts";
import { oneLine, plainText } from "./text.ts";
import type { Worded } from "./words.ts";
import { page, row } from "./words-html.ts";

export interface Note {
  title: string;
  body: string;
  url: string;
}

/** The notifications of each message, by its id. `publicUrl` has no slash at its end. */
export async function readNotes(
  tx: Tx,
  messages: readonly { id: string; alertIds: readonly string[] }[],
  publicUrl: string | undefined,
): Promise<Map<string, Note[]>> {
  const notes = new Map<string, Note[]>(messages.map(({ id }) => [id, []]));
  if (messages.length === 0) return notes;
  const { ids, alertIds } = paired(messages);
  const { rows } = await tx.query<{ messageId: string; title: string; body: string; number: number | null }>({
    name: "notes_to_send",
    text: `SELECT m.message_id AS "messageId", n.title, n.body, i.number FROM unnest($2::uuid[], $3::uuid[]) AS m(message_id, alert_id)
      JOIN security_alerts a ON a.organization_id = $1 AND a.id = m.alert_id
      JOIN security_notifications n ON n.organization_id = $1 AND n.id = a.notification_id
      LEFT JOIN security_incidents i ON i.organization_id = $1 AND i.id = n.incident_id
      ORDER BY n.priority DESC, n.created_at, n.id`,
    values: [tx.organizationId, ids, alertIds],
  });
  for (const { messageId, title, body, number } of rows) {
    const page = number === null ? "/" : `/incidents/${number}`;
    notes.get(messageId)?.push({ title, body, url: publicUrl === undefined ? "" : publicUrl + page });
  }
  return notes;
}

/** The message of notifications alone, or what they add to one about incidents. */
export function addNotes(
  notes: readonly Note[],
  plain: Worded,
  { alerts, coveredByBaa, organization }: Pick<AlertFacts, "alerts" | "coveredByBaa" | "organization">,
): Worded {
  const told = notes.map(({ title, body, url }) => ({
    title: oneLine(coveredByBaa ? title : safe(title), 300),
    body: coveredByBaa ? plainText(body) : "",
    url,
  }));
  const [first] = told;
  const subject = !first
    ? "A notification that is gone"
    : told.length === 1
      ? first.title
      : `${told.length} notifications`;
  const lines = told.map(({ title, body, url }) => [title, body, url].filter(Boolean).join("\n")).join("\n\n");
  if (alerts > notes.length && notes.length > 0) return { ...plain, text: `${plain.text}\n\n${lines}` };
  const rows = told.map(({ title, body, url }) => row(title, body, url));
  return {
    subject,
    text: lines || subject,
    html: page({ subject, severity: "NOTIFICATION", rows, links: [], organization }),
  };
}
