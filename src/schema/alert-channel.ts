import { builder } from "./builder.ts";
import { prismaOf, viewerOf } from "./context.ts";
import { ChannelKindEnum } from "./enums.ts";
import { rowKey } from "./page.ts";

const read = { authScopes: { permission: "alertSettings.read" as const } };

interface Settings {
  to?: string[];
  url?: string;
  channel?: string;
  strangersAcknowledge?: boolean;
}

export const AlertChannel = builder.prismaNode("AlertChannel", {
  id: { resolve: (channel) => channel.id, description: "The channel's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    kind: t.expose("kind", { type: ChannelKindEnum, description: "How it delivers." }),
    name: t.exposeString("name", { description: "Its name, for people." }),
    to: t.field({
      type: ["String"],
      ...read,
      description:
        "The addresses it tells when nobody is named, or what stands for each number (…00 and more): give it back to keep the number. None for WEBHOOK and SLACK.",
      resolve: ({ config }) => (config as Settings).to ?? [],
    }),
    url: t.string({
      nullable: true,
      ...read,
      description: "Where a WEBHOOK is. (That of SLACK is a secret, and never shown.)",
      resolve: ({ config }) => (config as Settings).url ?? null,
    }),
    slackChannel: t.string({
      nullable: true,
      ...read,
      description: "The id of the channel that SLACK's bot writes to.",
      resolve: ({ config }) => (config as Settings).channel ?? null,
    }),
    slackRequestUrl: t.string({
      nullable: true,
      ...read,
      description:
        "Of SLACK: the request URL for the interactivity of the Slack app whose signing secret the channel has. Null: this server has no public address.",
      resolve: ({ kind, id }, _args, context) =>
        kind === "SLACK" ? context.services.alerting.outside.slackUrl(viewerOf(context).organizationId, id) : null,
    }),
    slackStrangersAcknowledge: t.boolean({
      nullable: true,
      ...read,
      description: "Of SLACK: whether people whom Vigil does not know may acknowledge by the button.",
      resolve: ({ kind, config }) => (kind === "SLACK" ? ((config as Settings).strangersAcknowledge ?? false) : null),
    }),
    hasSecret: t.boolean({
      ...read,
      description: "Whether it has a secret. Secrets are written, and never read.",
      resolve: ({ sealedSecrets }) => sealedSecrets !== null,
    }),
    coveredByBaa: t.exposeBoolean("coveredByBaa", {
      description: "Whether a business associate agreement covers it, so that messages may name people and patients.",
    }),
    perMinute: t.exposeInt("perMinute", {
      nullable: true,
      description: "Messages a minute above which alerts go out in one; null: what the kind has.",
    }),
    isSuspended: t.boolean({
      description: "Whether it was stopped.",
      resolve: ({ suspendedAt }) => suspendedAt !== null,
    }),
    suspendedAt: t.expose("suspendedAt", {
      type: "DateTime",
      nullable: true,
      description: "Since when it is stopped.",
    }),
    suspendedReason: t.exposeString("suspendedReason", { nullable: true, description: "Why it is stopped." }),
    waitUntil: t.expose("waitUntil", {
      type: "DateTime",
      nullable: true,
      description: "Until when its provider asked to wait.",
    }),
    lastSuccessAt: t.expose("lastSuccessAt", {
      type: "DateTime",
      nullable: true,
      description: "When its receiver last took a message.",
    }),
    lastFailureAt: t.expose("lastFailureAt", {
      type: "DateTime",
      nullable: true,
      description: "When a try last failed.",
    }),
    lastFailure: t.exposeString("lastFailure", { nullable: true, description: "What failed then." }),
    failingSince: t.expose("failingSince", {
      type: "DateTime",
      nullable: true,
      description: "Since when there are nothing but failures; null: the last try succeeded.",
    }),
    revision: t.exposeInt("revision", { description: "Grows by one with every change." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
  }),
});

builder.queryField("alertChannels", (t) =>
  t.prismaField({
    type: [AlertChannel],
    description: "All channels that were not removed, by name.",
    ...read,
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).alertChannel.findMany({
        ...query,
        where: { organizationId: viewerOf(context).organizationId, removedAt: null },
        orderBy: [{ name: "asc" }, { id: "asc" }],
      }),
  }),
);
