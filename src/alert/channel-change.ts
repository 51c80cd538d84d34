/** Making, changing, stopping and removing channels. Their secrets are sealed and never given back. */
import { v7 as uuidv7 } from "uuid";
import type { z } from "zod";
import type { Tx } from "../db.ts";
import { checkRevision, VigilError } from "../errors.ts";
import type { ChannelKind } from "../generated/prisma/client.ts";
import { secretOverlap, type WebhookSecrets } from "../outbound/signed-call.ts";
import { makeWebhookSecret } from "../outbound/standard-webhook.ts";
import { sealedColumns } from "../secrets/sealed-columns.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Channels } from "./channels/kinds.ts";
import type { SlackSecrets } from "./channels/slack.ts";
import { keepNumbers, type NumberVault } from "./numbers.ts";
import { recipientsOf } from "./recipients.ts";
import { forgetBad } from "./record.ts";
import { holdOfRemoved } from "./removed-channels.ts";
import { holdTemplates, refuseUncarried } from "./template-carries.ts";

/** What a channel is made of, by kind, as its sender gives it: settings and secrets in one. */
export type Given = Partial<Record<Lowercase<ChannelKind>, Record<string, unknown> | undefined>>;

export interface ChannelChange extends Given {
  name?: string | undefined;
  coveredByBaa?: boolean | undefined;
  /** Messages a minute; null: the kind's own number. */
  perMinute?: number | null | undefined;
  /** Why it is stopped; null: it delivers again. */
  suspendedReason?: string | null | undefined;
}

const mostChannels = 200;
const secretFields: Record<ChannelKind, readonly string[]> = {
  EMAIL: [],
  WEBHOOK: ["secret"],
  SLACK: ["webhookUrl", "botToken", "signingSecret"],
  SMS: [],
};

const bad = (message: string, ...path: string[]): VigilError =>
  new VigilError("BAD_USER_INPUT", message, { path: ["input", ...path] });

function check({ name, perMinute, suspendedReason }: ChannelChange): void {
  if (name !== undefined && !/^[^\0]{1,200}$/.test(name.trim())) throw bad("A name has 1 to 200 characters.", "name");
  if (perMinute != null && !(perMinute >= 1 && perMinute <= 10_000))
    throw bad("1 to 10,000 messages a minute.", "perMinute");
  if (suspendedReason != null && !/^[^\0]{1,500}$/.test(suspendedReason.trim()))
    throw bad("Say why, in 1 to 500 characters.", "suspendedReason");
}

/** The block of the kind, and of no other, split into what may be read and what may not. */
function parse(
  channels: Channels,
  kind: ChannelKind,
  given: Given,
): { config: object; secrets: Record<string, unknown> } | undefined {
  const own = kind.toLowerCase() as Lowercase<ChannelKind>;
  for (const other of ["email", "webhook", "slack", "sms"] as const) {
    if (other !== own && given[other]) throw bad(`A channel of kind ${kind} has no settings for ${other}.`, other);
  }
  const block = given[own];
  if (!block) return undefined;
  const present = Object.entries(block).filter(([, value]) => value != null);
  const isSecret = ([key]: [string, unknown]): boolean => secretFields[kind].includes(key);
  const config = Object.fromEntries(present.filter((entry) => !isSecret(entry)));
  const secrets = Object.fromEntries(present.filter(isSecret));
  return { config: valid(channels[kind].config, config, own), secrets };
}

function valid<T>(schema: z.ZodType<T>, value: unknown, block: string): T & object {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data as T & object;
  const [issue] = error.issues;
  throw bad(issue?.message ?? "This cannot be.", block, ...(issue?.path ?? []).map(String));
}

