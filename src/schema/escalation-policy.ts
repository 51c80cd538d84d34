import type { Step, Target } from "../alert/escalation.ts";
import { readPolicyWarnings } from "../alert/policy-warnings.ts";
import { AlertChannel } from "./alert-channel.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";
import { describedEnum, RoleEnum } from "./enums.ts";
import { Person } from "./incident-assignee.ts";
import { OnCallSchedule } from "./on-call.ts";
import { rowKey } from "./page.ts";

const read = { authScopes: { permission: "alertSettings.read" as const } };

const TargetKindEnum = describedEnum<Target["kind"]>("EscalationTargetKind", "Whom a step tells.", {
  USER: "A user, by e-mail and SMS.",
  ROLE: "Everybody of a role.",
  SCHEDULE: "Whoever is on call.",
  CHANNEL: "A channel, whoever reads it.",
});

const TargetType = builder.objectRef<Target>("EscalationTarget").implement({
  description: "Whom a step tells, and on which channel.",
  ...read,
  fields: (t) => ({
    kind: t.expose("kind", { type: TargetKindEnum, description: "What it is." }),
    user: t.prismaField({
      type: Person,
      nullable: true,
      description: "The user, of kind USER.",
      resolve: (query, { kind, id }, _args, context) =>
        kind === "USER" ? prismaOf(context).user.findUnique({ ...query, where: rowKey(id, context) }) : null,
    }),
    role: t.field({
      type: RoleEnum,
      nullable: true,
      description: "The role, of kind ROLE.",
      resolve: ({ kind, id }) => (kind === "ROLE" ? (id as "ADMIN") : null),
    }),
    schedule: t.prismaField({
      type: OnCallSchedule,
      nullable: true,
      description: "The on-call schedule, of kind SCHEDULE.",
      resolve: (query, { kind, id }, _args, context) =>
        kind === "SCHEDULE"
          ? prismaOf(context).onCallSchedule.findUnique({ ...query, where: rowKey(id, context) })
          : null,
    }),
    channel: t.prismaField({
      type: AlertChannel,
      nullable: true,
      description: "The channel, of kind CHANNEL.",
      resolve: (query, { kind, id }, _args, context) => (kind === "CHANNEL" ? channel(query, id, context) : null),
    }),
    via: t.prismaField({
      type: AlertChannel,
      nullable: true,
      description: "On which channel people are told; null: on every e-mail and SMS channel.",
      resolve: (query, { via }, _args, context) => (via ? channel(query, via, context) : null),
    }),
  }),
});

const channel = (query: object, id: string, context: Context) =>
  prismaOf(context).alertChannel.findUnique({ ...query, where: rowKey(id, context) });

const StepType = builder.objectRef<Step>("EscalationStep").implement({
  description: "One step of a policy.",
  fields: (t) => ({
    delaySeconds: t.exposeInt("delayS", {
      description: "How long after the step before it; of the first one after the escalation began.",
    }),
    tell: t.field({ type: [TargetType], description: "Whom it tells.", resolve: ({ tell }) => [...tell] }),
  }),
});

const warnings = batched((context, ids) => {
  const { db, now } = context.services;
  return db.inOrganization(viewerOf(context).organizationId, (tx) => readPolicyWarnings(tx, ids, now()));
});

export const EscalationPolicy = builder.prismaNode("EscalationPolicy", {
  id: { resolve: ({ id }) => id, description: "The policy's id." },
  description: "Who is told step by step until somebody acknowledges.",
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  ...read,
  fields: (t) => ({
    name: t.exposeString("name", { description: "Its name, for people." }),
    steps: t.field({
      type: [StepType],
      description: "In their order.",
      resolve: ({ steps }) => steps as unknown as Step[],
    }),
    repeats: t.exposeInt("repeats", { description: "How often the steps begin again." }),
    acknowledgeTimeoutSeconds: t.exposeInt("acknowledgeTimeoutS", {
      nullable: true,
      description: "After how long without progress an acknowledgement no longer holds the steps back; null: it holds.",
    }),
    fallbackChannel: t.relation("fallbackChannel", {
      nullable: true,
      description: "Told when all steps are over and nobody has acknowledged; null: nobody is.",
    }),
    warnings: t.stringList({
      description: "What of it would come to nothing as things are now, in words; empty: nothing.",
      resolve: async ({ id }, _args, context) => (await warnings(context, id))?.warnings ?? [],
    }),
    revision: t.exposeInt("revision", { description: "Grows by one with every change." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it last changed." }),
  }),
});

builder.queryField("escalationPolicies", (t) =>
  t.prismaField({
    type: [EscalationPolicy],
    description: "All escalation policies that were not removed, by name.",
    ...read,
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).escalationPolicy.findMany({
        ...query,
        where: { organizationId: viewerOf(context).organizationId, removedAt: null },
        orderBy: [{ name: "asc" }, { id: "asc" }],
      }),
  }),
);
