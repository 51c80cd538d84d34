/** Sends what is due. Running it at any time, in any number of processes, sends nothing twice but what a crash left open. */
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Database, Tx } from "../db.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import { type Log, messageForLog } from "../log.ts";
import { sealedColumns } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Sent } from "./channels/channel.ts";
import type { Channels } from "./channels/kinds.ts";
import { type Outgoing, retryAt } from "./deliver-plan.ts";
import { badKey, type ChannelRow, type Claim, claimDue, firstOfThread, record } from "./ledger.ts";
import type { Message } from "./message.ts";

export interface Sender {
  /** The job behind the bell: sends until nothing is due, and asks to be woken for what comes later. */
  deliver(organizationId: string): Promise<void>;
}

const most = 64; // alerts claimed at once
const inFlight = 64; // messages on their way at once, so that one dead receiver holds up nobody
const reserved = 16; // of those, kept for what is CRITICAL: bulk to dead receivers does not hold it up
const looksAgain = 200; // ms, while something is on its way
const lease = 60_000; // ms: longer than any try takes
const longestTry = 20_000; // ms

export function createSender(options: {
  db: Pick<Database, "inOrganization" | "query">;
  /** One transaction; rings the bells after its commit. */
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  vault: Pick<Vault, "open">;
  channels: Channels;
  /** Words the alerts of one message. */
  word(tx: Tx, asked: { id: string; alertIds: readonly string[] }): Promise<Message>;
  /** What cannot be delivered, in the transaction that says so. */
  onFailed(tx: Tx, failed: readonly string[], now: number): Promise<unknown>;
  /** A channel was stopped, in the transaction that stops it. */
  onStopped(tx: Tx, channelId: string, reason: string, now: number): Promise<void>;
  /** In the transaction that moves alerts on. */
  onMoved(tx: Tx, alertIds: readonly string[], outcome: string): Promise<unknown>;
  /** Asks to be called again at a time, epoch ms. */
  wake(organizationId: string, at: number): void;
  now: () => number;
  log: Log;
}): Sender {
  const { db, change, vault, channels, word, onFailed, onStopped, onMoved, wake, now, log } = options;
  const onTheWay = new Set<Promise<void>>();

  const claim = (organizationId: string, limit: number): Promise<Claim | undefined> =>
    db.inOrganization(organizationId, (tx) =>
      claimDue(tx, {
        most: limit,
        leaseMs: lease,
        perMinuteOf: (kind: ChannelKind) => channels[kind].perMinute,
        now: now(),
      }),
    );

  /** How many that are CRITICAL are due, up to a number. They are claimed before all others. */
  async function criticalDue(organizationId: string, upTo: number): Promise<number> {
    if (upTo <= 0) return 0;
    const { rows } = await db.query<{ due: number }>(organizationId, {
      name: "alerts_critical_due",
      text: `SELECT count(*)::int AS due FROM (SELECT FROM security_alerts a
          JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id AND c.suspended_at IS NULL
          WHERE a.organization_id = $1 AND a.priority = 'CRITICAL' AND a.due_at <= $2 LIMIT $3) d`,
      values: [organizationId, new Date(now()), upTo],
    });
    return rows[0]?.due ?? 0;
  }

  /** Never throws for what the receiver does. */
  async function send(organizationId: string, outgoing: Outgoing, channel: ChannelRow): Promise<Sent> {
    const kind = channels[channel.kind];
    const { message, secrets, first } = await db.inOrganization(organizationId, async (tx) => ({
      message: await word(tx, {
        id: outgoing.messageId as string,
        alertIds: outgoing.alerts.map(({ id }) => id),
      }),
      secrets: await secretsOf(tx, vault, channel),
      first: kind.updatesThread ? await firstOfThread(tx, outgoing) : null,
    }));
    return kind.send({
      message,
      organizationId,
      recipient: outgoing.recipient,
      config: channel.config as never,
      secrets: secrets as never,
      firstOfThread: first,
      signal: AbortSignal.timeout(longestTry),
    });
  }

  async function tryOne(organizationId: string, outgoing: Outgoing, { channels: rows, bad }: Claim): Promise<void> {
    const channel = rows.get(outgoing.channelId) as ChannelRow;
    const known = bad.get(badKey(channel.kind, outgoing.recipient));
    const began = performance.now();
    const sent: Sent = known
      ? { outcome: "PERMANENT", detail: `Not tried, for this is known not to arrive: ${known}` }
      : await send(organizationId, outgoing, channel).catch((error: Error): Sent => {
          log.error({ organizationId, err: messageForLog(error) }, "an alert could not be sent");
          return { outcome: "RETRY", detail: "Vigil could not word or send it; its log says more." };
        });
    const latencyMs = Math.round(performance.now() - began);
    const at = now();
    const tries = Math.max(...outgoing.alerts.map((alert) => alert.tries));
    const afterMs = sent.outcome === "RETRY" ? sent.afterMs : undefined;
    const again = retryAt({ tries, afterMs, retries: channels[channel.kind].retries }, at, Math.random());
    await change(organizationId, async (tx) => {
      const { failed, stopped } = await record(tx, channel.kind, { outgoing, sent, latencyMs, retryAt: again, at });
      await onMoved(
        tx,
        outgoing.alerts.map(({ id }) => id),
        sent.outcome === "SENT" ? "SENT" : failed.length > 0 ? "FAILED" : "RETRYING",
      );
      if (failed.length > 0) await onFailed(tx, failed, at);
      if (stopped !== undefined) await onStopped(tx, channel.id, stopped, at);
    });
  }

  return {
    async deliver(organizationId) {
      const own = new Set<Promise<void>>();
      for (;;) {
        const free = inFlight - onTheWay.size;
        const roomy = free > reserved;
        const limit = roomy ? Math.min(most, free - reserved) : await criticalDue(organizationId, free);
        const claimed = limit > 0 ? await claim(organizationId, limit) : undefined;
        for (const outgoing of claimed?.plan.send ?? []) {
          const going = tryOne(organizationId, outgoing, claimed as Claim)
            // What is not written down is lost when its lease ends, and is tried again with the same message id.
            .catch((error: Error) => log.error({ organizationId, err: messageForLog(error) }, "a try was not recorded"))
            .finally(() => {
              onTheWay.delete(going);
              own.delete(going);
            });
          onTheWay.add(going);
          own.add(going);
        }
        if (claimed && claimed.plan.send.length > 0) continue;
        if (roomy && own.size === 0) break;
        // Not until all have answered: what comes meanwhile does not wait for a receiver that hangs.
        await Promise.race([...onTheWay, pause(looksAgain, undefined, { ref: false })]);
      }
      const { rows } = await db.query<{ at: Date | null }>(organizationId, {
        name: "alerts_due_next",
        text: `SELECT min(greatest(a.due_at, c.wait_until)) AS at FROM security_alerts a
          JOIN alert_channels c ON c.organization_id = $1 AND c.id = a.channel_id AND c.suspended_at IS NULL
          WHERE a.organization_id = $1 AND a.due_at IS NOT NULL AND a.status_rank <= 2`,
        values: [organizationId],
      });
      const at = rows[0]?.at;
      if (at) wake(organizationId, at.getTime());
    },
  };
}

async function secretsOf(tx: Tx, vault: Pick<Vault, "open">, { id, sealedSecrets }: ChannelRow): Promise<object> {
  if (!sealedSecrets) return {};
  const [opened] = await vault.open(tx, sealedColumns.channel, [{ rowId: id, record: sealedSecrets }]);
  return JSON.parse((opened as Buffer).toString("utf8")) as object;
}
