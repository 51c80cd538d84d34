import { audit } from "../access/audit.ts";
import type { Step, Target } from "../alert/escalation.ts";
import { createPolicy, deletePolicy, type PolicyChange, updatePolicy } from "../alert/policy-change.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { AlertChannel } from "./alert-channel.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { PeopleRoleEnum } from "./enums.ts";
import { EscalationPolicy } from "./escalation-policy.ts";
import { OnCallSchedule } from "./on-call.ts";
import { rowId, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { User } from "./user.ts";

const guard = { authScopes: { permission: "alertSettings.write" as const } };

function payload(name: string) {
  return builder.objectRef<Outcome<string>>(name).implement({
    description: "The policy after the change, or why nothing was changed.",
    fields: (t) => ({
      escalationPolicy: t.prismaField({
        type: EscalationPolicy,
        nullable: true,
        description: "As it is now, with its warnings; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).escalationPolicy.findUnique({ ...query, where: rowKey(value, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const TargetInput = builder.inputType("EscalationTargetInput", {
  description: "Whom a step tells: exactly one of user, role, schedule and channel.",
  fields: (t) => ({
    userId: t.globalID({ for: User, description: "A user, by e-mail and SMS." }),
    role: t.field({ type: PeopleRoleEnum, description: "Everybody of a role." }),
    scheduleId: t.globalID({ for: OnCallSchedule, description: "Whoever is on call." }),
    channelId: t.globalID({ for: AlertChannel, description: "A channel, whoever reads it." }),
    viaChannelId: t.globalID({
      for: AlertChannel,
      description: "On which channel people are told; absent: on every e-mail and SMS channel.",
    }),
  }),
});
const StepInput = builder.inputType("EscalationStepInput", {
  description: "One step.",
  fields: (t) => ({
    delaySeconds: t.int({
      required: true,
      description: "How long after the step before it, 30 to 86,400; of the first one after the beginning, from 0 on.",
    }),
    tell: t.field({ type: [TargetInput], required: true, description: "Whom it tells, 1 to 20." }),
  }),
});
const Input = builder.inputType("EscalationPolicyInput", {
  description: "An escalation policy. When one is changed, what is absent stays; a new one needs a name and steps.",
  fields: (t) => ({
    name: t.string({ description: "1 to 200 characters, unique." }),
    steps: t.field({ type: [StepInput], description: "1 to 20, in their order; they replace those before." }),
    repeats: t.int({ description: "How often the steps begin again, 0 to 10; 0 unless told." }),
    acknowledgeTimeoutSeconds: t.int({
      description: "After how long an acknowledgement no longer holds, 60 to 604,800; null: it holds.",
    }),
    fallbackChannelId: t.globalID({ for: AlertChannel, description: "Told when all steps are over; null: nobody." }),
    expectedRevision: t.int({ description: "The revision you saw: refuses to act on a stale view." }),
  }),
});

function targetOf(given: typeof TargetInput.$inferInput, path: readonly string[]): Target {
  const named = [
    given.userId && { kind: "USER" as const, id: given.userId.id },
    given.role != null && { kind: "ROLE" as const, id: given.role },
    given.scheduleId && { kind: "SCHEDULE" as const, id: given.scheduleId.id },
    given.channelId && { kind: "CHANNEL" as const, id: given.channelId.id },
  ].filter((one) => one !== undefined && one !== null && one !== false);
  const [one, other] = named;
  if (!one || other) {
    const message = "Name exactly one of userId, role, scheduleId and channelId.";
    throw new VigilError("BAD_USER_INPUT", message, { path });
  }
  if (one.kind !== "ROLE") rowId(one, path);
  return given.viaChannelId ? { ...one, via: rowId(given.viaChannelId, [...path, "viaChannelId"]) } : one;
}

function given(input: typeof Input.$inferInput): PolicyChange {
  return {
    name: input.name ?? undefined,
    steps: input.steps?.map(
      ({ delaySeconds, tell }, step): Step => ({
        delayS: delaySeconds,
        tell: tell.map((one, at) => targetOf(one, ["input", "steps", String(step), "tell", String(at)])),
      }),
    ),
    repeats: input.repeats ?? undefined,
    acknowledgeTimeoutS: input.acknowledgeTimeoutSeconds,
    fallbackChannelId: input.fallbackChannelId && rowId(input.fallbackChannelId, ["input", "fallbackChannelId"]),
  };
}

/** `detail` is what was given, read within the attempt, so that a fault of it is a user error. */
function change(
  context: Context,
  action: string,
  detail: () => PolicyChange,
  work: (tx: Tx, change: PolicyChange, now: number) => Promise<string>,
) {
  return attempt(async () => {
    const changed = detail();
    return context.services.change(viewerOf(context).organizationId, async (tx) => {
      const entityId = await work(tx, changed, context.services.now());
      const entry = { actor: auditActorOf(context), action, entityKind: "EscalationPolicy", entityId };
      await audit(tx, { ...entry, detail: changed });
      return entityId;
    });
  });
}

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: EscalationPolicy, description: "The policy." });
  const input = t.arg({ type: Input, required: true, description: "The policy." });
  return {
    escalationPolicyCreate: t.field({
      ...guard,
      type: payload("EscalationPolicyCreatePayload"),
      description:
        "Makes an escalation policy; its `warnings` tell whom it would not reach. Errors: BAD_USER_INPUT, CONFLICT.",
      args: { input },
      resolve: (_parent, { input }, context) =>
        change(
          context,
          "ESCALATION_POLICY_CREATED",
          () => given(input),
          (tx, { name = "", steps = [], ...more }, now) => createPolicy(tx, { ...more, name, steps }, now),
        ),
    }),
    escalationPolicyUpdate: t.field({
      ...guard,
      type: payload("EscalationPolicyUpdatePayload"),
      description:
        "Changes a policy; escalations that run go on as they began. Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT.",
      args: { id, input },
      resolve: (_parent, { id: { id }, input }, context) =>
        change(
          context,
          "ESCALATION_POLICY_CHANGED",
          () => given(input),
          async (tx, changed, now) => {
            rowKey(id, context);
            await updatePolicy(tx, { ...changed, id, expectedRevision: input.expectedRevision ?? undefined }, now);
            return id;
          },
        ),
    }),
    escalationPolicyDelete: t.field({
      ...guard,
      type: payload("EscalationPolicyDeletePayload"),
      description:
        "Removes a policy; escalations that run go on. Errors: NOT_FOUND, CONFLICT (a route escalates by it).",
      args: { id },
      resolve: (_parent, { id: { id } }, context) =>
        change(
          context,
          "ESCALATION_POLICY_DELETED",
          () => ({}),
          async (tx, _changed, now) => {
            rowKey(id, context);
            await deletePolicy(tx, id, now);
            return id;
          },
        ),
    }),
  };
});