/** Answers the id, and the webhook's secret where Vigil made it: to be shown once. Errors: BAD_USER_INPUT, CONFLICT. */
export async function createChannel(
  tx: Tx,
  { channels, vault, now }: { channels: Channels; vault: NumberVault; now: number },
  given: ChannelChange & { name: string; kind: ChannelKind },
): Promise<{ id: string; secret: string | undefined }> {
  check(given);
  const { kind } = given;
  const block = kind.toLowerCase();
  const parsed = parse(channels, kind, given);
  if (!parsed) throw bad(`Give the settings of the channel: ${block}.`, block);
  const made = kind === "WEBHOOK" && parsed.secrets.secret === undefined ? makeWebhookSecret() : undefined;
  const secrets = valid(channels[kind].secrets, made ? { secret: made } : parsed.secrets, block) as object;
  if (kind === "SLACK" && !("webhookUrl" in secrets) && !("botToken" in secrets && "channel" in parsed.config))
    throw bad("Give a webhook's URL, or a bot's token and a channel.", "slack");
  const id = uuidv7();
  const { rowCount } = await tx.query(
    `INSERT INTO alert_channels (organization_id, id, kind, name, config, sealed_secrets, covered_by_baa, per_minute, created_at, updated_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $9
     WHERE (SELECT count(*) FROM alert_channels WHERE organization_id = $1 AND removed_at IS NULL) < ${mostChannels}
     ON CONFLICT (organization_id, name) DO NOTHING`,
    [
      tx.organizationId,
      id,
      kind,
      given.name.trim(),
      JSON.stringify(await kept(tx, vault, kind, parsed.config, now)),
      await seal(tx, vault, id, secrets),
      given.coveredByBaa ?? false,
      given.perMinute ?? null,
      new Date(now),
    ],
  );
  if (rowCount === 1) return { id, secret: made };
  throw new VigilError("CONFLICT", `There is a channel of that name already, or there are ${mostChannels} of them.`, {
    path: ["input", "name"],
  });
}

/** Settings as they are stored: of numbers their codes. Addresses and numbers that are given are tried, whatever was known of them. */
async function kept(tx: Tx, vault: NumberVault, kind: ChannelKind, config: object, now: number): Promise<object> {
  const given = recipientsOf(config);
  const isSms = kind === "SMS";
  const to = isSms ? await keepNumbers(tx, vault, given, { now, path: ["input", "sms", "to"] }) : given;
  await forgetBad(tx, kind, to);
  return isSms ? { ...config, to } : config;
}

async function seal(tx: Tx, vault: Pick<Vault, "seal">, rowId: string, secrets: object): Promise<Buffer | null> {
  if (Object.keys(secrets).length === 0) return null;
  const [sealed] = await vault.seal(tx, sealedColumns.channel, [{ rowId, data: JSON.stringify(secrets) }]);
  return sealed as Buffer;
}

interface Row {
  kind: ChannelKind;
  config: object;
  sealed_secrets: Buffer | null;
  revision: number;
}

/**
 * What is not given stays. A webhook's former secret goes on signing for a day, beside the new one. Errors: NOT_FOUND,
 * CONFLICT, BAD_USER_INPUT.
 */
export async function updateChannel(
  tx: Tx,
  { channels, vault, now }: { channels: Channels; vault: NumberVault; now: number },
  { id, expectedRevision, ...given }: ChannelChange & { id: string; expectedRevision?: number | undefined },
): Promise<void> {
  check(given);
  const { rows } = await tx.query<Row>(
    `SELECT kind, config, sealed_secrets, revision FROM alert_channels
     WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL FOR UPDATE`,
    [tx.organizationId, id],
  );
  const [row] = rows;
  if (!row) throw new VigilError("NOT_FOUND", "There is no such channel.", { path: ["id"] });
  checkRevision("The channel", row.revision, expectedRevision);
  const parsed = parse(channels, row.kind, given);
  let sealed = row.sealed_secrets;
  if (parsed && Object.keys(parsed.secrets).length > 0) {
    const block = row.kind.toLowerCase();
    const [opened] = row.sealed_secrets
      ? await vault.open(tx, sealedColumns.channel, [{ rowId: id, record: row.sealed_secrets }])
      : [];
    const before = opened ? (JSON.parse(opened.toString("utf8")) as Partial<WebhookSecrets & SlackSecrets>) : {};
    const { signingSecret, ...whereto } = before;
    // the signing secret is apart from where messages go: each may change alone
    const kept =
      row.kind !== "SLACK" ? {} : Object.keys(parsed.secrets).join() === "signingSecret" ? whereto : { signingSecret };
    const previous = row.kind === "WEBHOOK" && before.secret && before.secret !== parsed.secrets.secret;
    const secrets = valid(
      channels[row.kind].secrets,
      {
        ...kept,
        ...parsed.secrets,
        ...(previous ? { previous: { secret: before.secret, until: now + secretOverlap } } : {}),
      },
      block,
    ) as object;
    sealed = await seal(tx, vault, id, secrets);
  }
  const { rows: taken } = await tx.query(
    "SELECT FROM alert_channels WHERE organization_id = $1 AND name = $2 AND id <> $3",
    [tx.organizationId, given.name?.trim() ?? null, id],
  );
  if (taken.length > 0)
    throw new VigilError("CONFLICT", "There is a channel of that name already.", { path: ["input", "name"] });
  const { suspendedReason: reason } = given;
  await tx.query(
    `UPDATE alert_channels SET name = coalesce($3, name), config = $4, sealed_secrets = $5, covered_by_baa = coalesce($6, covered_by_baa),
       per_minute = CASE WHEN $7 THEN $8 ELSE per_minute END,
       suspended_at = CASE WHEN $9 AND $10::text IS NULL THEN NULL WHEN $9 THEN coalesce(suspended_at, $11) ELSE suspended_at END,
       suspended_reason = CASE WHEN $9 THEN $10 ELSE suspended_reason END,
       failing_since = CASE WHEN $9 AND $10::text IS NULL THEN NULL ELSE failing_since END,
       wait_until = NULL, revision = revision + 1, updated_at = $11
     WHERE organization_id = $1 AND id = $2`,
    [
      tx.organizationId,
      id,
      given.name?.trim(),
      JSON.stringify({ ...row.config, ...(parsed && (await kept(tx, vault, row.kind, parsed.config, now))) }),
      sealed,
      given.coveredByBaa,
      given.perMinute !== undefined,
      given.perMinute ?? null,
      reason !== undefined,
      reason?.trim() ?? null,
      new Date(now),
    ],
  );
  if (given.coveredByBaa === false) {
    await holdTemplates(tx);
    await refuseUncarried(tx, ["input", "coveredByBaa"]);
  }
}

