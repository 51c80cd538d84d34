/** WEBHOOK: messages to a program, signed as Standard Webhooks 1.0.0 has it. */
import { z } from "zod";
import {
  callSigned,
  type WebhookSecrets,
  webhookRetries,
  webhookSecrets,
  webhookUrl,
} from "../../outbound/signed-call.ts";
import type { Channel } from "./channel.ts";

export interface WebhookConfig {
  url: string;
}

export function webhookChannel(reach: {
  allowPrivate: boolean;
  now: () => number;
}): Channel<WebhookConfig, WebhookSecrets> {
  return {
    kind: "WEBHOOK",
    config: z.strictObject({ url: webhookUrl(reach) }),
    secrets: webhookSecrets,
    retries: webhookRetries,
    perMinute: 600,
    async send({ message, config: { url }, secrets, signal }) {
      const body = {
        type: `alert.${message.kind.toLowerCase()}`,
        timestamp: new Date(message.at).toISOString(),
        data: {
          subject: message.subject,
          text: message.text,
          priority: message.priority,
          url: message.url,
          ...message.data,
        },
      };
      return (await callSigned({ url, secrets, id: message.id, body, signal }, reach)).sent;
    },
  };
}
