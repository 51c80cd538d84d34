/**
 * SLACK: an incoming webhook, or a bot's token and a channel; then the first message of each thread is kept up to date.
 * What people are called for is said anew as well, in the thread and to the channel: nobody hears of an edit.
 */

import { z } from "zod";
import { truncate } from "../../ingest/text.ts";
import { guardedFetch } from "../../outbound/guarded-fetch.ts";
import { outcomeOf, type Sent } from "../../outbound/outcome.ts";
import { urlFault } from "../../outbound/url-fault.ts";
import type { Message } from "../message.ts";
import { slackAcknowledge } from "../slack-action.ts";
import type { Channel } from "./channel.ts";

const minute = 60_000;
const longestText = 2_900; // of 3,000 characters a section may have
const mostSections = 5; // a digest of 32 incidents takes three or four
/** Of these the first message tells enough: it has just been said, or it is over. */
const toldByFirst: ReadonlySet<Message["kind"]> = new Set(["OPENED", "RESOLVED"]);

export interface SlackConfig {
  /** The channel's id, with a bot's token. */
  channel?: string | undefined;
  /** Whether people whom Vigil does not know may acknowledge by the button. */
  strangersAcknowledge?: boolean | undefined;
}
export interface SlackSecrets {
  webhookUrl?: string | undefined;
  botToken?: string | undefined;
  /** With which Slack signs what it tells of presses of buttons; absent: the button is a link. */
  signingSecret?: string | undefined;
}

/** Slack's three characters of markup (https://api.slack.com/reference/surfaces/formatting#escaping). */
const plain = (text: string): string =>
  text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character] as string);

/** A text in sections that Slack takes. One is cut only within a line that alone is too long. */
function sectionsOf(text: string): string[] {
  const sections: string[] = [];
  let section = "";
  for (const whole of plain(text).split("\n")) {
    const line = truncate(whole, longestText).replace(/&[a-z]{0,3}$/, "");
    if (section !== "" && section.length + 1 + line.length > longestText) {
      sections.push(section);
      section = line;
    } else section = section === "" ? line : `${section}\n${line}`;
  }
  return [...sections, section || "…"].slice(0, mostSections);
}

export function slackBlocks(message: Message, interactive: boolean): object[] {
  const token = message.acknowledgeUrl && new URL(message.acknowledgeUrl).searchParams.get("token");
  const buttons = [
    message.url && { type: "button", text: { type: "plain_text", text: "Open" }, url: message.url },
    message.acknowledgeUrl && {
      type: "button",
      style: "primary",
      text: { type: "plain_text", text: "Acknowledge" },
      ...(interactive ? { action_id: slackAcknowledge, value: token } : { url: message.acknowledgeUrl }),
    },
  ].filter(Boolean);
  return [
    { type: "header", text: { type: "plain_text", text: message.subject.slice(0, 150) } },
    ...sectionsOf(message.text).map((text) => ({ type: "section", text: { type: "mrkdwn", text } })),
    ...(buttons.length > 0 ? [{ type: "actions", elements: buttons }] : []),
  ];
}

export function slackChannel(options: {
  allowPrivate: boolean;
  now: () => number;
  /** Slack's Web API; elsewhere for tests. */
  slackApiUrl: string;
}): Channel<SlackConfig, SlackSecrets> {
  const { allowPrivate, now, slackApiUrl: apiUrl } = options;
  return {
    kind: "SLACK",
    config: z.strictObject({
      channel: z
        .string()
        .regex(/^[A-Z0-9]{2,30}$/, "A channel is given by its id.")
        .optional(),
      strangersAcknowledge: z.boolean().optional(),
    }),
    secrets: z.strictObject({
      webhookUrl: z
        .string()
        .superRefine((value, context) => {
          const fault = urlFault(value, { allowPrivate });
          if (fault) context.addIssue({ code: "custom", message: `The URL ${fault}.` });
        })
        .optional(),
      botToken: z
        .string()
        .regex(/^xox[a-z]-[\w-]{10,250}$/, "This is no bot's token (xoxb-…).")
        .optional(),
      signingSecret: z
        .string()
        .regex(/^[0-9a-f]{32}$/, "A signing secret is 32 hexadecimal digits.")
        .optional(),
    }),
    updatesThread: true,
    retries: [5_000, minute, 5 * minute, 30 * minute, 120 * minute],
    perMinute: 60, // one a second and channel, as Slack asks
    async send({ message, config, secrets, firstOfThread, signal }) {
      // A button is for a channel that can tell who presses it, or does not ask; elsewhere a link does it.
      const isAnswered = secrets.botToken !== undefined || config.strangersAcknowledge === true;
      const isButton = secrets.signingSecret !== undefined && isAnswered;
      const content = { text: plain(message.subject), blocks: slackBlocks(message, isButton) };
      const post = (url: string, body: object, token?: string) =>
        guardedFetch(url, {
          allowPrivate,
          signal,
          keepBody: token !== undefined,
          headers: {
            "content-type": "application/json; charset=utf-8",
            ...(token ? { authorization: `Bearer ${token}` } : {}),
          },
          body: JSON.stringify(body),
        });
      if (secrets.webhookUrl) return outcomeOf(await post(secrets.webhookUrl, content), now());
      if (!secrets.botToken || !config.channel) {
        return { outcome: "PERMANENT", detail: "It has neither a webhook nor a bot's token and a channel." };
      }
      const where = { channel: config.channel };
      const call = async (method: string, body: object): Promise<Sent> => {
        const answered = await post(`${apiUrl}/${method}`, { ...where, ...body }, secrets.botToken);
        const outcome = outcomeOf(answered, now());
        return outcome.outcome === "SENT" && answered.ok ? judged(answered.body) : outcome;
      };
      if (!firstOfThread) return call("chat.postMessage", content);
      const updated = await call("chat.update", { ts: firstOfThread, ...content });
      if (updated.outcome === "RETRY") return updated;
      // The first may be gone, or too old to be edited: then it begins anew.
      if (updated.outcome === "PERMANENT") return call("chat.postMessage", content);
      if (toldByFirst.has(message.kind)) return updated;
      return call("chat.postMessage", { ...content, thread_ts: firstOfThread, reply_broadcast: true });
    },
  };
}

const passing = new Set([
  "ratelimited",
  "rate_limited",
  "internal_error",
  "fatal_error",
  "request_timeout",
  "service_unavailable",
]);

/** Slack answers 200 and says in the body what became of it. */
const verdict = z.union([
  z.object({ ok: z.literal(true), ts: z.string().optional().catch(undefined) }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

function judged(body: string | undefined): Sent {
  const { data: said } = verdict.safeParse(parsed(body));
  if (!said) return { outcome: "RETRY", detail: "Slack's answer could not be read." };
  if (said.ok) return { outcome: "SENT", detail: "Slack took it.", providerId: said.ts };
  const fault = /^[a-z_]{1,60}$/.test(said.error) ? said.error : "unknown";
  const detail = `Slack refused it: ${fault}.`;
  return passing.has(fault) ? { outcome: "RETRY", detail } : { outcome: "PERMANENT", detail };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
