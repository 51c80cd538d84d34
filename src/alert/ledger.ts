/** The ledger of deliveries: what is claimed, in which messages, and on which channels. */
import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import { type Claimed, type Outgoing, type Plan, planDelivery } from "./deliver-plan.ts";
import { type Counted, leftOfMinute, remember } from "./minute.ts";
import { recipientsOf } from "./recipients.ts";

/** A channel as its sender needs it. */
export interface ChannelRow {
  id: string;
  kind: ChannelKind;
  config: unknown;
  sealedSecrets: Buffer | null;
  perMinute: number | null;
}

export interface Claim {
  plan: Plan;
  channels: Map<string, ChannelRow>;
  /** Why a message is not to be tried; undefined: it is. */
  notTried(outgoing: Outgoing): string | undefined;
}

const badKey = (kind: ChannelKind, address: string): string => `${kind} ${address}`;
/** What goes to whom its channel names, and to nobody by an address of their own. */
const toChannel: ReadonlySet<Claimed["kind"]> = new Set([
  "OPENED",
  "RAISED",
  "REOPENED",
  "BREACHED",
  "REPEATED",
  "TEST",
]);

/** Claims what is due and gives each message its id, which is stored before anything is sent: a part of one gets its own. */
export async function claimDue(
  tx: Tx,
  {
    most,
    leaseMs,
    busy = [],
    full = [],
    counted = new Map(),
    perMinuteOf,
    now,
  }: {
    most: number;
    leaseMs: number;
    /** Channels on which much is on its way: only what is CRITICAL is claimed. */
    busy?: readonly string[];
    /** Channels on which enough is on its way: nothing is claimed. */
    full?: readonly string[];
    /** What this process remembers of how much channels may still send; it is added to. */
    counted?: Counted;
    perMinuteOf(kind: ChannelKind): number;
    now: number;
  },
): Promise<Claim | undefined> {
  const messageIds = Array.from({ length: most }, () => uuidv7());
  const { rows: claimed } = await tx.query<Claimed & { messageId: string }>({
    name: "alerts_claim",
    text: `SELECT id, incident_id AS "incidentId", kind, channel_id AS "channelId", recipient, priority, tries, group_key AS "groupKey",
        message_id AS "messageId", claim
      FROM alerts_claim_due($1, $2, make_interval(secs => $3::double precision / 1000), $4, $5, $6)`,
    values: [most, new Date(now), leaseMs, busy, full, messageIds],
  });
  const [first] = claimed;
  if (!first) return undefined;
  const made = new Set(messageIds);
  const again = claimed.filter(({ messageId }) => !made.has(messageId));
  const renamed = await renameParts(tx, again);
  const rows = claimed.map(
    (row): Claimed => ({
      ...row,
      messageId: made.has(row.messageId) ? null : (renamed.get(row.messageId) ?? row.messageId),
    }),
  );
  const { rows: channelRows } = await tx.query<ChannelRow>({
    name: "channels_to_send_on",
    text: `SELECT c.id, c.kind, c.config, c.sealed_secrets AS "sealedSecrets", c.per_minute AS "perMinute"
      FROM alert_channels c WHERE c.organization_id = $1 AND c.id = ANY ($2)`,
    values: [tx.organizationId, [...new Set(rows.map(({ channelId }) => channelId))]],
  });
  const channels = new Map(channelRows.map((row) => [row.id, row]));
  const limits = new Map(channelRows.map(({ id, kind, perMinute }) => [id, perMinute ?? perMinuteOf(kind)]));
  const left = await leftOfMinute(tx, limits, { claim: first.claim, counted, now });
  const plan = planDelivery(rows, (id) => left.get(id) ?? 0);
  const taken = plan.send.map(({ channelId }) => channelId);
  remember(counted, left, taken, now);
  const given = new Map(claimed.map(({ id, messageId }) => [id, messageId]));
  for (const message of plan.send) message.messageId ??= given.get(message.alerts[0]?.id as string) as string;
  const joining = plan.send.flatMap(({ messageId, alerts }) =>
    alerts.flatMap(({ id }) => (given.get(id) === messageId ? [] : [[id, messageId] as const])),
  );
  if (joining.length > 0) {
    await tx.query({
      name: "alerts_in_messages",
      text: `UPDATE security_alerts a SET message_id = m.message_id FROM unnest($2::uuid[], $3::uuid[]) AS m(id, message_id)
        WHERE a.organization_id = $1 AND a.id = m.id`,
      values: [tx.organizationId, joining.map(([id]) => id), joining.map(([, messageId]) => messageId)],
    });
  }
  if (plan.wait.length > 0) {
    const fresh = plan.wait.filter(({ messageId }) => messageId === null).map(({ id }) => id);
    const until = new Date(now + 15_000);
    const ids = plan.wait.map(({ id }) => id);
    await tx.query("SELECT alerts_release($1, $2, $3, $4)", [ids, first.claim, until, fresh]);
  }
  const bad = await badAmong(tx, new Set(rows.map(({ recipient }) => recipient)));
  return {
    plan,
    channels,
    notTried({ channelId, recipient, alerts }) {
      const { kind, config } = channels.get(channelId) as ChannelRow;
      const reason = bad.get(badKey(kind, recipient));
      if (reason !== undefined) return `Not tried, for this is known not to arrive: ${reason}`;
      if ((kind !== "EMAIL" && kind !== "SMS") || !alerts.every((one) => toChannel.has(one.kind))) return undefined;
      const isTold = recipientsOf(config).some((one) => one.toLowerCase() === recipient.toLowerCase());
      return isTold ? undefined : "Not tried: the channel no longer tells this address or number."; // changed while it waited
    },
  };
}

