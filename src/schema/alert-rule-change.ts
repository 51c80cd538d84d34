import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { type Changed, createRule, deleteRule, restoreRule, updateRule } from "../detect/store/change.ts";
import type { SettingsPatch } from "../detect/store/settings.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { RuleModeEnum, SeverityEnum } from "./enums.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { milliseconds } from "./scalars.ts";

const CreateInput = builder.inputType("AlertRuleCreateInput", {
  description: "A new rule.",
  fields: (t) => ({
    yaml: t.string({
      required: true,
      description: "One Sigma document (a detection rule or a correlation), or one of a behaviour rule.",
    }),
    mode: t.field({ type: RuleModeEnum, required: true, description: "What it may do." }),
    throttle: t.field({
      type: "Duration",
      description: "Events of one subject that lie no further apart belong to one detection; at most P7D.",
    }),
    severity: t.field({ type: SeverityEnum, description: "Instead of the document's level." }),
    tags: t.stringList({ description: "Instead of the document's tags." }),
    references: t.stringList({ description: "Instead of the document's references." }),
  }),
});

const ParameterInput = builder.inputType("BehaviourParameterInput", {
  description: "A parameter of a behaviour rule.",
  fields: (t) => ({
    name: t.string({ required: true, description: "One of the rule's `parameters`." }),
    value: t.field({
      type: "JSON",
      description: "A number, true or false, or a list of texts. Null goes back to the default.",
    }),
  }),
});

const UpdateInput = builder.inputType("AlertRuleUpdateInput", {
  description: "What to change; the rest stays. Null goes back to what the document says.",
  fields: (t) => ({
    yaml: t.string({ description: "One Sigma document." }),
    mode: t.field({ type: RuleModeEnum, description: "What it may do." }),
    throttle: t.field({
      type: "Duration",
      description: "Events of one subject that lie no further apart belong to one detection; at most P7D.",
    }),
    severity: t.field({ type: SeverityEnum, description: "Instead of the document's level." }),
    tags: t.stringList({ description: "Instead of the document's tags." }),
    references: t.stringList({ description: "Instead of the document's references." }),
    parameters: t.field({
      type: [ParameterInput],
      description: "Of a behaviour rule: those to set; they are written into its document.",
    }),
    expectedRevision: t.int({ description: "The revision you saw: refuses to act on a stale view." }),
  }),
});

function payload(name: string) {
  return builder.objectRef<Outcome<Changed>>(name).implement({
    description: "The rule after the change, or why nothing was changed.",
    fields: (t) => ({
      alertRule: t.prismaField({
        type: AlertRule,
        nullable: true,
        description: "The rule as it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).alertRule.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed: of a faulty document every fault, with its line and place.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

type Who = { actor: string; now: number };

/** Changes one rule and writes the audit entry, in one transaction. */
function change(context: Context, action: string, work: (tx: Tx, who: Who) => Promise<Changed>) {
  return attempt(() =>
    context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
      const changed = await work(tx, { actor: actorOf(context), now: context.services.now() });
      const { id: entityId, revision, mode } = changed;
      const detail = { revision, mode };
      await audit(tx, { actor: auditActorOf(context), action, entityKind: "AlertRule", entityId, detail });
      return changed;
    }),
  );
}

/** A duration in whole ms. */
function throttleOf(text: string): number {
  return Math.round(milliseconds(text));
}

function patchOf(input: typeof UpdateInput.$inferInput): SettingsPatch {
  const { mode, throttle, severity, tags, references } = input;
  const throttleMs = typeof throttle === "string" ? throttleOf(throttle) : throttle;
  return { mode: mode ?? undefined, throttleMs, severity, tags, references };
}

const guard = { authScopes: { permission: "rule.write" as const } };
const id = { required: true, for: AlertRule, description: "The rule." } as const;
const expectedRevision = { description: "The revision you saw: refuses to act on a stale view." } as const;

builder.mutationFields((t) => ({
  alertRuleCreate: t.field({
    ...guard,
    type: payload("AlertRuleCreatePayload"),
    description: "Makes a rule. Events that arrive from now on are judged by it.",
    args: { input: t.arg({ type: CreateInput, required: true, description: "The rule." }) },
    resolve: (_parent, { input }, context) =>
      change(context, "ALERT_RULE_CREATED", (tx, who) => {
        const { yaml, mode, throttle, severity, tags, references } = input;
        return createRule(tx, {
          ...who,
          yaml,
          settings: {
            mode,
            ...(throttle == null ? {} : { throttleMs: throttleOf(throttle) }),
            ...(severity && { severity }),
            ...(tags && { tags }),
            ...(references && { references }),
          },
        });
      }),
  }),
  alertRuleUpdate: t.field({
    ...guard,
    type: payload("AlertRuleUpdatePayload"),
    description: "Changes a rule's document, its settings, or both: a new revision.",
    args: {
      id: t.arg.globalID(id),
      input: t.arg({ type: UpdateInput, required: true, description: "What to change." }),
    },
    resolve: (_parent, { id: { id }, input }, context) =>
      change(context, "ALERT_RULE_UPDATED", (tx, who) => {
        rowKey(id, context);
        const expected = input.expectedRevision ?? undefined;
        const yaml = input.yaml ?? undefined;
        const parameters = (input.parameters ?? []).map(({ name, value }) => ({ name, value }));
        return updateRule(tx, { ...who, id, yaml, patch: patchOf(input), parameters, expectedRevision: expected });
      }),
  }),
  alertRuleDelete: t.field({
    ...guard,
    type: payload("AlertRuleDeletePayload"),
    description:
      "Removes a rule and gives its name free. Its detections and incidents stay, and alertRuleRestore brings it back.",
    args: { id: t.arg.globalID(id), expectedRevision: t.arg.int(expectedRevision) },
    resolve: (_parent, { id: { id }, expectedRevision }, context) =>
      change(context, "ALERT_RULE_DELETED", (tx, who) => {
        rowKey(id, context);
        return deleteRule(tx, { ...who, id, expectedRevision: expectedRevision ?? undefined });
      }),
  }),
  alertRuleRestore: t.field({
    ...guard,
    type: payload("AlertRuleRestorePayload"),
    description: "Makes a new revision that equals an old one; a removed rule is back with it.",
    args: {
      id: t.arg.globalID(id),
      revision: t.arg.int({ required: true, description: "The old revision." }),
      expectedRevision: t.arg.int(expectedRevision),
    },
    resolve: (_parent, { id: { id }, revision, expectedRevision }, context) =>
      change(context, "ALERT_RULE_RESTORED", (tx, who) => {
        rowKey(id, context);
        return restoreRule(tx, { ...who, id, revision, expectedRevision: expectedRevision ?? undefined });
      }),
  }),
}));
