/** A kind of channel: one file each, and one line in the table of kinds. */
import type { z } from "zod";
import type { ChannelKind } from "../../generated/prisma/client.ts";
import type { Sent } from "../../outbound/outcome.ts";
import type { Message } from "../message.ts";

/** ms from when it begins: at once, or when its turn comes. */
export const longestTry = 20_000;

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
  /** Whether a message brings the first one of its thread up to date, so that `firstOfThread` is wanted. */
  updatesThread?: true;
  /** Whether messages stand in a line: `signal` aborts so late that a try has its time when its turn comes. */
  waitsItsTurn?: true;
  /** Never throws for what the receiver does: that is an outcome. */
  send(delivery: Delivery<Config, Secrets>): Promise<Sent>;
}