/**
 * New ids for messages of which others have the rest, or will have it: who has seen a part under an id drops the other part.
 * What stays under an id is all that is left of what was ever sent under it.
 */
async function renameParts(tx: Tx, again: readonly { messageId: string }[]): Promise<Map<string, string>> {
  if (again.length === 0) return new Map();
  const ids = again.map(({ messageId }) => messageId);
  const { rows } = await tx.query<{ id: string }>({
    name: "messages_in_parts",
    text: `SELECT m.id FROM (SELECT id, count(*) AS claimed FROM unnest($2::uuid[]) AS id GROUP BY 1) m
      WHERE (SELECT count(*) FROM security_alerts a WHERE a.organization_id = $1 AND a.message_id = m.id) > m.claimed`,
    values: [tx.organizationId, ids],
  });
  return new Map(rows.map(({ id }) => [id, uuidv7()]));
}

/** The numbers and addresses that are never to be tried again, with the reason. */
async function badAmong(tx: Tx, recipients: Set<string>): Promise<Map<string, string>> {
  recipients.delete(""); // a webhook and Slack have one receiver, which needs no name
  if (recipients.size === 0) return new Map();
  const { rows } = await tx.query<{ kind: ChannelKind; address: string; reason: string }>({
    name: "bad_contacts_among",
    text: "SELECT kind, address, reason FROM bad_contacts WHERE organization_id = $1 AND address = ANY ($2)",
    values: [tx.organizationId, [...recipients]],
  });
  return new Map(rows.map(({ kind, address, reason }) => [badKey(kind, address), reason]));
}

/** By message id, what the provider called the first message of the same incident to the same recipient; one without any is left out. */
export async function firstOfThreads(tx: Tx, outgoing: readonly Outgoing[]): Promise<Map<string, string>> {
  const asked = outgoing.flatMap(({ messageId, channelId, recipient, alerts }) => {
    const [incidentId, other] = new Set(alerts.map(({ incidentId }) => incidentId));
    return incidentId && other === undefined
      ? [{ messageId: messageId as string, incidentId, channelId, recipient }]
      : [];
  });
  if (asked.length === 0) return new Map();
  const { rows } = await tx.query<{ id: string; providerId: string }>({
    name: "first_of_threads",
    text: `SELECT m.id, first.provider_id AS "providerId"
      FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[]) AS m(id, incident_id, channel_id, recipient), LATERAL (
        SELECT t.provider_id FROM security_alerts a
        JOIN alert_attempts t ON t.organization_id = $1 AND t.alert_id = a.id AND t.outcome = 'SENT' AND t.provider_id IS NOT NULL
        WHERE a.organization_id = $1 AND a.incident_id = m.incident_id AND a.channel_id = m.channel_id AND a.recipient = m.recipient
        ORDER BY t.at, t.id LIMIT 1) first`,
    values: [
      tx.organizationId,
      asked.map((one) => one.messageId),
      asked.map((one) => one.incidentId),
      asked.map((one) => one.channelId),
      asked.map((one) => one.recipient),
    ],
  });
  return new Map(rows.map(({ id, providerId }) => [id, providerId]));
}
