/** What is handed to a channel: worded already, so that a channel only delivers. */
import type { AlertKind, AlertPriority } from "../generated/prisma/client.ts";

export interface Message {
  /** The same in every try, so that a receiver can drop what it has had: webhook-id, Message-ID. */
  id: string;
  kind: AlertKind;
  priority: AlertPriority;
  /** One line. Channels without one put it first. */
  subject: string;
  text: string;
  /** Null: the channel makes what it needs from the text. */
  html: string | null;
  /** Where to read on: the incident's page; null: nowhere. */
  url: string | null;
  /** Where one can acknowledge without signing in, for this recipient only; null: not to be acknowledged. */
  acknowledgeUrl: string | null;
  /** Messages of one thread belong together, e.g. those of one incident to one recipient. */
  thread: string;
  /** For programs: the documented data model, with no field above the class that the channel may carry. */
  data: Record<string, unknown>;
  /** When what it reports happened, epoch ms. */
  at: number;
}
