import type { ActionType, RuleMode } from "../generated/prisma/client.ts";
import type { Conditions, WantedAction } from "../respond/rule.ts";
import { builder } from "./builder.ts";
import { prismaOf, viewerOf } from "./context.ts";
import { ActionTypeEnum, RuleModeEnum } from "./enums.ts";
import { rowKey } from "./page.ts";
import "./response-rule-revision.ts";

const read = { authScopes: { permission: "respond.read" as const } };

const ActionOfRule = builder.objectRef<WantedAction>("ResponseRuleAction").implement({
  description: "What a response rule does.",
  fields: (t) => ({
    type: t.field({ type: ActionTypeEnum, description: "What.", resolve: ({ type }) => type as ActionType }),
    ttl: t.field({
      type: "Duration",
      nullable: true,
      description: "For how long, the first time; null: an hour. It doubles for a repeat offender, to 7 days.",
      resolve: ({ ttlS }) => (ttlS === undefined ? null : `PT${ttlS}S`),
    }),
    approval: t.boolean({
      description: "Whether a person has to approve it. SUSPEND_USER and blocks of ranges need that anyway.",
      resolve: ({ approval }) => approval ?? false,
    }),
    target: t.string({
      nullable: true,
      description: "To which subjects of the incident: ADDRESS, USER or SESSION; null: the usual ones of the action.",
      resolve: ({ target }) => target ?? null,
    }),
    webhook: t.string({
      nullable: true,
      description: "Of CALL_WEBHOOK: which response webhook, by name.",
      resolve: ({ webhook }) => webhook ?? null,
    }),
  }),
});

export const ResponseRule = builder.prismaNode("ResponseRule", {
  id: { resolve: (rule) => rule.id, description: "The response rule's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  ...read,
  fields: (t) => ({
    name: t.exposeString("name", { description: "What it is called." }),
    position: t.exposeInt("position"),
    mode: t.field({
      type: RuleModeEnum,
      description: "ACTIVE acts; MONITOR lists what it would have done; DISABLED does neither.",
      resolve: ({ mode }) => mode as RuleMode,
    }),
    conditions: t.field({
      type: "JSON",
      description: "On which incidents: as `responseRuleCreate` takes them.",
      resolve: ({ conditions }) => conditions as unknown as Conditions,
    }),
    actions: t.field({
      type: [ActionOfRule],
      description: "What it does.",
      resolve: ({ actions }) => (Array.isArray(actions) ? (actions as unknown as WantedAction[]) : []),
    }),
    coolDown: t.field({
      type: "Duration",
      description: "In which it acts once per target.",
      resolve: ({ coolDownS }) => `PT${coolDownS}S`,
    }),
    builtin: t.exposeBoolean("builtin"),
    revision: t.exposeInt("revision", { description: "Grows by one with every change." }),
    revisions: t.relation("revisions", {
      description: "How it was after each of its changes, the latest first: the last 100.",
      query: { orderBy: { revision: "desc" }, take: 100 },
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it last changed." }),
  }),
});

builder.queryField("responseRules", (t) =>
  t.prismaField({
    type: [ResponseRule],
    description: "All response rules, in the order in which they are asked.",
    ...read,
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).responseRule.findMany({
        ...query,
        where: { organizationId: viewerOf(context).organizationId },
        orderBy: [{ position: "asc" }, { id: "asc" }],
      }),
  }),
);
