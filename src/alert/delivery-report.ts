/** What a provider says later of a message that it had taken: it has arrived, or never will. */
import type { Tx } from "../db.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import { recordChanges } from "../publish/change.ts";
import { markBad } from "./record.ts";

export interface DeliveryReport {
  kind: ChannelKind;
  /** What the provider calls the message. */
  providerId: string;
  /** What we call it, where the report says so: it may come before it is written down what the provider calls it. */
  messageId?: string | undefined;
  hasArrived: boolean;
  /** Shown to the organization: nothing of the message, nor of what its receiver answered. */
  detail: string;
  /** Whether the address or number is never to be tried again. */
  isBadContact: (recipient: string) => boolean;
}

/**
 * Writes it down for every alert that went out in the message; answers the alerts that have failed by it. What is still
 * being sent has arrived by it, or fails when it is written down that it was sent: `record.ts`. Of a message that is not
 * there, or was told of before, nothing is written.
 */
export async function recordDeliveryReport(tx: Tx, report: DeliveryReport, now: number): Promise<string[]> {
  const { kind, providerId, messageId, hasArrived, detail, isBadContact } = report;
  const { rows } = await tx.query<{ id: string; recipient: string; moved: string }>({
    name: "delivery_report",
    text: `WITH sent AS MATERIALIZED (
        SELECT a.id, a.recipient FROM alert_attempts t
        JOIN security_alerts a ON a.organization_id = $1 AND a.id = t.alert_id
        JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id AND c.kind = $6::channel_kind
        WHERE t.organization_id = $1 AND t.provider_id = $2 AND t.outcome = 'SENT' AND a.status = 'SENT'
        UNION
        SELECT a.id, a.recipient FROM security_alerts a
        JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id AND c.kind = $6::channel_kind
        WHERE a.organization_id = $1 AND a.message_id = $7::uuid
          AND (a.status_rank <= 3 OR (a.status IN ('SENT', 'FAILED') AND $4::attempt_outcome = 'DELIVERED'))
          AND NOT EXISTS (SELECT FROM alert_attempts t WHERE t.organization_id = $1 AND t.alert_id = a.id
            AND t.provider_id = $2 AND t.outcome = $4::attempt_outcome))
      SELECT id, recipient, alert_attempt_record(id, NULL, $3, $4::attempt_outcome, $5, NULL, $2)::text AS moved FROM sent ORDER BY id`,
    values: [
      tx.organizationId,
      providerId,
      new Date(now),
      hasArrived ? "DELIVERED" : "PERMANENT",
      detail,
      kind,
      messageId ?? null,
    ],
  });
  const told = rows.filter(({ moved }) => moved === "DELIVERED" || moved === "FAILED");
  if (told.length > 0)
    await recordChanges(
      tx,
      told.map(({ id, moved }) => ({ topic: "alert", kind: moved, entityId: id })),
    );
  const bad = [...new Set(rows.map(({ recipient }) => recipient))].filter(isBadContact);
  if (bad.length > 0) await markBad(tx, kind, bad, detail, now);
  return rows.filter(({ moved }) => moved === "FAILED").map(({ id }) => id);
}
