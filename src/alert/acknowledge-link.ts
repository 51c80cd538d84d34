/** The link by which whoever got a message acknowledges what it is about, without signing in. */
import { parse, stringify } from "uuid";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import type { TokenSigner } from "../secrets/signed-token.ts";

const purpose = "acknowledge";
const lifetime = 24 * 3_600_000; // ms: who finds it later signs in

export interface AcknowledgeToken {
  organizationId: string;
  messageId: string;
}

/** Good for a day. */
export function acknowledgeToken(
  signer: TokenSigner,
  { organizationId, messageId }: AcknowledgeToken,
  now: number,
): string {
  const until = Buffer.alloc(4);
  until.writeUInt32BE(Math.floor((now + lifetime) / 1000));
  return signer.sign(purpose, Buffer.concat([parse(organizationId), parse(messageId), until]));
}

/** Nothing is looked up. Errors: NOT_FOUND (not made here, or too old), which read the same. */
export function readAcknowledgeToken(signer: TokenSigner, token: string, now: number): AcknowledgeToken {
  const content = signer.read(purpose, token);
  if (content?.length !== 36 || content.readUInt32BE(32) * 1000 <= now)
    throw new VigilError("NOT_FOUND", "This link is not valid, or older than a day: sign in to acknowledge");
  return { organizationId: stringify(content.subarray(0, 16)), messageId: stringify(content.subarray(16, 32)) };
}

/** A message that went out: to whom, and about what. */
export interface Outgone {
  channelId: string;
  channel: string;
  recipient: string;
  userId: string | null;
  incidents: { id: string; number: number; severity: string; status: string }[];
}

/** Errors: NOT_FOUND (the ledger no longer has it, or its channel was removed). */
export async function readMessage(tx: Tx, messageId: string): Promise<Outgone> {
  const { rows } = await tx.query<Outgone>({
    name: "message_that_went_out",
    text: `SELECT a.channel_id AS "channelId", c.name AS channel, a.recipient, min(a.user_id::text) AS "userId",
        coalesce(jsonb_agg(DISTINCT jsonb_build_object('id', i.id, 'number', i.number, 'severity', i.severity, 'status', i.status))
          FILTER (WHERE i.id IS NOT NULL), '[]') AS incidents
      FROM security_alerts a
      JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id AND c.removed_at IS NULL
      LEFT JOIN security_incidents i ON i.organization_id = $1 AND i.id = a.incident_id
      WHERE a.organization_id = $1 AND a.message_id = $2 GROUP BY a.channel_id, c.name, a.recipient`,
    values: [tx.organizationId, messageId],
  });
  const [message] = rows;
  if (message && message.incidents.length > 0) return message;
  throw new VigilError("NOT_FOUND", "There is nothing to acknowledge any more");
}
