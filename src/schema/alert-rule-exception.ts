import { audit } from "../access/audit.ts";
import { createException, deleteException } from "../detect/store/exceptions.ts";
import { AlertRule } from "./alert-rule.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

export const AlertRuleException = builder.prismaNode("AlertRuleException", {
  id: { resolve: (exception) => exception.id, description: "The exception's id." },
  description: "What a rule is not to find: a Sigma filter, with who answers for it, why, and until when.",
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "rule.read" },
  fields: (t) => ({
    name: t.exposeString("name", { description: "Its name, unique for the rule." }),
    yaml: t.exposeString("yaml", { description: "The Sigma filter." }),
    owner: t.exposeString("owner", { description: "Who answers for it." }),
    reason: t.exposeString("reason", { description: "Why it was made." }),
    createdAt: t.expose("createdAt", {
      type: "DateTime",
      description: "When it was made: it holds for events that arrive from then on.",
    }),
    expiresAt: t.expose("expiresAt", {
      type: "DateTime",
      nullable: true,
      description: "It holds for events that arrive before; null: it does not end by itself.",
    }),
    deletedAt: t.expose("deletedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was removed, or replaced by an import; null: it was not.",
    }),
    isExpired: t.boolean({
      description: "Whether it has ended, by itself or because it was removed.",
      select: { expiresAt: true, deletedAt: true },
      resolve: ({ expiresAt, deletedAt }, _args, context) =>
        deletedAt !== null || (expiresAt !== null && expiresAt.getTime() <= context.services.now()),
    }),
    rule: t.relation("rule", { description: "The rule it is an exception of." }),
  }),
});

const CreateInput = builder.inputType("AlertRuleExceptionCreateInput", {
  description: "A new exception.",
  fields: (t) => ({
    ruleId: t.globalID({ required: true, for: AlertRule, description: "The rule; also a correlation." }),
    name: t.string({ required: true, description: "Its name: 1 to 100 characters, unique for the rule." }),
    yaml: t.string({
      required: true,
      description:
        "A Sigma filter. Its condition says what stays, e.g. `not selection`; of a correlation it says which events count.",
    }),
    reason: t.string({ required: true, description: "Why: 1 to 2,000 characters." }),
    owner: t.string({ description: "Who answers for it. Default: whoever makes it." }),
    expiresAt: t.field({ type: "DateTime", description: "When it ends by itself. Default: never." }),
  }),
});

type Changed = Outcome<string>;

function payload(name: string) {
  return builder.objectRef<Changed>(name).implement({
    description: "The exception after the change, or why nothing was changed.",
    fields: (t) => ({
      alertRuleException: t.prismaField({
        type: AlertRuleException,
        nullable: true,
        description: "The exception as it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).alertRuleException.findUnique({ ...query, where: rowKey(value, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const guard = { authScopes: { permission: "rule.write" as const } };

builder.mutationFields((t) => ({
  alertRuleExceptionCreate: t.field({
    ...guard,
    type: payload("AlertRuleExceptionCreatePayload"),
    description: "Keeps a rule from finding what is known to be good, for events that arrive from now on.",
    args: { input: t.arg({ type: CreateInput, required: true, description: "The exception." }) },
    resolve: (_parent, { input }, context) => create(context, input),
  }),
  alertRuleExceptionDelete: t.field({
    ...guard,
    type: payload("AlertRuleExceptionDeletePayload"),
    description: "Ends an exception now.",
    args: { id: t.arg.globalID({ required: true, for: AlertRuleException, description: "The exception." }) },
    resolve: (_parent, { id: { id } }, context) =>
      attempt(() => {
        rowKey(id, context);
        return context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
          const detail = await deleteException(tx, id, context.services.now());
          const entry = { action: "ALERT_RULE_EXCEPTION_DELETED", entityKind: "AlertRuleException", entityId: id };
          await audit(tx, { ...entry, actor: auditActorOf(context), detail });
          return id;
        });
      }),
  }),
}));

function create(context: Context, input: typeof CreateInput.$inferInput): Promise<Changed> {
  const { name, yaml, reason } = input;
  return attempt(() => {
    const ruleId = input.ruleId.id;
    rowKey(ruleId, context);
    return context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
      const owner = input.owner ?? viewerOf(context).name;
      const expiresAt = input.expiresAt?.getTime();
      const now = context.services.now();
      const id = await createException(tx, { ruleId, name, yaml, reason, owner, expiresAt, now });
      await audit(tx, {
        actor: auditActorOf(context),
        action: "ALERT_RULE_EXCEPTION_CREATED",
        entityKind: "AlertRuleException",
        entityId: id,
        detail: { ruleId, name, reason, owner, expiresAt: input.expiresAt ?? null },
      });
      return id;
    });
  });
}
