/** What the viewer may do with an object: what clients show buttons by. The mutation decides again when it is sent. */
import { lacksSecondFactor, may, type Permission } from "../access/permissions.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context } from "./context.ts";

/** Whether whoever asks has the permission, and the second factor that it may take. */
export const can = ({ viewer }: Context, permission: Permission): boolean =>
  viewer !== undefined && may(viewer, permission) && !lacksSecondFactor(viewer, permission);

/** Settings that whoever has the permission may change and remove. */
const settings = {
  AlertTemplate: "alertSettings.write",
  AlertInhibition: "alertSettings.write",
  OnCallSchedule: "alertSettings.write",
  ResponseRule: "respond.write",
  ResponseWebhook: "alertSettings.write",
  User: "user.write",
  Organization: "organization.write",
  Entity: "entity.write",
} as const satisfies Record<string, Permission>;

for (const [type, permission] of Object.entries(settings)) {
  builder.prismaObjectFields(type as "AlertTemplate", (t) => ({
    viewerCanUpdate: t.boolean({
      description: "Whether whoever asks may change it.",
      resolve: (_row, _args, context) => can(context, permission),
    }),
  }));
}

/** The same of those that the ledger goes on naming when they are gone. */
const removed = {
  AlertChannel: "alertSettings.write",
  AlertRoute: "alertSettings.write",
  EscalationPolicy: "alertSettings.write",
} as const satisfies Record<string, Permission>;

for (const [type, permission] of Object.entries(removed)) {
  builder.prismaObjectFields(type as "AlertChannel", (t) => ({
    viewerCanUpdate: t.boolean({
      select: { removedAt: true },
      description: "Whether whoever asks may change it: it was not removed.",
      resolve: ({ removedAt }, _args, context) => removedAt === null && can(context, permission),
    }),
  }));
}

for (const type of ["AlertRule", "AlertRuleException"]) {
  builder.prismaObjectFields(type as "AlertRule", (t) => ({
    viewerCanUpdate: t.boolean({
      select: { deletedAt: true },
      description: "Whether whoever asks may change it: it was not removed.",
      resolve: ({ deletedAt }, _args, context) => deletedAt === null && can(context, "rule.write"),
    }),
  }));
}

builder.prismaObjectFields("Dashboard", (t) => ({
  viewerCanUpdate: t.boolean({
    select: { ownerId: true },
    description: "Whether whoever asks may change it: it is theirs alone, or they may change shared ones.",
    resolve: ({ ownerId }, _args, context) => ownerId !== null || can(context, "dashboard.write"),
  }),
}));

builder.prismaObjectFields("SavedFilter", (t) => ({
  viewerCanDelete: t.boolean({
    select: { owner: true },
    description: "Whether whoever asks may remove it: it is their own.",
    resolve: ({ owner }, _args, context) => owner === auditActorOf(context),
  }),
}));

builder.prismaObjectFields("ApiKey", (t) => ({
  viewerCanRevoke: t.boolean({
    description: "Whether whoever asks may revoke it; again does no harm.",
    resolve: (_key, _args, context) => can(context, "apiKey.write"),
  }),
}));

builder.prismaObjectFields("Detection", (t) => ({
  viewerCanJudge: t.boolean({
    select: { incidentId: true, resolution: true },
    description: "Whether whoever asks may say now what it was: it is in no incident, and nobody has said so.",
    resolve: ({ incidentId, resolution }, _args, context) =>
      incidentId === null && resolution === null && can(context, "incident.write"),
  }),
  viewerCanJudgeUndo: t.boolean({
    select: { resolution: true },
    description: "Whether whoever asks may take back what was said of it.",
    resolve: ({ resolution }, _args, context) => resolution !== null && can(context, "incident.write"),
  }),
}));

builder.prismaObjectFields("Feedback", (t) => ({
  viewerCanUndo: t.boolean({
    select: { undoneAt: true },
    description: "Whether whoever asks may take it back: nobody has.",
    resolve: ({ undoneAt }, _args, context) => undoneAt === null && can(context, "incident.write"),
  }),
}));

builder.prismaObjectFields("Alert", (t) => ({
  viewerCanRetry: t.boolean({
    select: { status: true },
    description: "Whether whoever asks may send it again now.",
    resolve: ({ status }, _args, context) => ["FAILED", "HELD"].includes(status) && can(context, "alert.write"),
  }),
}));

builder.prismaObjectFields("Decision", (t) => ({
  viewerCanRevoke: t.boolean({
    select: { revokedAt: true, expiresAt: true },
    description: "Whether whoever asks may end it now.",
    resolve: ({ revokedAt, expiresAt }, _args, context) =>
      !revokedAt && expiresAt.getTime() > context.services.now() && can(context, "decision.write"),
  }),
}));

builder.prismaObjectFields("Silence", (t) => ({
  viewerCanExpire: t.boolean({
    select: { endsAt: true },
    description: "Whether whoever asks may end it now.",
    resolve: ({ endsAt }, _args, context) => endsAt.getTime() > context.services.now() && can(context, "alert.write"),
  }),
}));

builder.prismaObjectFields("BreakGlassUse", (t) => ({
  viewerCanReview: t.boolean({
    select: { userId: true, actor: true, reviewedAt: true },
    description: "Whether whoever asks may review it: another person used it, and nobody has.",
    resolve: ({ userId, actor, reviewedAt }, _args, context) =>
      reviewedAt === null &&
      userId !== context.viewer?.id &&
      actor !== context.viewer?.name &&
      can(context, "compliance.write"),
  }),
}));

builder.prismaObjectFields("ReviewPack", (t) => ({
  viewerCanSign: t.boolean({
    select: { signedAt: true },
    description: "Whether whoever asks may sign it: nobody has.",
    resolve: ({ signedAt }, _args, context) => signedAt === null && can(context, "compliance.write"),
  }),
}));
