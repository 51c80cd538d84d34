/** Writes down what became of tries: of many messages by as many statements as of one. */
import type { Tx } from "../db.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import type { Sent } from "../outbound/outcome.ts";
import type { Outgoing } from "./deliver-plan.ts";
import { groupId } from "./ids.ts";

export interface Report {
  outgoing: Outgoing;
  kind: ChannelKind;
  sent: Sent;
  /** Nothing was sent: whom it goes to cannot be reached. */
  untried: boolean;
  latencyMs: number;
  /** Undefined: no further try. */
  retryAt: number | undefined;
  /** When it was tried, epoch ms. */
  at: number;
}

export interface Recorded {
  /** Alerts that are given up. */
  failed: string[];
  /** Channels that were stopped, and why. */
  stopped: { channelId: string; reason: string; at: number }[];
  /** Each alert and where it is now; one that is gone is left out. */
  moved: { id: string; status: string }[];
}

const failedFor = "5 days"; // of nothing but failures: then a channel is stopped
const longestDetail = 500;

/** Locks alerts, then channels, then groups, each in the order of their ids. */
export async function record(tx: Tx, reports: readonly Report[]): Promise<Recorded> {
  const moved = await recordAttempts(tx, reports);
  const succeeded = reports.filter(({ sent }) => sent.outcome === "SENT");
  const failing = reports.filter(({ sent }) => sent.outcome !== "SENT");
  const stopped: Recorded["stopped"] = [];
  if (failing.length > 0) {
    const ids = [...new Set(reports.map(({ outgoing }) => outgoing.channelId))];
    await tx.query(
      "SELECT FROM alert_channels WHERE organization_id = $1 AND id = ANY ($2) ORDER BY id FOR NO KEY UPDATE",
      [tx.organizationId, ids],
    );
    for (const report of failing) {
      const reason = await recordFailure(tx, report);
      if (reason !== null) stopped.push({ channelId: report.outgoing.channelId, reason, at: report.at });
    }
  }
  if (succeeded.length > 0) await markSucceeded(tx, succeeded);
  return { failed: moved.filter(({ status }) => status === "FAILED").map(({ id }) => id), stopped, moved };
}

async function recordAttempts(tx: Tx, reports: readonly Report[]): Promise<Recorded["moved"]> {
  const tries = reports.flatMap((report) => report.outgoing.alerts.map(({ id, claim }) => ({ id, claim, ...report })));
  const { rows } = await tx.query<{ id: string; status: string }>({
    name: "attempts_recorded",
    text: `SELECT alert AS id, status FROM alert_attempts_record($1::uuid[], $2::uuid[], $3::timestamptz[], $4::attempt_outcome[],
      $5::text[], $6::int[], $7::text[], $8::timestamptz[])`,
    values: [
      tries.map(({ id }) => id),
      tries.map(({ claim }) => claim),
      tries.map(({ at }) => new Date(at)),
      tries.map(({ sent }) => sent.outcome),
      tries.map(({ sent }) => sent.detail.slice(0, longestDetail)),
      tries.map(({ latencyMs }) => latencyMs),
      tries.map(({ sent }) => (sent.outcome === "SENT" ? (sent.providerId ?? null) : null)),
      tries.map(({ sent, retryAt }) => (sent.outcome === "RETRY" && retryAt !== undefined ? new Date(retryAt) : null)),
    ],
  });
  const failed = await failTold(tx, reports);
  return rows.map((row) => (failed.has(row.id) ? { ...row, status: "FAILED" } : row));
}

/**
 * Of an SMS it may be told that it has not arrived before it is written down that it was sent: then it has failed now.
 * Answers the alerts that have.
 */
