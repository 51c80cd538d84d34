/** The ledger of deliveries: what is claimed, what became of each try, and how the channels are. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import type { Sent } from "./channels/channel.ts";
import { type Claimed, type Outgoing, type Plan, planDelivery } from "./deliver-plan.ts";
import { groupId } from "./ids.ts";

/** A channel as its sender needs it. */
export interface ChannelRow {
  id: string;
  kind: ChannelKind;
  config: unknown;
  sealedSecrets: Buffer | null;
  perMinute: number | null;
  /** Messages that left within the last minute. */
  sentLately: number;
}

export interface Claim {
  plan: Plan;
  channels: Map<string, ChannelRow>;
  /** The numbers and addresses that are never to be tried again, by channel kind and address, with the reason. */
  bad: Map<string, string>;
}

/** Notes addresses or numbers that are never to be tried again; the first reason stays. */
export async function markBad(
  tx: Tx,
  kind: ChannelKind,
  addresses: readonly string[],
  reason: string,
  now: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO bad_contacts (organization_id, kind, address, reason, at)
     SELECT $1, $2, address, $4, $5 FROM unnest($3::text[]) AS address ON CONFLICT DO NOTHING`,
    [tx.organizationId, kind, addresses, reason, new Date(now)],
  );
}

export const badKey = (kind: ChannelKind, address: string): string => `${kind} ${address}`;

/** Claims what is due and gives each message its id, which is stored before anything is sent. */
export async function claimDue(
  tx: Tx,
  {
    most,
    leaseMs,
    perMinuteOf,
    now,
  }: { most: number; leaseMs: number; perMinuteOf(kind: ChannelKind): number; now: number },
): Promise<Claim | undefined> {
  const { rows } = await tx.query<Claimed>({
    name: "alerts_claim",
    text: `SELECT id, incident_id AS "incidentId", kind, channel_id AS "channelId", recipient, priority, tries, group_key AS "groupKey",
        message_id AS "messageId", claim FROM alerts_claim_due($1, $2, make_interval(secs => $3::double precision / 1000))`,
    values: [most, new Date(now), leaseMs],
  });
  const [first] = rows;
  if (!first) return undefined;
  const { rows: channelRows } = await tx.query<ChannelRow>({
    name: "channels_to_send_on",
    text: `SELECT c.id, c.kind, c.config, c.sealed_secrets AS "sealedSecrets", c.per_minute AS "perMinute",
        (SELECT count(DISTINCT a.message_id)::int FROM security_alerts a
          WHERE a.organization_id = $1 AND a.channel_id = c.id AND a.sent_at > $3) AS "sentLately"
      FROM alert_channels c WHERE c.organization_id = $1 AND c.id = ANY ($2)`,
    values: [tx.organizationId, [...new Set(rows.map(({ channelId }) => channelId))], new Date(now - 60_000)],
  });
  const channels = new Map(channelRows.map((row) => [row.id, row]));
  const plan = planDelivery(rows, (id) => {
    const channel = channels.get(id) as ChannelRow;
    return Math.max(0, (channel.perMinute ?? perMinuteOf(channel.kind)) - channel.sentLately);
  });
  for (const message of plan.send) message.messageId ??= uuidv7();
  const numbered = plan.send.flatMap(({ messageId, alerts }) => alerts.map(({ id }) => [id, messageId] as const));
  await tx.query({
    name: "alerts_in_messages",
    text: `UPDATE security_alerts a SET message_id = m.message_id FROM unnest($2::uuid[], $3::uuid[]) AS m(id, message_id)
      WHERE a.organization_id = $1 AND a.id = m.id AND a.message_id IS DISTINCT FROM m.message_id`,
    values: [tx.organizationId, numbered.map(([id]) => id), numbered.map(([, messageId]) => messageId)],
  });
  if (plan.wait.length > 0) {
    const until = new Date(now + 15_000);
    await tx.query("SELECT alerts_release($1, $2, $3)", [plan.wait.map(({ id }) => id), first.claim, until]);
  }
  const { rows: bad } = await tx.query<{ kind: ChannelKind; address: string; reason: string }>({
    name: "bad_contacts_among",
    text: "SELECT kind, address, reason FROM bad_contacts WHERE organization_id = $1 AND address = ANY ($2)",
    values: [tx.organizationId, [...new Set(rows.map(({ recipient }) => recipient))].filter((one) => one !== "")],
  });
  return { plan, channels, bad: new Map(bad.map(({ kind, address, reason }) => [badKey(kind, address), reason])) };
}

/** What the provider called the first message of the incident to this recipient; null: there was none. */
export async function firstOfThread(tx: Tx, { channelId, recipient, alerts }: Outgoing): Promise<string | null> {
  const [incidentId, other] = new Set(alerts.map(({ incidentId }) => incidentId));
  if (!incidentId || other !== undefined) return null;
  const { rows } = await tx.query<{ provider_id: string }>({
    name: "first_of_thread",
    text: `SELECT t.provider_id FROM security_alerts a
      JOIN alert_attempts t ON t.organization_id = $1 AND t.alert_id = a.id AND t.outcome = 'SENT' AND t.provider_id IS NOT NULL
      WHERE a.organization_id = $1 AND a.incident_id = $2 AND a.channel_id = $3 AND a.recipient = $4 ORDER BY t.at, t.id LIMIT 1`,
    values: [tx.organizationId, incidentId, channelId, recipient],
  });
  return rows[0]?.provider_id ?? null;
}

export interface Report {
  outgoing: Outgoing;
  sent: Sent;
  latencyMs: number;
  /** Undefined: no further try. */
  retryAt: number | undefined;
  /** When it was tried, epoch ms. */
  at: number;
}

const failedFor = "5 days"; // of nothing but failures: then a channel is stopped

/** Writes down what became of one message, and how its channel is; answers why the channel was stopped, where it was. */
export async function record(
  tx: Tx,
  kind: ChannelKind,
  report: Report,
): Promise<{ failed: string[]; stopped: string | undefined }> {
  const { outgoing, sent, latencyMs, retryAt, at } = report;
  const { alerts, channelId, recipient } = outgoing;
  const { rows } = await tx.query<{ id: string; status: string }>({
    name: "attempts_recorded",
    text: `SELECT a.id, alert_attempt_record(a.id, a.claim, $3, $4::attempt_outcome, $5, $6, $7, $8)::text AS status
      FROM unnest($1::uuid[], $2::uuid[]) AS a(id, claim)`,
    values: [
      alerts.map(({ id }) => id),
      alerts.map(({ claim }) => claim),
      new Date(at),
      sent.outcome,
      sent.detail.slice(0, 500),
      latencyMs,
      sent.outcome === "SENT" ? (sent.providerId ?? null) : null,
      sent.outcome === "RETRY" && retryAt !== undefined ? new Date(retryAt) : null,
    ],
  });
  if (sent.outcome === "SENT") {
    const groups = [...new Set(alerts.map(({ groupKey }) => groupKey))].filter((key) => key !== "");
    await tx.query({
      name: "channel_succeeded",
      text: `WITH groups AS (
          INSERT INTO alert_groups (organization_id, id, channel_id, last_sent_at) SELECT $1, id, $2, $3 FROM unnest($4::uuid[]) AS id ORDER BY id
          ON CONFLICT (organization_id, id) DO UPDATE SET last_sent_at = greatest(alert_groups.last_sent_at, excluded.last_sent_at))
        UPDATE alert_channels SET last_success_at = greatest(last_success_at, $3), failing_since = NULL
        WHERE organization_id = $1 AND id = $2`,
      values: [
        tx.organizationId,
        channelId,
        new Date(at),
        groups.map((groupKey) => groupId({ groupKey, channelId, recipient })),
      ],
    });
    return { failed: [], stopped: undefined };
  }
  if (sent.outcome === "PERMANENT" && sent.badContact && recipient !== "") {
    await markBad(tx, kind, [recipient], sent.detail.slice(0, 500), at);
  }
  const stop = sent.outcome === "PERMANENT" && sent.stopChannel === true;
  const waitUntil = sent.outcome === "RETRY" && sent.channelWaits ? (retryAt ?? null) : null;
  const { rows: channels } = await tx.query<{ stopped: string | null }>({
    name: "channel_failed",
    text: `WITH before AS (SELECT suspended_at FROM alert_channels WHERE organization_id = $1 AND id = $2 FOR UPDATE)
      UPDATE alert_channels c SET last_failure_at = greatest(c.last_failure_at, $3), last_failure = $4,
        failing_since = coalesce(c.failing_since, $3), wait_until = greatest(c.wait_until, $5::timestamptz),
        suspended_at = CASE WHEN c.suspended_at IS NULL AND ($6 OR c.failing_since < $3::timestamptz - interval '${failedFor}')
          THEN $3 ELSE c.suspended_at END,
        suspended_reason = CASE WHEN c.suspended_at IS NOT NULL THEN c.suspended_reason WHEN $6 THEN $4
          WHEN c.failing_since < $3::timestamptz - interval '${failedFor}' THEN 'Nothing but failures for ${failedFor}. The last: ' || $4 END
      FROM before WHERE c.organization_id = $1 AND c.id = $2
      RETURNING CASE WHEN before.suspended_at IS NULL AND c.suspended_at IS NOT NULL THEN c.suspended_reason END AS stopped`,
    values: [
      tx.organizationId,
      channelId,
      new Date(at),
      sent.detail.slice(0, 500),
      waitUntil && new Date(waitUntil),
      stop,
    ],
  });
  return {
    failed: rows.filter(({ status }) => status === "FAILED").map(({ id }) => id),
    stopped: channels[0]?.stopped ?? undefined,
  };
}
