import { builder } from "./builder.ts";
import { prismaOf } from "./context.ts";
import { ScopeEnum } from "./decision.ts";
import { ActionStatusEnum, ActionTypeEnum } from "./enums.ts";
import { rowKey } from "./page.ts";
import "./response-call.ts";
import { ResponseRule } from "./response-rule.ts";

export const IncidentAction = builder.prismaNode("IncidentAction", {
  id: { resolve: (action) => action.id, description: "The action's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    type: t.expose("type", { type: ActionTypeEnum, description: "What it does." }),
    status: t.expose("status", { type: ActionStatusEnum, description: "Where it is in its life." }),
    target: t.exposeString("target", { description: "Whom or what it does it to." }),
    scope: t.expose("scope", {
      type: ScopeEnum,
      nullable: true,
      description: "What the target is; null: administrators, or a response webhook.",
    }),
    reason: t.exposeString("reason", { description: "Why." }),
    actor: t.exposeString("actor", { description: "Who asked for it; `vigil`: a response rule." }),
    rule: t.prismaField({
      type: ResponseRule,
      nullable: true,
      description: "The response rule that chose it; null: a person, or the rule is gone.",
      resolve: (query, { ruleId }, _args, context) =>
        ruleId ? prismaOf(context).responseRule.findUnique({ ...query, where: rowKey(ruleId, context) }) : null,
    }),
    approvedBy: t.exposeString("approvedBy", { nullable: true, description: "Who approved it, where it needed that." }),
    approveUntil: t.field({
      type: "DateTime",
      nullable: true,
      description: "Until when somebody may approve it, while it waits.",
      resolve: ({ status, dueAt }) => (status === "AWAITING_APPROVAL" ? dueAt : null),
    }),
    appliedAt: t.expose("appliedAt", { type: "DateTime", nullable: true, description: "When it was done." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", nullable: true, description: "When it ends by itself." }),
    endedAt: t.expose("endedAt", { type: "DateTime", nullable: true, description: "When it was over." }),
    endedBy: t.exposeString("endedBy", {
      nullable: true,
      description: "Who ended it; `vigil`: time, or a safety limit.",
    }),
    endedReason: t.exposeString("endedReason", { nullable: true, description: "Why it is over, or was refused." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was decided." }),
    decisions: t.relation("decisions", {
      description: "What enforcers were told for it, the latest first; where each is applied is in it.",
      query: { orderBy: { version: "desc" }, take: 20 },
    }),
    calls: t.relation("calls", {
      description: "Of CALL_WEBHOOK: what the system was told, in order, and what it answered.",
      query: { orderBy: { createdAt: "asc" }, take: 10 },
    }),
    incident: t.relation("incident", { description: "The incident it answers." }),
  }),
});
