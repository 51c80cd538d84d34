import { audit } from "../access/audit.ts";
import { createChannel, deleteChannel, type Given, sendTest, updateChannel } from "../alert/channel-change.ts";
import type { Tx } from "../db.ts";
import { recordChanges } from "../publish/change.ts";
import { Alert } from "./alert.ts";
import { AlertChannel } from "./alert-channel.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { ChannelKindEnum } from "./enums.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const guard = { authScopes: { permission: "alertSettings.write" as const } };

const WebhookInput = builder.inputType("WebhookChannelInput", {
  description: "A program that takes messages signed by Standard Webhooks 1.0.0.",
  fields: (t) => ({
    url: t.string({ description: "Where it is: https://, at a public address." }),
    secret: t.string({
      description:
        "What messages are signed with: whsec_ and base64 (HMAC-SHA256), or whsk_ and base64 (Ed25519). Absent in a new channel: Vigil makes one and shows it once. A new one and the former one sign together for a day.",
    }),
  }),
});
const EmailInput = builder.inputType("EmailChannelInput", {
  description: "People with e-mail addresses.",
  fields: (t) => ({ to: t.stringList({ required: true, description: "1 to 50 addresses." }) }),
});
const SlackInput = builder.inputType("SlackChannelInput", {
  description: "An incoming webhook, or a bot's token and a channel.",
  fields: (t) => ({
    webhookUrl: t.string({ description: "An incoming webhook's URL. A secret: never shown again." }),
    botToken: t.string({
      description:
        "A bot's token (xoxb-…), with the scopes chat:write, and users:read and users:read.email so that Vigil knows who presses Acknowledge. A secret: never shown again.",
    }),
    signingSecret: t.string({
      description:
        "The signing secret of the Slack app, so that Acknowledge is a button: its interactivity goes to `slackRequestUrl`. A secret: never shown again.",
    }),
    channel: t.string({ description: "The id of the channel the bot writes to, e.g. C024BE91L." }),
    strangersAcknowledge: t.boolean({
      description:
        "Whether whoever is in the Slack channel may acknowledge by the button, though no user of Vigil has the e-mail address of their Slack profile, or Slack does not tell it (it tells a bot only). The timeline then has their name in Slack. False unless told: they are refused.",
    }),
  }),
});
const SmsInput = builder.inputType("SmsChannelInput", {
  description: "People with mobile numbers.",
  fields: (t) => ({
    to: t.stringList({
      required: true,
      description: "1 to 20 numbers as +15125550100 (E.164), or what stands for one that is there.",
    }),
  }),
});

const CreateInput = builder.inputType("AlertChannelCreateInput", {
  description: "A channel: its kind, and the settings of that kind.",
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 200 characters, unique." }),
    kind: t.field({ type: ChannelKindEnum, required: true, description: "How it delivers." }),
    webhook: t.field({ type: WebhookInput, description: "Of a WEBHOOK." }),
    email: t.field({ type: EmailInput, description: "Of EMAIL." }),
    slack: t.field({ type: SlackInput, description: "Of SLACK." }),
    sms: t.field({ type: SmsInput, description: "Of SMS." }),
    coveredByBaa: t.boolean({ description: "Whether a business associate agreement covers it. False unless told." }),
    perMinute: t.int({ description: "Messages a minute, 1 to 10,000, above which alerts go out in one." }),
    test: t.boolean({ defaultValue: true, description: "Whether a message of kind TEST is sent on it at once." }),
  }),
});
const UpdateInput = builder.inputType("AlertChannelUpdateInput", {
  description: "What to change; what is absent stays.",
  fields: (t) => ({
    name: t.string({ description: "1 to 200 characters, unique." }),
    webhook: t.field({ type: WebhookInput, description: "Of a WEBHOOK." }),
    email: t.field({ type: EmailInput, description: "Of EMAIL." }),
    slack: t.field({ type: SlackInput, description: "Of SLACK." }),
    sms: t.field({ type: SmsInput, description: "Of SMS." }),
    coveredByBaa: t.boolean({ description: "Whether a business associate agreement covers it." }),
    perMinute: t.int({ description: "Messages a minute, 1 to 10,000; null: what the kind has." }),
    suspendedReason: t.string({ description: "Stops it, and says why; null: it delivers again." }),
    expectedRevision: t.int({ description: "The revision you saw: refuses to act on a stale view." }),
  }),
});

type Changed = Outcome<{ id: string; secret?: string | undefined }>;

