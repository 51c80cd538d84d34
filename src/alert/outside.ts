/** What people do from outside, without signing in: links, answers by SMS and in Slack, and calendars. */
import { validate as isUuid } from "uuid";
import { createRateLimit, sourceOf } from "../access/rate-limit.ts";
import type { Database, Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { guardedFetch } from "../outbound/guarded-fetch.ts";
import { sealedColumns } from "../secrets/sealed-columns.ts";
import type { TokenSigner } from "../secrets/signed-token.ts";
import type { Vault } from "../secrets/vault.ts";
import { acknowledgeAll, actorAt, inWords } from "./acknowledge.ts";
import { acknowledgeToken, type Outgone, readAcknowledgeToken, readMessage } from "./acknowledge-link.ts";
import { calendarToken, readCalendar, readCalendarToken } from "./calendar-feed.ts";
import type { SlackConfig, SlackSecrets } from "./channels/slack.ts";
import { coder } from "./numbers.ts";
import { isSlacks, readPress, type SlackRequest } from "./slack-action.ts";
import { slackActor, slackEmail } from "./slack-user.ts";
import { lastToldBySms, readReply, tellable, toldBySms, twiml } from "./sms-reply.ts";
import { isTwilios } from "./twilio-status.ts";

export interface Outside {
  /** Where a message's receiver acknowledges; null: this server has no public address. */
  acknowledgeUrl(organizationId: string, messageId: string): string | null;
  /** Where a calendar is; without a public address its path. */
  calendarUrl(of: { organizationId: string; scheduleId: string; revision: number }): string;
  /** Where Slack is to tell of presses of buttons; null: this server has no public address. */
  slackUrl(organizationId: string, channelId: string): string | null;
  /** What a link is about. Errors: NOT_FOUND, RATE_LIMITED. */
  look(token: string, address: string): Promise<Outgone["incidents"]>;
  /** What became of each incident, in words. Errors: NOT_FOUND, FORBIDDEN, RATE_LIMITED. */
  acknowledge(token: string, address: string): Promise<string[]>;
  /** An SMS as Twilio tells of it; what to answer. Undefined: it is not Twilio's word. */
  smsReply(told: { path: string; fields: URLSearchParams; signature: string }): Promise<string | undefined>;
  /** What to tell whoever pressed. Undefined: it is not Slack's word. */
  slackAction(of: { organizationId: string; channelId: string }, request: SlackRequest): Promise<string | undefined>;
  /** iCalendar. Errors: NOT_FOUND, RATE_LIMITED. */
  calendar(token: string, address: string): Promise<string>;
}

type PressedOn = Pick<SlackSecrets, "signingSecret" | "botToken"> & { strangers?: boolean | undefined };

const period = 900_000; // 15 minutes, for one network or number
const usesOf = { links: 60, calendars: 120, replies: 20 };

export function createOutside(options: {
  db: Pick<Database, "inOrganization" | "organizationsTellingBySms">;
  /** One transaction; rings the bells after its commit. */
  change<T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Before several incidents are locked: a batch may raise one while whoever has another waits for it. */
  holdTurn(tx: Tx): Promise<void>;
  vault: Pick<Vault, "open" | "indexer">;
  signer: TokenSigner;
  publicUrl: string | undefined;
  twilioToken: string | undefined;
  slackApiUrl: string;
  allowPrivate: boolean;
  now: () => number;
}): Outside {
  const {
    db,
    change,
    holdTurn,
    vault,
    signer,
    publicUrl,
    twilioToken,
    slackApiUrl: apiUrl,
    allowPrivate,
    now,
  } = options;
  const limits = {
    links: createRateLimit({ uses: usesOf.links, period, now }),
    calendars: createRateLimit({ uses: usesOf.calendars, period, now }),
    replies: createRateLimit({ uses: usesOf.replies, period, now }),
  };
  const take = (what: keyof typeof limits, key: string): void => {
    const wait = limits[what].take(key);
    if (wait === 0) return;
    const detail = { retryAfterSeconds: Math.ceil(wait / 1000) };
    throw new VigilError("RATE_LIMITED", "Too many requests from here: try again later", { detail });
  };
  const acknowledgeThese = async (tx: Tx, ids: readonly string[], by: Parameters<typeof acknowledgeAll>[2]) => {
    if (ids.length > 1) await holdTurn(tx);
    return acknowledgeAll(tx, ids, by, now());
  };
  const acknowledgeMessage = (tx: Tx, { incidents }: Outgone, by: Parameters<typeof acknowledgeAll>[2]) =>
    acknowledgeThese(
      tx,
      incidents.map(({ id }) => id),
      by,
    );

  return {
    acknowledgeUrl: (organizationId, messageId) =>
      publicUrl
        ? `${publicUrl}/acknowledge?token=${acknowledgeToken(signer, { organizationId, messageId }, now())}`
        : null,
    calendarUrl: (of) => `${publicUrl ?? ""}/on-call.ics?token=${calendarToken(signer, of)}`,
    slackUrl: (organizationId, channelId) =>
      publicUrl ? `${publicUrl}/callbacks/slack?organization=${organizationId}&channel=${channelId}` : null,
    async look(token, address) {
      take("links", sourceOf(address));
      const { organizationId, messageId } = readAcknowledgeToken(signer, token, now());
      return (await db.inOrganization(organizationId, (tx) => readMessage(tx, messageId))).incidents;
    },
    async acknowledge(token, address) {
      take("links", sourceOf(address));
      const { organizationId, messageId } = readAcknowledgeToken(signer, token, now());
      return change(organizationId, async (tx) => {
        const message = await readMessage(tx, messageId);
        return (await acknowledgeMessage(tx, message, { actor: await actorAt(tx, message), way: "LINK" })).map(inWords);
      });
    },
    async smsReply({ path, fields, signature }) {
      if (!twilioToken || !publicUrl) return undefined;
      if (!isTwilios({ url: publicUrl + path, fields, signature, authToken: twilioToken })) return undefined;
      const phone = fields.get("From") ?? "";
      const asked = readReply(fields.get("Body") ?? "");
      take("replies", phone);
      // Which organizations have told this number something, the latest first: the number is all that an SMS says of them.
      const organizations: { organization: string; code: string; at: number }[] = [];
      for (const organization of await db.organizationsTellingBySms(new Date(now() - tellable))) {
        const told = await db.inOrganization(organization, async (tx) => {
          const code = (await coder(tx, vault))(phone);
          return { organization, code, at: await lastToldBySms(tx, code, now()) };
        });
        if (told.at !== undefined) organizations.push({ ...told, at: told.at });
      }
      organizations.sort((a, b) => b.at - a.at);
      if (organizations.length === 0) return twiml("");
      if (!asked) return twiml("Answer ACK and the incident's number, e.g. ACK 42.");
      for (const { organization, code } of organizations) {
        const answered = await change(organization, async (tx) => {
          const told = await toldBySms(tx, { phone: code, number: asked.number, now: now() });
          if (!told) return undefined;
          const actor = await actorAt(tx, { userId: told.userId, recipient: code, channel: told.channel });
          return acknowledgeThese(tx, told.incidentIds, { actor, way: "SMS" });
        }).catch((error: unknown) => {
          if (error instanceof VigilError && error.code === "FORBIDDEN") return error;
          throw error;
        });
        if (answered instanceof VigilError) return twiml(`${answered.message}.`);
        if (answered) return twiml(answered.map(inWords).join(" "));
      }
      return twiml(`This number was not told of #${asked.number} within a day.`);
    },
    async slackAction({ organizationId, channelId }, request) {
      if (!isUuid(organizationId) || !isUuid(channelId)) return undefined;
      const { signingSecret, botToken, strangers } = await db.inOrganization(
        organizationId,
        async (tx): Promise<PressedOn> => {
          const { rows } = await tx.query<{ sealed_secrets: Buffer | null; config: SlackConfig }>(
            "SELECT sealed_secrets, config FROM alert_channels WHERE organization_id = $1 AND id = $2 AND kind = 'SLACK' AND removed_at IS NULL",
            [organizationId, channelId],
          );
          const record = rows[0]?.sealed_secrets;
          if (!record) return {};
          const [opened] = await vault.open(tx, sealedColumns.channel, [{ rowId: channelId, record }]);
          return {
            ...(JSON.parse(String(opened)) as SlackSecrets),
            strangers: rows[0]?.config.strangersAcknowledge,
          };
        },
      );
      if (!signingSecret || !isSlacks(request, signingSecret, now())) return undefined;
      const press = readPress(request.body);
      if (!press) return "";
      const email = botToken ? await slackEmail(press.userId, { botToken, apiUrl, allowPrivate }) : undefined;
      const said = await change(organizationId, async (tx) => {
        const token = readAcknowledgeToken(signer, press.token, now());
        if (token.organizationId !== organizationId) throw new VigilError("NOT_FOUND", "This button is not of here");
        const message = await readMessage(tx, token.messageId);
        if (message.channelId !== channelId) throw new VigilError("NOT_FOUND", "This button is not of here");
        const actor = await slackActor(tx, press, { email, strangers: strangers === true });
        return (await acknowledgeMessage(tx, message, { actor, way: "SLACK" })).map(inWords).join("\n");
      }).catch((error: unknown) => {
        if (error instanceof VigilError) return `${error.message}.`;
        throw error;
      });
      const url = press.responseUrl;
      if (url && (allowPrivate || url.startsWith("https://hooks.slack.com/"))) {
        await guardedFetch(url, {
          allowPrivate,
          signal: AbortSignal.timeout(2_000), // Slack waits three seconds for our own answer
          headers: { "content-type": "application/json; charset=utf-8" },
          body: JSON.stringify({ response_type: "ephemeral", replace_original: false, text: said }),
        });
      }
      return said;
    },
    async calendar(token, address) {
      take("calendars", sourceOf(address));
      const of = readCalendarToken(signer, token);
      if (!of) throw new VigilError("NOT_FOUND", "This is no calendar of this server");
      return db.inOrganization(of.organizationId, (tx) => readCalendar(tx, of.scheduleId, of.revision, now()));
    },
  };
}
