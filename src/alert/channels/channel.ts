/** A kind of channel: one file each, and one line in the table of kinds. */
import type { z } from "zod";
import type { ChannelKind } from "../../generated/prisma/client.ts";
import type { Message } from "../message.ts";

/** What came of one try. `detail` is shown to the organization: no secret, and nothing that the receiver answered. */
export type Sent =
  | { outcome: "SENT"; detail: string; providerId?: string | undefined }
  | {
      outcome: "RETRY";
      detail: string;
      /** As the receiver asked; otherwise the kind's own schedule. */
      afterMs?: number | undefined;
      /** Whether the whole channel waits, not this message alone. */
      channelWaits?: boolean | undefined;
    }
  | {
      outcome: "PERMANENT";
      detail: string;
      /** The address or number is never to be tried again. */
      badContact?: boolean | undefined;
      /** The receiver wants nothing any more: the channel is stopped. */
      stopChannel?: boolean | undefined;
    };

export interface Delivery<Config, Secrets> {
  message: Message;
  organizationId: string;
  recipient: string;
  config: Config;
  secrets: Secrets;
  /** What the provider called the first message of this thread to this recipient, where one was taken. */
  firstOfThread: string | null;
  /** The try is given up when it aborts. */
  signal: AbortSignal;
}

export interface Channel<Config = unknown, Secrets = unknown> {
  kind: ChannelKind;
  /** What may be read again. */
  config: z.ZodType<Config>;
  /** Write-only: sealed. */
  secrets: z.ZodType<Secrets>;
  /** How long to wait before each further try, ms; as many tries as it has entries, and the first. */
  retries: readonly number[];
  /** How many messages a minute leave at most, where the channel says nothing else. */
  perMinute: number;
  /** Whether a message may take the place of the first one of its thread, so that `firstOfThread` is wanted. */
  updatesThread?: true;
  /** Never throws for what the receiver does: that is an outcome. */
  send(delivery: Delivery<Config, Secrets>): Promise<Sent>;
}
