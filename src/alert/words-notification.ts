/** Words notifications that leave by e-mail: their titles; what they say only where an agreement covers the channel. */
import type { Tx } from "../db.ts";
import { safe } from "./model.ts";
import type { AlertFacts } from "./model-read.ts";
import { oneLine, plainText } from "./text.ts";
import type { Worded } from "./words.ts";
import { page, row } from "./words-html.ts";

interface Note {
  title: string;
  body: string;
  url: string;
}

/** `publicUrl` has no slash at its end. */
export async function readNotes(tx: Tx, alertIds: readonly string[], publicUrl: string | undefined): Promise<Note[]> {
  const { rows } = await tx.query<{ title: string; body: string; number: number | null }>({
    name: "notes_to_send",
    text: `SELECT n.title, n.body, i.number FROM security_alerts a
      JOIN security_notifications n ON n.organization_id = $1 AND n.id = a.notification_id
      LEFT JOIN security_incidents i ON i.organization_id = $1 AND i.id = n.incident_id
      WHERE a.organization_id = $1 AND a.id = ANY ($2) ORDER BY n.priority DESC, n.created_at, n.id`,
    values: [tx.organizationId, alertIds],
  });
  const pageOf = (number: number | null): string => (number === null ? "/" : `/incidents/${number}`);
  return rows.map(({ title, body, number }) => ({
    title,
    body,
    url: publicUrl === undefined ? "" : publicUrl + pageOf(number),
  }));
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