async function failTold(tx: Tx, reports: readonly Report[]): Promise<Set<string>> {
  const sent = reports.flatMap(({ kind, sent, outgoing }) =>
    kind === "SMS" && sent.outcome === "SENT" && sent.providerId ? [{ providerId: sent.providerId, outgoing }] : [],
  );
  if (sent.length === 0) return new Set();
  const { rows: told } = await tx.query<{ providerId: string }>({
    name: "told_before_sent",
    text: `SELECT DISTINCT provider_id AS "providerId" FROM alert_attempts
      WHERE organization_id = $1 AND provider_id = ANY ($2) AND outcome = 'PERMANENT'`,
    values: [tx.organizationId, sent.map(({ providerId }) => providerId)],
  });
  const lost = new Set(told.map(({ providerId }) => providerId));
  const ids = sent.flatMap(({ providerId, outgoing }) =>
    lost.has(providerId) ? outgoing.alerts.map(({ id }) => id) : [],
  );
  if (ids.length === 0) return new Set();
  const { rows } = await tx.query<{ id: string }>(
    `UPDATE security_alerts SET status = 'FAILED' WHERE organization_id = $1 AND id = ANY ($2) AND status = 'SENT'
     RETURNING id`,
    [tx.organizationId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/**
 * When something of each group, and of each channel, went out last. A channel is locked and written only where that is news
 * (to the second, or the end of failures): senders that share channels do not wait for each other's commits.
 */
async function markSucceeded(tx: Tx, succeeded: readonly Report[]): Promise<void> {
  const groups = new Map<string, { channelId: string; at: number }>();
  const channels = new Map<string, number>();
  for (const { outgoing, at } of succeeded) {
    const { channelId, recipient, alerts } = outgoing;
    channels.set(channelId, Math.max(at, channels.get(channelId) ?? 0));
    for (const { groupKey } of alerts) {
      if (groupKey === "") continue;
      const id = groupId({ groupKey, channelId, recipient });
      groups.set(id, { channelId, at: Math.max(at, groups.get(id)?.at ?? 0) });
    }
  }
  await tx.query({
    name: "channels_succeeded",
    text: `WITH held AS MATERIALIZED (SELECT c.id, s.at FROM unnest($2::uuid[], $3::timestamptz[]) AS s(id, at)
        JOIN alert_channels c ON c.organization_id = $1 AND c.id = s.id
          AND (c.failing_since IS NOT NULL OR c.last_success_at IS NULL OR c.last_success_at < s.at - interval '1 second')
        ORDER BY c.id FOR NO KEY UPDATE OF c),
      groups AS (
        INSERT INTO alert_groups (organization_id, id, channel_id, last_sent_at)
        SELECT $1, id, channel_id, at FROM unnest($4::uuid[], $5::uuid[], $6::timestamptz[]) AS g(id, channel_id, at) ORDER BY id
        ON CONFLICT (organization_id, id) DO UPDATE SET last_sent_at = greatest(alert_groups.last_sent_at, excluded.last_sent_at))
      UPDATE alert_channels c SET last_success_at = greatest(c.last_success_at, held.at),
        failing_since = CASE WHEN c.failing_since > held.at THEN c.failing_since END
      FROM held WHERE c.organization_id = $1 AND c.id = held.id`,
    values: [
      tx.organizationId,
      [...channels.keys()],
      [...channels.values()].map((at) => new Date(at)),
      [...groups.keys()],
      [...groups.values()].map(({ channelId }) => channelId),
      [...groups.values()].map(({ at }) => new Date(at)),
    ],
  });
}

/** Why the channel was stopped; null: it was not, or long ago. */
async function recordFailure(tx: Tx, report: Report): Promise<string | null> {
  const { outgoing, kind, sent, untried, retryAt, at } = report;
  const { channelId, recipient } = outgoing;
  const detail = sent.detail.slice(0, longestDetail);
  const isBad = sent.outcome === "PERMANENT" && sent.badContact === true;
  if (isBad && recipient !== "") await markBad(tx, kind, [recipient], detail, at);
  const ofRecipient = untried || isBad; // of the channel it says nothing
  const stop = sent.outcome === "PERMANENT" && sent.stopChannel === true;
  const waits = sent.outcome === "RETRY" && sent.channelWaits === true;
  // Others go on as soon as the receiver has asked for, though this message may wait longer.
  const waitUntil = waits ? (sent.afterMs === undefined ? retryAt : at + sent.afterMs) : undefined;
  const { rows } = await tx.query<{ stopped: string | null }>({
    name: "channel_failed",
    text: `WITH before AS (
        SELECT suspended_at, NOT $7 AND failing_since < $3::timestamptz - interval '${failedFor}' AS is_dead
        FROM alert_channels WHERE organization_id = $1 AND id = $2 FOR NO KEY UPDATE)
      UPDATE alert_channels c SET last_failure_at = greatest(c.last_failure_at, $3), last_failure = $4,
        failing_since = CASE WHEN $7 THEN c.failing_since ELSE coalesce(c.failing_since, $3) END,
        wait_until = greatest(c.wait_until, $5::timestamptz),
        suspended_at = CASE WHEN c.suspended_at IS NULL AND ($6 OR before.is_dead) THEN $3 ELSE c.suspended_at END,
        suspended_reason = CASE WHEN c.suspended_at IS NOT NULL THEN c.suspended_reason WHEN $6 THEN $4
          WHEN before.is_dead THEN 'Nothing but failures for ${failedFor}. The last: ' || $4 END
      FROM before WHERE c.organization_id = $1 AND c.id = $2
      RETURNING CASE WHEN before.suspended_at IS NULL AND c.suspended_at IS NOT NULL THEN c.suspended_reason END AS stopped`,
    values: [
      tx.organizationId,
      channelId,
      new Date(at),
      detail,
      waitUntil === undefined ? null : new Date(waitUntil),
      stop,
      ofRecipient,
    ],
  });
  return rows[0]?.stopped ?? null;
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

/** Addresses or numbers that somebody gives once more are tried again. */
export async function forgetBad(tx: Tx, kind: ChannelKind, addresses: readonly string[]): Promise<void> {
  await tx.query("DELETE FROM bad_contacts WHERE organization_id = $1 AND kind = $2 AND address = ANY ($3)", [
    tx.organizationId,
    kind,
    addresses,
  ]);
}

/** Forgets when a group was last sent to where no message waits for it any more: no interval of a route is longer than a week. */
export async function forgetGroups(tx: Tx, now: number): Promise<void> {
  await tx.query(
    `DELETE FROM alert_groups WHERE organization_id = $1 AND id = ANY (ARRAY(
       SELECT id FROM alert_groups WHERE organization_id = $1 AND last_sent_at < $2::timestamptz - interval '8 days' LIMIT 50000 FOR UPDATE SKIP LOCKED))`,
    [tx.organizationId, new Date(now)],
  );
}
