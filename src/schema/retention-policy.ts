import { bounds, type Policy, retentionClasses, updatePolicy } from "../retention/policy.ts";
import { builder } from "./builder.ts";
import { auditActorOf, prismaOf, viewerOf } from "./context.ts";
import { RetentionClassEnum } from "./enums.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const PolicyType = builder.objectRef<Policy>("RetentionPolicy").implement({
  description: "How long one class of data is kept.",
  authScopes: { permission: "retention.read" },
  fields: (t) => ({
    class: t.expose("class", { type: RetentionClassEnum, description: "Which class." }),
    days: t.exposeInt("days", {
      description:
        "Whole days, counted from when the data was made or, for incidents, last changed. Incidents and the audit log " +
        "are never removed within six calendar years, leap days included.",
    }),
    defaultDays: t.int({ description: "What holds unless chosen.", resolve: (it) => bounds[it.class].default }),
    minimumDays: t.int({
      description: "The fewest days that may be chosen.",
      resolve: (it) => bounds[it.class].minimum,
    }),
    maximumDays: t.int({ description: "The most days that may be chosen.", resolve: (it) => bounds[it.class].maximum }),
    updatedAt: t.expose("updatedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was chosen; null: the default holds.",
    }),
    updatedBy: t.exposeString("updatedBy", {
      nullable: true,
      description: "Who chose it: a user's e-mail address or an API key's id.",
    }),
  }),
});

builder.queryField("retentionPolicies", (t) =>
  t.field({
    type: [PolicyType],
    description: "How long each class of data is kept.",
    authScopes: { permission: "retention.read" },
    resolve: async (_parent, _args, context) => {
      const chosen = await prismaOf(context).retentionPolicy.findMany();
      return retentionClasses.map((name): Policy => {
        const policy = chosen.find((one) => one.class === name);
        return policy ?? { class: name, days: bounds[name].default, updatedAt: null, updatedBy: null };
      });
    },
  }),
);

const Input = builder.inputType("RetentionPolicyUpdateInput", {
  description: "How long to keep what.",
  fields: (t) => ({
    class: t.field({ type: RetentionClassEnum, required: true, description: "Which class." }),
    days: t.int({ required: true, description: "Whole days, within `minimumDays` and `maximumDays`." }),
  }),
});

const Payload = builder.objectRef<Outcome<Policy>>("RetentionPolicyUpdatePayload").implement({
  description: "The policy after the change, or why nothing was changed.",
  fields: (t) => ({
    retentionPolicy: t.field({
      type: PolicyType,
      nullable: true,
      description: "The policy as it is now; null when there are user errors.",
      resolve: ({ value }) => value ?? null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was changed.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("retentionPolicyUpdate", (t) =>
  t.field({
    type: Payload,
    description:
      "Chooses how long one class of data is kept. A shorter time takes effect with the next hourly clean-up.",
    authScopes: { permission: "retention.write" },
    args: { input: t.arg({ type: Input, required: true, description: "How long to keep what." }) },
    resolve: (_parent, { input }, context) =>
      attempt(() =>
        context.services.change(viewerOf(context).organizationId, (tx) =>
          updatePolicy(tx, { ...input, actor: auditActorOf(context), now: context.services.now() }),
        ),
      ),
  }),
);
