import { exportedRule } from "../detect/store/export.ts";
import type { StoredSettings } from "../detect/store/settings.ts";
import { AlertRuleException } from "./alert-rule-exception.ts";
import { builder } from "./builder.ts";
import { prismaOf } from "./context.ts";
import { RuleKindEnum, RuleModeEnum, SeverityEnum } from "./enums.ts";
import * as filters from "./filter.ts";
import { listOf } from "./list.ts";
import { orderInput, paged, rowKey } from "./page.ts";
import { filtersBy } from "./phi-filter.ts";

const mostExceptions = 500; // of one rule, shown

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
    exported: t.string({
      description:
        "Its Sigma document with a `vigil` part that has its mode and what else is set of it: throttle, severity, tags, references. alertRulesImport makes the same rule of it.",
      select: { yaml: true, mode: true, throttleMs: true, overrides: true },
      resolve: ({ yaml, mode, throttleMs, overrides }) =>
        exportedRule({ yaml, mode, throttle_ms: throttleMs, overrides: overrides as StoredSettings["overrides"] }),
    }),
    builtin: t.exposeBoolean("builtin"),
    revision: t.exposeInt("revision", { description: "Counts its changes." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it was last changed." }),
    status: t.exposeString("status", {
      nullable: true,
      description: "Its Sigma status: stable, test, experimental, deprecated or unsupported.",
    }),
    author: t.exposeString("author", { nullable: true, description: "Who wrote it, as its text says." }),
    references: t.exposeStringList("references", { description: "Where to read more." }),
    falsepositives: t.exposeStringList("falsepositives", { description: "What else it may find." }),
    techniques: t.exposeStringList("techniques", { description: "ATT&CK techniques, from its tags: `T1110.001`." }),
    tactics: t.exposeStringList("tactics", { description: "ATT&CK tactics, from its tags: `credential-access`." }),
    throttle: t.field({
      type: "Duration",
      nullable: true,
      description: "Events of one subject that lie no further apart belong to one detection; null: as the rule says.",
      select: { throttleMs: true },
      resolve: ({ throttleMs }) => (throttleMs === null ? null : `PT${throttleMs / 1_000}S`),
    }),
    deletedAt: t.expose("deletedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was removed; alertRuleRestore brings it back.",
    }),
    revisions: t.relatedConnection("revisions", {
      ...paged,
      cursor: "organizationId_ruleId_revision",
      totalCount: true,
      description: "What it was after each change, the last first.",
      query: { orderBy: { revision: "desc" } },
    }),
    exceptions: t.relation("exceptions", {
      type: AlertRuleException,
      description: "What it is not to find, the newest first; those that have ended say so.",
      query: { orderBy: [{ createdAt: "desc" }, { id: "desc" }], take: mostExceptions },
    }),
  }),
});

const ListFilter = builder.inputType("ListFilter", {
  description: "Conditions on a list of texts; all must hold.",
  fields: (t) => ({
    eq: t.string({ description: "Has this value." }),
    in: t.stringList({ description: "Has one of these." }),
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
  status: [filters.StringFilter, "Its Sigma status."],
  author: [filters.StringFilter, "Who wrote it, as its text says."],
  tag: [ListFilter, "One of its tags."],
  technique: [ListFilter, "One of its ATT&CK techniques, e.g. `T1110.001`."],
  tactic: [ListFilter, "One of its ATT&CK tactics, e.g. `credential-access`."],
  deletedAt: [filters.DateTimeFilter, "When it was removed. Unless this is asked for, removed rules are left out."],
});

const Order = orderInput("AlertRule", {
  NAME: ["name", "Its title."],
  SEVERITY: ["severity", "How bad what it finds is."],
  CREATED_AT: ["createdAt", "When it was made."],
  UPDATED_AT: ["updatedAt", "When it was last changed."],
});

/** Values of lists: a rule fits that has one of them. */
const lists: Record<string, string> = { tag: "tags", technique: "techniques", tactic: "tactics" };

const list = listOf(
  "AlertRule",
  "alert_rules",
  { field: "createdAt", direction: "desc" },
  {},
  async (_context, filter) => ({
    // Removed rules are shown to those who ask for them.
    filter: filtersBy(filter, ["deletedAt"]) ? filter : { ...filter, deletedAt: { eq: null } },
    special: hasValue,
  }),
);

function hasValue(field: string, comparator: string, operand: unknown, values: unknown[]): string | undefined {
  const column = lists[field];
  if (!column) return undefined;
  values.push(comparator === "eq" ? [operand] : operand);
  return `${column} && $${values.length}::text[]`;
}

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
