/** WEBHOOK: messages to a program, signed as Standard Webhooks 1.0.0 has it. */
import { z } from "zod";
import { guardedFetch } from "../../outbound/guarded-fetch.ts";
import { secretFault, webhookHeaders } from "../../outbound/standard-webhook.ts";
import { urlFault } from "../../outbound/url-fault.ts";
import { outcomeOf } from "./answered.ts";
import type { Channel } from "./channel.ts";

const minute = 60_000;

export interface WebhookConfig {
  url: string;
}
export interface WebhookSecrets {
  secret: string;
  /** The one before, which signs too until then (epoch ms), so that the receiver may change over. */
  previous?: { secret: string; until: number } | undefined;
}

const secret = z.string().superRefine((value, context) => {
  const fault = secretFault(value);
  if (fault) context.addIssue({ code: "custom", message: `The secret ${fault}.` });
});

export function webhookChannel({
  allowPrivate,
  now,
}: {
  allowPrivate: boolean;
  now: () => number;
}): Channel<WebhookConfig, WebhookSecrets> {
  return {
    kind: "WEBHOOK",
    config: z.strictObject({
      url: z.string().superRefine((value, context) => {
        const fault = urlFault(value, { allowPrivate });
        if (fault) context.addIssue({ code: "custom", message: `The URL ${fault}.` });
      }),
    }),
    secrets: z.strictObject({ secret, previous: z.strictObject({ secret, until: z.number() }).optional() }),
    // The schedule that Standard Webhooks recommends, as far as an alert is still news.
    retries: [5_000, 5 * minute, 30 * minute, 120 * minute, 300 * minute, 600 * minute],
    perMinute: 600,
    async send({ message, config, secrets, signal }) {
      const { previous } = secrets;
      const keys = [secrets.secret, ...(previous && previous.until > now() ? [previous.secret] : [])];
      const body = JSON.stringify({
        type: `alert.${message.kind.toLowerCase()}`,
        timestamp: new Date(message.at).toISOString(),
        data: {
          subject: message.subject,
          text: message.text,
          priority: message.priority,
          url: message.url,
          ...message.data,
        },
      });
      const headers = {
        "content-type": "application/json",
        "user-agent": "Vigil",
        ...webhookHeaders(keys, message.id, now(), body),
      };
      return outcomeOf(await guardedFetch(config.url, { allowPrivate, headers, body, signal }), now());
    },
  };
}
