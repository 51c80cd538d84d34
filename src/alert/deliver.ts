/** Sends what is due. Running it at any time, in any number of processes, sends nothing twice but what a crash left open. */
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Database, Tx } from "../db.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import { type Log, messageForLog } from "../log.ts";
import { retryAt, type Sent } from "../outbound/outcome.ts";
import type { Vault } from "../secrets/vault.ts";
import { inSpan, noteInSpan, SpanKind } from "../tracing.ts";
import { createAbreast } from "./abreast.ts";
import { longestTry } from "./channels/channel.ts";
import type { Channels } from "./channels/kinds.ts";
import { sendToItself } from "./channels/own-receiver.ts";
import { mostTogether as most, type Outgoing } from "./deliver-plan.ts";
import { type ChannelRow, type Claim, claimDue } from "./ledger.ts";
import type { Counted } from "./minute.ts";
import { type Prepared, prepare, type Word } from "./prepare.ts";
import { isOwnReceiver } from "./probe.ts";
import { type Recorded, record } from "./record.ts";
import { createReports } from "./reports.ts";
import { type Traces, tracesOf } from "./traces.ts";

export interface Sender {
  /** The job behind the bell: sends until nothing is due, and asks to be woken for what comes later. */
  deliver(organizationId: string): Promise<void>;
  /** Something may be due: where it is sending, it looks at once. */
  look(organizationId: string): void;
  /** Claims nothing more: what is delivering ends when all that it sent is written down. */
  stop(): void;
}

const inFlight = 128; // messages on their way at once
const reserved = 32; // of those, kept for what is CRITICAL: bulk to dead receivers does not hold it up
const busyAt = 32; // messages on their way on one channel from which on only CRITICAL ones are added to them
const fullAt = 64; // from which on none is: one that hangs leaves room
const looksAgain = 200; // ms, while something is on its way
const lease = 60_000; // ms: longer than any try takes
const reporting = 10_000; // ms of it, to write down what became of a try
const abreast = 8; // messages that are sent and not written down: what comes twice when this process is killed
const patience = 100; // ms: for how long one without an answer is among them

