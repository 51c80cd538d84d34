/** What messages need before they go out: their words, their channel's secrets, and the first of their thread. */
import type { Database, Tx } from "../db.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import { type Log, messageForLog } from "../log.ts";
import { sealedColumns } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Outgoing } from "./deliver-plan.ts";
import { type ChannelRow, firstOfThreads } from "./ledger.ts";
import type { Message } from "./message.ts";
import { isCode, numbersOf } from "./numbers.ts";

/** Words messages, many at a time; one that cannot be worded any more is left out. */
export type Word = (
  tx: Tx,
  asked: readonly { id: string; alertIds: readonly string[] }[],
) => Promise<ReadonlyMap<string, Message>>;

export interface Prepared {
  message: Message;
  /** Whom it goes to: of a code its number; null: a number that is no longer kept. */
  recipient: string | null;
  secrets: object;
  /** What the provider called the first message of the thread; null: there is none, or the kind does not ask. */
  firstOfThread: string | null;
}

export interface PrepareNeeds {
  db: Pick<Database, "inOrganization">;
  vault: Pick<Vault, "open">;
  word: Word;
  updatesThread(kind: ChannelKind): boolean;
  log: Log;
}

/** By message id. Together where that works, one by one where it does not: what cannot be worded is left out, and logged. */
export async function prepare(
  needs: PrepareNeeds,
  organizationId: string,
  outgoing: readonly Outgoing[],
  channels: ReadonlyMap<string, ChannelRow>,
): Promise<Map<string, Prepared>> {
  if (outgoing.length === 0) return new Map();
  try {
    return await needs.db.inOrganization(organizationId, (tx) => prepareAll(tx, needs, outgoing, channels));
  } catch (error) {
    if (outgoing.length === 1) {
      needs.log.error({ organizationId, err: messageForLog(error as Error) }, "an alert could not be worded");
      return new Map();
    }
    const alone = new Map<string, Prepared>();
    for (const one of outgoing) {
      for (const [id, prepared] of await prepare(needs, organizationId, [one], channels)) alone.set(id, prepared);
    }
    return alone;
  }
}

async function prepareAll(
  tx: Tx,
  { vault, word, updatesThread }: PrepareNeeds,
  outgoing: readonly Outgoing[],
  channels: ReadonlyMap<string, ChannelRow>,
): Promise<Map<string, Prepared>> {
  const channelOf = ({ channelId }: Outgoing): ChannelRow => channels.get(channelId) as ChannelRow;
  const asked = outgoing.map(({ messageId, alerts }) => ({
    id: messageId as string,
    alertIds: alerts.map(({ id }) => id),
  }));
  const messages = await word(tx, asked);
  const secrets = await secretsOf(tx, vault, [...new Set(outgoing.map(channelOf))]);
  const first = await firstOfThreads(
    tx,
    outgoing.filter((one) => updatesThread(channelOf(one).kind)),
  );
  const codes = outgoing.map(({ recipient }) => recipient).filter(isCode);
  const numbers = codes.length > 0 ? await numbersOf(tx, vault, codes) : new Map<string, string>();
  const prepared = new Map<string, Prepared>();
  for (const { messageId, channelId, recipient } of outgoing) {
    const id = messageId as string;
    const message = messages.get(id);
    if (!message) continue;
    prepared.set(id, {
      message,
      recipient: isCode(recipient) ? (numbers.get(recipient) ?? null) : recipient,
      secrets: secrets.get(channelId) ?? {},
      firstOfThread: first.get(id) ?? null,
    });
  }
  return prepared;
}

async function secretsOf(
  tx: Tx,
  vault: Pick<Vault, "open">,
  channels: readonly ChannelRow[],
): Promise<Map<string, object>> {
  const sealed = channels.flatMap(({ id, sealedSecrets }) =>
    sealedSecrets ? [{ rowId: id, record: sealedSecrets }] : [],
  );
  const opened = sealed.length > 0 ? await vault.open(tx, sealedColumns.channel, sealed) : [];
  return new Map(sealed.map(({ rowId }, n) => [rowId, JSON.parse((opened[n] as Buffer).toString("utf8")) as object]));
}
