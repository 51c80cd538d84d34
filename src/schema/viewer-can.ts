/** What the viewer may do with an object: what clients show buttons by. The mutation decides again when it is sent. */
import { lacksSecondFactor, may, type Permission } from "../access/permissions.ts";
import { type IncidentMove, type IncidentStatus, incidentMoves, judgeMove } from "../incident/state.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { describedEnum } from "./enums.ts";

/** Whether whoever asks has the permission, and the second factor that it may take. */
export const can = ({ viewer }: Context, permission: Permission): boolean =>
  viewer !== undefined && may(viewer, permission) && !lacksSecondFactor(viewer, permission);

/** Settings that whoever has the permission may change and remove. */
const settings = {
  AlertRule: "rule.write",
  AlertRuleException: "rule.write",
  AlertChannel: "alertSettings.write",
  AlertTemplate: "alertSettings.write",
  AlertRoute: "alertSettings.write",
  EscalationPolicy: "alertSettings.write",
  OnCallSchedule: "alertSettings.write",
  ResponseRule: "respond.write",
  User: "user.write",
  Organization: "organization.write",
  Entity: "entity.write",
} as const satisfies Record<string, Permission>;

for (const [type, permission] of Object.entries(settings)) {
  builder.prismaObjectFields(type as "AlertRule", (t) => ({
    viewerCanUpdate: t.boolean({
      description: "Whether whoever asks may change it.",
      resolve: (_row, _args, context) => can(context, permission),
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

const MoveEnum = describedEnum<IncidentMove>("IncidentLifeMove", "A step in an incident's life.", {
  ACKNOWLEDGE: "`incidentAcknowledge`.",
  INVESTIGATE: "`incidentInvestigate`.",
  CONTAIN: "`incidentContain`.",
  RESOLVE: "`incidentResolve`.",
  CLOSE: "`incidentClose`.",
  REOPEN: "`incidentReopen`.",
  MERGE: "`incidentMerge`.",
});

const allowedMoves = (status: IncidentStatus): IncidentMove[] =>
  incidentMoves.filter((move) => judgeMove(status, move).allowed);

builder.prismaObjectFields("Incident", (t) => ({
  viewerCanUpdate: t.boolean({
    description: "Whether whoever asks may work on it: assign, comment, grade, move.",
    resolve: (_incident, _args, context) => can(context, "incident.write"),
  }),
  viewerCanMove: t.field({
    type: [MoveEnum],
    select: { status: true },
    description: "The steps that whoever asks may make it take now.",
    resolve: ({ status }, _args, context) => (can(context, "incident.write") ? allowedMoves(status) : []),
  }),
  viewerCanRespond: t.boolean({
    description: "Whether whoever asks may run response actions for it.",
    resolve: (_incident, _args, context) => can(context, "respond.write"),
  }),
}));

builder.prismaObjectFields("Detection", (t) => ({
  viewerCanJudge: t.boolean({
    select: { incidentId: true, resolution: true },
    description: "Whether whoever asks may say now what it was: it is in no incident, and nobody has said so.",
    resolve: ({ incidentId, resolution }, _args, context) =>
      incidentId === null && resolution === null && can(context, "incident.write"),
  }),
}));

builder.prismaObjectFields("IncidentAction", (t) => ({
  viewerCanApprove: t.boolean({
    select: { status: true, requesterId: true, requesterSession: true },
    description: "Whether whoever asks may approve or reject it now: it waits, and somebody else asked for it.",
    resolve: ({ status, requesterId, requesterSession }, _args, context) =>
      status === "AWAITING_APPROVAL" &&
      can(context, "respond.approve") &&
      requesterId !== context.viewer?.id &&
      (requesterSession === null || requesterSession !== context.viewer?.sessionId),
  }),
  viewerCanRevert: t.boolean({
    select: { status: true },
    description: "Whether whoever asks may take it back now.",
    resolve: ({ status }, _args, context) =>
      ["PLANNED", "AWAITING_APPROVAL", "APPLIED"].includes(status) && can(context, "respond.write"),
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