export function createSender(options: {
  db: Pick<Database, "inOrganization" | "query">;
  /** One transaction; rings the bells after its commit. */
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  vault: Pick<Vault, "open">;
  channels: Channels;
  /** Words messages, many at a time. */
  word: Word;
  /** What cannot be delivered, in the transaction that says so. */
  onFailed(tx: Tx, failed: readonly string[], now: number): Promise<unknown>;
  /** A channel was stopped, in the transaction that stops it. */
  onStopped(tx: Tx, channelId: string, reason: string, now: number): Promise<void>;
  /** In the transaction that moves alerts on. */
  onMoved(tx: Tx, moved: Recorded["moved"]): Promise<unknown>;
  /** Asks to be called again at a time, epoch ms. */
  wake(organizationId: string, at: number): void;
  now: () => number;
  log: Log;
}): Sender {
  const { db, change, vault, channels, word, onFailed, onStopped, onMoved, wake, now, log } = options;
  const onTheWay = new Set<Promise<void>>();
  const onChannel = new Map<string, number>();
  const claiming = new Map<string, Promise<void>>();
  const counted: Counted = new Map();
  const lookNow = new Map<string, () => void>();
  const unwritten = createAbreast(abreast, patience);
  let stopped = false;

  const reports = createReports((organizationId, done) =>
    change(organizationId, async (tx) => {
      const recorded = await record(tx, done);
      const { stopped } = recorded;
      const { failed, moved } = told(recorded, done);
      if (moved.length > 0) await onMoved(tx, moved);
      if (failed.length > 0) await onFailed(tx, failed, now());
      for (const { channelId, reason, at } of stopped) await onStopped(tx, channelId, reason, at);
    }),
  );

  const sendingAtLeast = (many: number): string[] =>
    [...onChannel].flatMap(([id, sending]) => (sending >= many ? [id] : []));

  /** One at a time for each organization: what one claims, the next one counts. */
  function claim(organizationId: string, limit: number): Promise<Claim | undefined> {
    const before = claiming.get(organizationId) ?? Promise.resolve();
    const mine = before.then(async () => {
      const claimed = stopped ? undefined : await claimNow(organizationId, limit);
      for (const { channelId } of claimed?.plan.send ?? [])
        onChannel.set(channelId, (onChannel.get(channelId) ?? 0) + 1);
      return claimed;
    });
    const over = mine.then(
      () => {},
      () => {}, // told to whoever asked for it
    );
    claiming.set(organizationId, over);
    void over.then(() => claiming.get(organizationId) === over && claiming.delete(organizationId));
    return mine;
  }

  const claimNow = (organizationId: string, limit: number): Promise<Claim | undefined> =>
    db.inOrganization(organizationId, (tx) =>
      claimDue(tx, {
        most: limit,
        leaseMs: lease,
        busy: sendingAtLeast(busyAt),
        full: sendingAtLeast(fullAt),
        counted,
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
            AND (c.wait_until IS NULL OR c.wait_until <= $2) AND c.id <> ALL ($4)
          WHERE a.organization_id = $1 AND a.priority_rank = 3 AND a.due_at <= $2 LIMIT $3) d`,
      values: [organizationId, new Date(now()), upTo, sendingAtLeast(fullAt)],
    });
    return rows[0]?.due ?? 0;
  }

  /** Never throws for what the receiver does. */
  async function send(organizationId: string, channel: ChannelRow, prepared: Prepared, until: number): Promise<Sent> {
    const { recipient } = prepared;
    const waits = channels[channel.kind].waitsItsTurn ? Math.max(0, until - reporting - performance.now()) : 0;
    const signal = AbortSignal.timeout(longestTry + Math.ceil(waits));
    if (isOwnReceiver(channel.config)) return sendToItself(prepared.message, signal, now);
    if (recipient === null) return { outcome: "PERMANENT", detail: "The number is no longer kept." };
    return channels[channel.kind].send({
      message: prepared.message,
      organizationId,
      recipient,
      config: channel.config as never,
      secrets: prepared.secrets as never,
      firstOfThread: prepared.firstOfThread,
      signal,
    });
  }

  async function tryOne(organizationId: string, outgoing: Outgoing, ready: Ready): Promise<void> {
    const urgent = outgoing.alerts.some(({ priority }) => priority === "CRITICAL");
    const place = urgent ? unwritten.pass() : await unwritten.enter();
    try {
      // Writing took so long that its lease ends before a try would: whoever claims it next sends it.
      if (performance.now() < ready.until)
        await inSpan(`alert ${ready.channel.kind}`, spanOf(outgoing, ready.traces), () =>
          tryNow(organizationId, outgoing, ready, () => place.answered()),
        );
    } finally {
      place.leave();
    }
  }

  async function tryNow(
    organizationId: string,
    outgoing: Outgoing,
    { channel, notTried, prepared, until }: Ready,
    answered: () => void,
  ): Promise<void> {
    const began = performance.now();
    const sent: Sent = notTried
      ? { outcome: "PERMANENT", detail: notTried }
      : prepared
        ? await send(organizationId, channel, prepared, until).catch((error: Error): Sent => {
            log.error({ organizationId, err: messageForLog(error) }, "an alert could not be sent");
            return unworded;
          })
        : unworded;
    answered();
    noteInSpan({ "vigil.alert.outcome": sent.outcome });
    const at = now();
    const tries = Math.max(...outgoing.alerts.map((alert) => alert.tries));
    const afterMs = sent.outcome === "RETRY" ? sent.afterMs : undefined;
    const again = retryAt({ tries, afterMs, retries: channels[channel.kind].retries }, at, Math.random());
    const latencyMs = Math.round(performance.now() - began);
    const untried = notTried !== undefined || prepared?.recipient === null;
    await reports.add(organizationId, { outgoing, kind: channel.kind, sent, untried, latencyMs, retryAt: again, at });
  }

  function takeOff(channelId: string): void {
    const left = (onChannel.get(channelId) ?? 1) - 1;
    if (left > 0) onChannel.set(channelId, left);
    else onChannel.delete(channelId);
  }

  /** Sets out with all that was claimed; each is on its way until it is written down, or cannot set out. */
  async function setOut(organizationId: string, claimed: Claim, own: Set<Promise<void>>, until: number): Promise<void> {
    const { plan, channels: rows, notTried } = claimed;
    const waiting = new Set(plan.send);
    try {
      const prepared = await prepare(
        { db, vault, word, updatesThread: (kind) => channels[kind].updatesThread === true, log },
        organizationId,
        plan.send.filter((outgoing) => !notTried(outgoing)),
        rows,
      );
      const ids = plan.send.flatMap(({ alerts }) => alerts.map(({ id }) => id));
      const traces = await tracesOf(db, organizationId, ids).catch((error: Error): Traces => {
        log.warn({ organizationId, err: messageForLog(error) }, "alerts go out without the traces they came of");
        return new Map();
      });
      for (const outgoing of plan.send) {
        const { channelId, messageId } = outgoing;
        const [channel, words] = [rows.get(channelId) as ChannelRow, prepared.get(messageId as string)];
        const ready = { channel, notTried: notTried(outgoing), prepared: words, traces, until };
        const going = tryOne(organizationId, outgoing, ready)
          // What is not written down is lost when its lease ends, and is tried again with the same message id.
          .catch((error: Error) => log.error({ organizationId, err: messageForLog(error) }, "a try was not recorded"))
          .finally(() => {
            takeOff(channelId);
            onTheWay.delete(going);
            own.delete(going);
          });
        waiting.delete(outgoing);
        onTheWay.add(going);
        own.add(going);
      }
    } finally {
      for (const { channelId } of waiting) takeOff(channelId);
    }
  }

  return {
    look: (organizationId) => lookNow.get(organizationId)?.(),
    stop: () => void (stopped = true), // whoever pauses looks again within 200 ms
    async deliver(organizationId) {
      const own = new Set<Promise<void>>();
      for (;;) {
        const isAlone = own.size === 0;
        const free = inFlight - onTheWay.size;
        const roomy = free > reserved;
        const limit = roomy ? Math.min(most, free - reserved) : await criticalDue(organizationId, Math.min(most, free));
        const until = performance.now() + lease - longestTry;
        const claimed = limit > 0 ? await claim(organizationId, limit) : undefined;
        if (claimed && claimed.plan.send.length > 0) {
          await setOut(organizationId, claimed, own, until);
          continue;
        }
        if ((roomy || stopped) && isAlone) break;
        if (own.size === 0 && !isAlone) continue; // a channel that was busy when this was asked is so no longer
        // Not until all have answered: what comes meanwhile does not wait for a receiver that hangs.
        const told = new Promise<void>((resolve) => void lookNow.set(organizationId, resolve));
        await Promise.race([...onTheWay, told, pause(looksAgain, undefined, { ref: false })]);
      }
      lookNow.delete(organizationId);
      if (stopped) return; // what is due later is for whoever comes after
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

interface Ready {
  channel: ChannelRow;
  /** Why it is not tried. */
  notTried: string | undefined;
  /** Undefined: it could not be worded. */
  prepared: Prepared | undefined;
  traces: Traces;
  /** Until when a try may begin, by performance.now(). */
  until: number;
}

/** A message comes from the traces of its alerts. */
function spanOf({ alerts }: Outgoing, traces: Traces): Parameters<typeof inSpan>[1] {
  const attributes = { "vigil.alerts": alerts.length, "vigil.alert.priority": alerts[0]?.priority ?? "" };
  return { kind: SpanKind.CLIENT, attributes, from: alerts.map(({ id }) => traces.get(id)) };
}

/** What people are told of: not what the heartbeat sends to Vigil itself. */
function told(
  { failed, moved }: Recorded,
  done: readonly { outgoing: Outgoing }[],
): Pick<Recorded, "failed" | "moved"> {
  const own = done.flatMap(({ outgoing }) => outgoing.alerts).filter(({ kind }) => kind === "HEARTBEAT");
  if (own.length === 0) return { failed, moved };
  const isOwn = (id: string): boolean => own.some((alert) => alert.id === id);
  return { failed: failed.filter((id) => !isOwn(id)), moved: moved.filter(({ id }) => !isOwn(id)) };
}

const unworded: Sent = { outcome: "RETRY", detail: "Vigil could not word or send it; its log says more." };
