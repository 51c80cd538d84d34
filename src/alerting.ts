/** The delivery of alerts, put together: channels, their sender, and the bell that wakes it. */
import { isSecret } from "./access/credential.ts";
import { type Channels, openChannels } from "./alert/channels/kinds.ts";
import type { Smtp } from "./alert/channels/smtp.ts";
import { createSender } from "./alert/deliver.ts";
import { type DeliveryReport, recordDeliveryReport } from "./alert/delivery-report.ts";
import { onUndeliverable } from "./alert/escalate.ts";
import { readMailReport } from "./alert/mail-report.ts";
import { createOutside, type Outside } from "./alert/outside.ts";
import { isTwilios, type TwilioCallback, twilioReport } from "./alert/twilio-status.ts";
import { wordAlerts } from "./alert/words.ts";
import type { Config } from "./config.ts";
import type { Database, Tx } from "./db.ts";
import { holdTurn } from "./detect/turn.ts";
import { VigilError } from "./errors.ts";
import type { Log } from "./log.ts";
import { recordChanges } from "./publish/change.ts";
import { notify } from "./publish/notify.ts";
import { atMost } from "./queue/at-most.ts";
import { answerHere, ringWorkers } from "./queue/doorbell.ts";
import { createTokenSigner } from "./secrets/signed-token.ts";
import type { Vault } from "./secrets/vault.ts";

export interface Alerting {
  channels: Channels;
  /** What people do without signing in. */
  outside: Outside;
  /** Says that alerts of the organization may be due. */
  ring(organizationId: string): void;
  /** What became of an SMS. False: not Twilio's word, and nothing was done. */
  twilioStatus(told: TwilioCallback): Promise<boolean>;
  /** What became of an e-mail, as a mail server reports it. False: it is no such report. Errors: FORBIDDEN. */
  mailReport(told: { token: string | undefined; raw: Buffer }): Promise<boolean>;
  /** Sends what is due; harmless at any time. */
  deliver(organizationId: string): Promise<void>;
  /** From now on nothing more is sent; what is on its way is written down. The first thing to do when closing. */
  stopSending(): void;
  close(): Promise<void>;
}

/** The queue of a multi-process installation. */
export const deliveryQueue = "vigil-deliver";
/** Organizations that one worker delivers for at once: each may be waiting for a receiver that hangs. */
export const deliveriesAtOnce = 64;

const longestWake = 15_000; // ms: what is due later is found by the sweep
const longestClose = 6_000; // ms: whoever started us waits 10 seconds, and a receiver that hangs may take longer

export function openAlerting(options: {
  config: Config;
  db: Database;
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  vault: Vault;
  smtp: Smtp | undefined;
  /** The installation's own, which its processes share. */
  secret: string;
  now: () => number;
  log: Log;
}): Alerting {
  const { config, db, change, vault, smtp, secret, now, log } = options;
  const { publicUrl, twilio, mailReportsToken, slackApiUrl, redisUrl, allowPrivateWebhooks: allowPrivate } = config;
  const readsMailReports = mailReportsToken !== undefined;
  const channels = openChannels({ smtp, twilio, allowPrivate, publicUrl, readsMailReports, slackApiUrl, now });
  const outside = createOutside({
    db,
    change,
    holdTurn,
    vault,
    signer: createTokenSigner(secret),
    publicUrl,
    twilioToken: twilio?.authToken,
    slackApiUrl,
    allowPrivate,
    now,
  });
  const timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  let closed = false;

  function wake(organizationId: string, at: number): void {
    const known = timers.get(organizationId);
    const wait = at - now();
    if (closed || wait > longestWake || (known && known.at <= at)) return;
    if (known) clearTimeout(known.timer);
    const timer = setTimeout(
      () => {
        timers.delete(organizationId);
        doorbell.ring(organizationId);
      },
      Math.max(wait, 10),
    ).unref();
    timers.set(organizationId, { at, timer });
  }

  const sender = createSender({
    db,
    change,
    vault,
    channels,
    word: (tx, asked) =>
      wordAlerts(
        tx,
        asked.map((one) => ({ ...one, acknowledgeUrl: outside.acknowledgeUrl(tx.organizationId, one.id) })),
        publicUrl,
      ),
    onFailed: onUndeliverable,
    onMoved: (tx, moved) =>
      recordChanges(
        tx,
        moved.map(({ id, status }) => ({ topic: "alert", kind: status, entityId: id })),
      ),
    async onStopped(tx, channelId, reason, at) {
      const { rows } = await tx.query<{ name: string }>(
        "SELECT name FROM alert_channels WHERE organization_id = $1 AND id = $2",
        [tx.organizationId, channelId],
      );
      const notice = {
        cause: `stopped ${channelId} ${at}`,
        kind: "channel.stopped" as const,
        to: { roles: ["ADMIN"] },
        priority: "CRITICAL" as const,
        title: `The channel ${rows[0]?.name ?? ""} was stopped`,
        body: reason,
        incidentId: null,
      };
      await notify(tx, [notice], at);
    },
    wake,
    now,
    log,
  });
  async function take(organizationId: string, report: DeliveryReport): Promise<void> {
    await change(organizationId, async (tx) => {
      const failed = await recordDeliveryReport(tx, report, now());
      if (failed.length > 0) await onUndeliverable(tx, failed, now());
    });
  }

  const doorbell = redisUrl ? ringWorkers(redisUrl, log, deliveryQueue) : answerHere(sender.deliver, log);

  return {
    channels,
    outside,
    ring(organizationId) {
      doorbell.ring(organizationId);
      sender.look(organizationId);
    },
    deliver: sender.deliver,
    stopSending: sender.stop,
    async twilioStatus({ organizationId, path, fields, signature }) {
      if (!twilio || !publicUrl) return false;
      if (!isTwilios({ url: publicUrl + path, fields, signature, authToken: twilio.authToken })) return false;
      const report = twilioReport({ path, fields });
      if (report) await take(organizationId, report);
      return true;
    },
    async mailReport({ token, raw }) {
      if (mailReportsToken === undefined || !isSecret(token, mailReportsToken))
        throw new VigilError("FORBIDDEN", "Show VIGIL_MAIL_REPORTS_TOKEN as a bearer token, or as a password");
      const read = await readMailReport(raw);
      if (read) await take(read.organizationId, read.report);
      return read !== undefined;
    },
    async close() {
      closed = true;
      sender.stop();
      for (const { timer } of timers.values()) clearTimeout(timer);
      await atMost(longestClose, doorbell.close());
    },
  };
}
