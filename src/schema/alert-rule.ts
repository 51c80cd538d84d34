import { builder } from "./builder.ts";
import { prismaOf } from "./context.ts";
import { RuleKindEnum, RuleModeEnum, SeverityEnum } from "./enums.ts";
import * as filters from "./filter.ts";
import { listOf } from "./list.ts";
import { orderInput, paged, rowKey } from "./page.ts";

export const AlertRule = builder.prismaNode("AlertRule", {
  id: { resolve: (rule) => rule.id, description: "The rule's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "rule.read" },
  fields: (t) => ({
    name: t.exposeString("name"),
    reference: t.exposeString("reference"),
    sigmaId: t.exposeString("sigmaId", { nullable: true }),
    kind: t.expose("kind", { type: RuleKindEnum, description: "How it is written." }),
    mode: t.expose("mode", { type: RuleModeEnum, description: "What it may do." }),
    severity: t.expose("severity", { type: SeverityEnum, description: "How bad what it finds is." }),
    description: t.exposeString("description", { nullable: true, description: "What it finds." }),
    tags: t.exposeStringList("tags", { description: "Sigma tags, e.g. `attack.t1110`." }),
    yaml: t.exposeString("yaml"),
    builtin: t.exposeBoolean("builtin"),
    revision: t.exposeInt("revision", { description: "Counts its changes." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it was last changed." }),
  }),
});

const Filter = filters.filterInput("AlertRule", {
  id: [filters.IdFilter, "The rule's id."],
  name: [filters.StringFilter, "Its title."],
  reference: [filters.StringFilter, "What other rules call it."],
  sigmaId: [filters.StringFilter, "Its Sigma id."],
  kind: [filters.enumFilter("RuleKindFilter", RuleKindEnum), "How it is written."],
  mode: [filters.enumFilter("RuleModeFilter", RuleModeEnum), "What it may do."],
  severity: [filters.SeverityFilter, "How bad what it finds is."],
  builtin: [filters.BooleanFilter, "Whether it came with Vigil."],
  createdAt: [filters.DateTimeFilter, "When it was made."],
  updatedAt: [filters.DateTimeFilter, "When it was last changed."],
});

const Order = orderInput("AlertRule", {
  NAME: ["name", "Its title."],
  SEVERITY: ["severity", "How bad what it finds is."],
  CREATED_AT: ["createdAt", "When it was made."],
  UPDATED_AT: ["updatedAt", "When it was last changed."],
});

const list = listOf("alert_rules", { field: "createdAt", direction: "desc" });

builder.queryField("alertRules", (t) =>
  t.prismaConnection({
    ...paged,
    type: AlertRule,
    description: "Rules, the newest first.",
    authScopes: { permission: "rule.read" },
    args: {
      filter: t.arg({ type: Filter, description: "Which." }),
      orderBy: t.arg({ type: [Order], description: "In which order." }),
    },
    totalCount: (_parent, { filter }, context) => list.count(context, filter),
    resolve: (query, _parent, asked, context) =>
      list.page(context, query, asked, (rows) => prismaOf(context).alertRule.findMany(rows)),
  }),
);

builder.queryField("alertRule", (t) =>
  t.prismaField({
    type: AlertRule,
    nullable: true,
    description: "One rule.",
    authScopes: { permission: "rule.read" },
    args: { id: t.arg.globalID({ required: true, for: AlertRule, description: "The rule's id." }) },
    resolve: (query, _parent, { id }, context) =>
      prismaOf(context).alertRule.findUnique({ ...query, where: rowKey(id.id, context) }),
  }),
);
