/** An SMS that comes back: ACK acknowledges what the number was told last, ACK 42 incident #42. */
import type { Tx } from "../db.ts";

const longestReply = 100; // characters; the expression takes time that grows with their square

/** What an SMS asks for; `number` absent: what was told last. Undefined: nothing that is understood. */
export function readReply(body: string): { number?: number } | undefined {
  const said = body.trim();
  if (said.length > longestReply) return undefined;
  const found = /^(?:ack(?:nowledge[d]?)?|ok)[\s.,:!]*(?:#?\s*(\d{1,9}))?[\s.!]*$/i.exec(said);
  if (!found) return undefined;
  return found[1] === undefined ? {} : { number: Number(found[1]) };
}

/** When an SMS last went to the number of a code within a day, epoch ms. */
export async function lastToldBySms(tx: Tx, phone: string, now: number): Promise<number | undefined> {
  const { rows } = await tx.query<{ at: Date | null }>(
    `SELECT max(a.sent_at) AS at FROM alert_channels c
     JOIN security_alerts a ON a.organization_id = $1 AND a.channel_id = c.id AND a.recipient = $2 AND a.sent_at > $3
     WHERE c.organization_id = $1 AND c.kind = 'SMS' AND c.removed_at IS NULL`,
    [tx.organizationId, phone, new Date(now - tellable)],
  );
  return rows[0]?.at?.getTime();
}

/** What the number of a code was told by SMS within a day: of one message, or of one incident. */
export async function toldBySms(
  tx: Tx,
  { phone, number, now }: { phone: string; number: number | undefined; now: number },
): Promise<{ incidentIds: string[]; userId: string | null; channel: string } | undefined> {
  const { rows } = await tx.query<{ incidentIds: string[]; userId: string | null; channel: string }>({
    name: "told_by_sms",
    text: `SELECT array_agg(DISTINCT a.incident_id) AS "incidentIds", min(a.user_id::text) AS "userId", min(c.name) AS channel
      FROM alert_channels c
      JOIN security_alerts a ON a.organization_id = $1 AND a.channel_id = c.id AND a.recipient = $2
      JOIN security_incidents i ON i.organization_id = $1 AND i.id = a.incident_id AND ($4::int IS NULL OR i.number = $4)
      WHERE c.organization_id = $1 AND c.kind = 'SMS' AND c.removed_at IS NULL AND a.sent_at > $3 AND a.message_id IS NOT NULL
      GROUP BY CASE WHEN $4::int IS NULL THEN a.message_id END ORDER BY max(a.sent_at) DESC LIMIT 1`,
    values: [tx.organizationId, phone, new Date(now - tellable), number ?? null],
  });
  return rows[0];
}

/** For how long an SMS may be answered, ms. */
export const tellable = 24 * 3_600_000;

/** What Twilio sends back to the number; empty: nothing. https://www.twilio.com/docs/messaging/twiml */
export function twiml(text: string): string {
  const escaped = text.replace(/[&<>]/g, (one) => `&#${one.charCodeAt(0)};`);
  const message = text ? `<Message>${escaped}</Message>` : "";
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${message}</Response>`;
}
