/** What Twilio says became of an SMS: asked to be called back at a URL that names the organization, and signed. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Tx } from "../db.ts";
import { recordChanges } from "../publish/change.ts";
import { badNumbers } from "./channels/sms.ts";
import { markBad } from "./record.ts";

/** A callback as it came. */
export interface TwilioCallback {
  organizationId: string;
  /** With its query, as it was asked for. */
  path: string;
  fields: URLSearchParams;
  signature: string;
}

/** X-Twilio-Signature: HMAC-SHA1 of the URL and every field's name and value, sorted (https://www.twilio.com/docs/usage/security). */
export function isTwilios(given: {
  url: string;
  fields: URLSearchParams;
  signature: string;
  authToken: string;
}): boolean {
  const { url, fields, signature, authToken } = given;
  const names = [...new Set(fields.keys())].sort();
  const signed = url + names.map((name) => name + (fields.getAll(name).at(-1) ?? "")).join("");
  const expected = createHmac("sha1", authToken).update(signed, "utf8").digest();
  const got = Buffer.from(signature, "base64");
  return got.length === expected.length && timingSafeEqual(got, expected);
}

/**
 * Writes it down for every alert that went out in the message; answers the alerts that have failed by it. Statuses on the
 * way (queued, sent…) say nothing new, and of a message that is not there nothing is written.
 */
export async function recordTwilioStatus(
  tx: Tx,
  told: { sid: string; status: string; errorCode: number | undefined },
  now: number,
): Promise<string[]> {
  const { sid, status, errorCode } = told;
  const arrived = status === "delivered" || status === "read";
  if (!arrived && status !== "undelivered" && status !== "failed") return [];
  const detail = arrived
    ? "Twilio says that it has arrived."
    : `Twilio says that it has not arrived${errorCode === undefined ? "" : `: error ${errorCode}`}.`;
  const { rows } = await tx.query<{ id: string; recipient: string; moved: string }>({
    name: "twilio_status",
    text: `WITH sent AS MATERIALIZED (
        SELECT DISTINCT a.id, a.recipient FROM alert_attempts t
        JOIN security_alerts a ON a.organization_id = $1 AND a.id = t.alert_id
        JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id AND c.kind = 'SMS'
        WHERE t.organization_id = $1 AND t.provider_id = $2 AND t.outcome = 'SENT' AND a.status = 'SENT')
      SELECT id, recipient, alert_attempt_record(id, NULL, $3, $4::attempt_outcome, $5, NULL, $2)::text AS moved FROM sent ORDER BY id`,
    values: [tx.organizationId, sid, new Date(now), arrived ? "DELIVERED" : "PERMANENT", detail],
  });
  if (rows.length === 0) return [];
  await recordChanges(
    tx,
    rows.map(({ id, moved }) => ({ topic: "alert", kind: moved, entityId: id })),
  );
  if (errorCode !== undefined && badNumbers.has(errorCode)) {
    await markBad(tx, "SMS", [...new Set(rows.map(({ recipient }) => recipient))], detail, now);
  }
  return rows.filter(({ moved }) => moved === "FAILED").map(({ id }) => id);
}