/** Stops it for good and frees its name; the ledger goes on naming it. Errors: NOT_FOUND. */
export async function deleteChannel(tx: Tx, id: string, now: number): Promise<void> {
  // Alerts before their channel, as whoever writes down what became of them locks.
  await tx.query(
    "SELECT FROM security_alerts WHERE organization_id = $1 AND channel_id = $2 AND status_rank <= 2 ORDER BY id FOR UPDATE",
    [tx.organizationId, id],
  );
  // Their escalations, which go on when the alerts are held, before the channel as well: as whoever resolves an incident locks.
  await tx.query(
    `SELECT FROM escalations WHERE organization_id = $1 AND state = 'RUNNING' AND id IN (SELECT escalation_id
       FROM security_alerts WHERE organization_id = $1 AND channel_id = $2 AND status_rank <= 2) ORDER BY id FOR UPDATE`,
    [tx.organizationId, id],
  );
  const { rowCount } = await tx.query(
    `UPDATE alert_channels SET removed_at = $3, suspended_at = coalesce(suspended_at, $3), suspended_reason = 'It was removed.',
       name = left(name, 150) || ' (removed ' || id || ')', sealed_secrets = NULL, revision = revision + 1, updated_at = $3
     WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL`,
    [tx.organizationId, id, new Date(now)],
  );
  if (rowCount !== 1) throw new VigilError("NOT_FOUND", "There is no such channel.", { path: ["id"] });
  await tx.query("DELETE FROM alert_route_channels WHERE organization_id = $1 AND channel_id = $2", [
    tx.organizationId,
    id,
  ]);
  await holdOfRemoved(tx, now);
}

/** An alert of kind TEST to each recipient of the channel, through the ledger as any other; answers the first one's id. */
export async function sendTest(tx: Tx, channelId: string, now: number): Promise<string> {
  const { rows } = await tx.query<{ config: unknown; suspended_at: Date | null }>(
    "SELECT config, suspended_at FROM alert_channels WHERE organization_id = $1 AND id = $2 AND removed_at IS NULL",
    [tx.organizationId, channelId],
  );
  const [channel] = rows;
  if (!channel) throw new VigilError("NOT_FOUND", "There is no such channel.", { path: ["channelId"] });
  if (channel.suspended_at)
    throw new VigilError("CONFLICT", "The channel is stopped: let it deliver again first.", { path: ["channelId"] });
  const recipients = recipientsOf(channel.config);
  const ids = recipients.map(() => uuidv7());
  await tx.query(
    `INSERT INTO security_alerts (organization_id, id, kind, channel_id, recipient, status, priority, due_at, created_at)
     SELECT $1, t.id, 'TEST', $2, t.recipient, 'QUEUED', 'HIGH', $5, $5 FROM unnest($3::uuid[], $4::text[]) AS t(id, recipient)`,
    [tx.organizationId, channelId, ids, recipients, new Date(now)],
  );
  return ids[0] as string;
}