function payload(name: string, showsSecret = false) {
  return builder.objectRef<Changed>(name).implement({
    description: "The channel after the change, or why nothing was changed.",
    fields: (t) => ({
      alertChannel: t.prismaField({
        type: AlertChannel,
        nullable: true,
        description: "As it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).alertChannel.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
      }),
      ...(showsSecret
        ? {
            secret: t.string({
              nullable: true,
              description: "The secret that Vigil made for a WEBHOOK. It is shown here and never again.",
              resolve: ({ value }) => value?.secret ?? null,
            }),
          }
        : {}),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const CreatePayload = payload("AlertChannelCreatePayload", true);
const UpdatePayload = payload("AlertChannelUpdatePayload");
const DeletePayload = payload("AlertChannelDeletePayload");
const TestPayload = builder.objectRef<Outcome<{ id: string }>>("AlertTestSendPayload").implement({
  description: "The alert that tries the channel.",
  fields: (t) => ({
    alert: t.prismaField({
      type: Alert,
      nullable: true,
      description:
        "To the channel's first recipient; its attempts tell what became of it. Null when there are user errors.",
      resolve: (query, { value }, _args, context) =>
        value ? prismaOf(context).alert.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was changed.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

/** Names of what was given, for the audit log: values may be secrets. */
const namesOf = (input: object): string[] =>
  Object.entries(input)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);

function changing<T extends { id: string }>(
  context: Context,
  action: string,
  detail: object,
  work: (tx: Tx) => Promise<T>,
) {
  return attempt(() =>
    context.services.change(viewerOf(context).organizationId, async (tx) => {
      const done = await work(tx);
      const entry = { actor: auditActorOf(context), action, entityKind: "AlertChannel", entityId: done.id, detail };
      await audit(tx, entry);
      return done;
    }),
  );
}

async function test(tx: Tx, context: Context, channelId: string): Promise<string> {
  const id = await sendTest(tx, channelId, context.services.now());
  await recordChanges(tx, [{ topic: "alert", kind: "QUEUED", entityId: id }]);
  return id;
}

const blocks = ({ webhook, email, slack, sms }: { [block in keyof Given]?: object | null | undefined }): Given =>
  ({
    webhook: webhook ?? undefined,
    email: email ?? undefined,
    slack: slack ?? undefined,
    sms: sms ?? undefined,
  }) as Given;

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: AlertChannel, description: "The channel." });
  return {
    alertChannelCreate: t.field({
      ...guard,
      type: CreatePayload,
      description: "Makes a channel, and tries it.",
      args: { input: t.arg({ type: CreateInput, required: true, description: "Which." }) },
      resolve: (_parent, { input }, context) => {
        const { name, kind, coveredByBaa, perMinute } = input;
        const { vault, alerting, now } = context.services;
        const given = {
          ...blocks(input),
          name,
          kind,
          coveredByBaa: coveredByBaa ?? undefined,
          perMinute: perMinute ?? undefined,
        };
        return changing(context, "ALERT_CHANNEL_CREATED", { name, kind, coveredByBaa }, async (tx) => {
          const made = await createChannel(tx, { channels: alerting.channels, vault, now: now() }, given);
          if (input.test !== false) await test(tx, context, made.id);
          return made;
        });
      },
    }),
    alertChannelUpdate: t.field({
      ...guard,
      type: UpdatePayload,
      description: "Changes, stops or starts a channel.",
      args: { id, input: t.arg({ type: UpdateInput, required: true, description: "What." }) },
      resolve: (_parent, { id: { id }, input }, context) => {
        const { name, coveredByBaa, perMinute, suspendedReason, expectedRevision } = input;
        const { vault, alerting, now } = context.services;
        const detail = { changed: namesOf(input), suspendedReason };
        return changing(context, "ALERT_CHANNEL_CHANGED", detail, async (tx) => {
          rowKey(id, context);
          await updateChannel(
            tx,
            { channels: alerting.channels, vault, now: now() },
            {
              ...blocks(input),
              id,
              name: name ?? undefined,
              coveredByBaa: coveredByBaa ?? undefined,
              perMinute,
              suspendedReason,
              expectedRevision: expectedRevision ?? undefined,
            },
          );
          return { id };
        });
      },
    }),
    alertChannelDelete: t.field({
      ...guard,
      type: DeletePayload,
      description: "Removes a channel; the ledger of what went out on it stays.",
      args: { id },
      resolve: (_parent, { id: { id } }, context) =>
        changing(context, "ALERT_CHANNEL_DELETED", {}, async (tx) => {
          rowKey(id, context);
          await deleteChannel(tx, id, context.services.now());
          return { id };
        }),
    }),
    alertTestSend: t.field({
      ...guard,
      type: TestPayload,
      description: "Sends a message of kind TEST on a channel, through the ledger as every alert.",
      args: { channelId: t.arg.globalID({ required: true, for: AlertChannel, description: "The channel." }) },
      resolve: (_parent, { channelId: { id } }, context) =>
        attempt(() =>
          context.services.change(viewerOf(context).organizationId, async (tx) => {
            rowKey(id, context);
            const alertId = await test(tx, context, id);
            const entry = { action: "ALERT_CHANNEL_TESTED", entityKind: "AlertChannel", entityId: id };
            await audit(tx, { actor: auditActorOf(context), ...entry });
            return { id: alertId };
          }),
        ),
    }),
  };
});
