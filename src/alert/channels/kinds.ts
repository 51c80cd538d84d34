/** The kinds of channel there are: a new one is a file and a line. */
import type { ChannelKind } from "../../generated/prisma/client.ts";
import type { Channel } from "./channel.ts";
import { emailChannel } from "./email.ts";
import { slackChannel } from "./slack.ts";
import { smsChannel, type TwilioConfig } from "./sms.ts";
import type { Smtp } from "./smtp.ts";
import { webhookChannel } from "./webhook.ts";

export type Channels = Record<ChannelKind, Channel<never, never>>;

export function openChannels(options: {
  smtp: Smtp | undefined;
  twilio: TwilioConfig | undefined;
  allowPrivate: boolean;
  publicUrl: string | undefined;
  readsMailReports: boolean;
  slackApiUrl: string;
  now: () => number;
}): Channels {
  const { publicUrl } = options;
  const host = publicUrl ? new URL(publicUrl).hostname : "vigil.invalid";
  const callbackUrl = publicUrl && `${publicUrl}/callbacks/twilio`;
  return {
    EMAIL: emailChannel({ ...options, host, readsReports: options.readsMailReports }),
    WEBHOOK: webhookChannel(options),
    SLACK: slackChannel(options),
    SMS: smsChannel({ ...options, callbackUrl }),
  } as Channels;
}
