import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { deletePlaceholder, setPlaceholder } from "../detect/store/placeholders.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const RulePlaceholder = builder.prismaObject("AlertRulePlaceholder", {
  name: "RulePlaceholder",
  description: "A list of values that rules refer to by name: `field|expand: '%name%'`.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "What rules call it, without the percent signs." }),
    values: t.exposeStringList("values", { description: "What it stands for." }),
    author: t.exposeString("author", { description: "Who set it last." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it was last set." }),
  }),
});

builder.queryField("rulePlaceholders", (t) =>
  t.prismaField({
    type: [RulePlaceholder],
    description: "The lists that rules refer to, by name; there are at most 500.",
    authScopes: { permission: "rule.read" },
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).alertRulePlaceholder.findMany({
        ...query,
        where: { organizationId: viewerOf(context).organizationId },
        orderBy: { name: "asc" },
      }),
  }),
);

type Changed = Outcome<string>;

function payload(name: string) {
  return builder.objectRef<Changed>(name).implement({
    description: "The list after the change, or why nothing was changed.",
    fields: (t) => ({
      rulePlaceholder: t.prismaField({
        type: RulePlaceholder,
        nullable: true,
        description: "The list as it is now; null when it is gone or there are user errors.",
        resolve: (query, { value }, _args, context) => {
          if (value === undefined) return null;
          const organizationId_name = { organizationId: viewerOf(context).organizationId, name: value };
          return prismaOf(context).alertRulePlaceholder.findUnique({ ...query, where: { organizationId_name } });
        },
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

function change(context: Context, name: string, action: string, detail: object, work: (tx: Tx) => Promise<void>) {
  return attempt(() =>
    context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
      await work(tx);
      const entityKind = "RulePlaceholder";
      await audit(tx, { actor: auditActorOf(context), action, entityKind, entityId: name, detail });
      return name;
    }),
  );
}

const guard = { authScopes: { permission: "rule.write" as const } };

builder.mutationFields((t) => ({
  rulePlaceholderSet: t.field({
    ...guard,
    type: payload("RulePlaceholderSetPayload"),
    description: "Makes or replaces a list of values that rules refer to.",
    args: {
      name: t.arg.string({
        required: true,
        description: "1 to 100 letters, digits, dots, hyphens or underscores, without the percent signs.",
      }),
      values: t.arg.stringList({ required: true, description: "1 to 10,000 values." }),
    },
    resolve: (_parent, { name, values }, context) =>
      change(context, name, "RULE_PLACEHOLDER_SET", { values: values.length }, (tx) =>
        setPlaceholder(tx, { name, values, actor: actorOf(context), now: context.services.now() }),
      ),
  }),
  rulePlaceholderDelete: t.field({
    ...guard,
    type: payload("RulePlaceholderDeletePayload"),
    description: "Removes a list that no rule uses.",
    args: { name: t.arg.string({ required: true, description: "The list's name." }) },
    resolve: (_parent, { name }, context) =>
      change(context, name, "RULE_PLACEHOLDER_DELETED", {}, (tx) => deletePlaceholder(tx, name)),
  }),
}));
