import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { actionTypes, days, targetKinds } from "../respond/rule.ts";
import { createRule, deleteRule, restoreRule, updateRule } from "../respond/rule-change.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { ActionTypeEnum, RuleModeEnum, SeverityEnum } from "./enums.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { ResponseRule } from "./response-rule.ts";
import { milliseconds } from "./scalars.ts";
import { SubjectKindEnum } from "./subject.ts";

const guard = { authScopes: { permission: "respond.write" as const } };

const TargetKindEnum = builder.enumType("ResponseTargetKind", {
  description: "To which subjects of an incident an action is done.",
  values: Object.fromEntries(
    targetKinds.map((kind) => [kind, { description: `Its subjects of kind ${kind}.` }]),
  ) as Record<(typeof targetKinds)[number], { description: string }>,
});
const DayEnum = builder.enumType("WeekDay", {
  description: "A day of the week, in the organization's time zone.",
  values: Object.fromEntries(days.map((day) => [day, { description: day }])) as Record<
    (typeof days)[number],
    { description: string }
  >,
});

const TimesInput = builder.inputType("ResponseTimesInput", {
  description: "When a response rule acts, in the organization's time zone.",
  fields: (t) => ({
    days: t.field({ type: [DayEnum], description: "On which days; absent: all." }),
    from: t.string({ description: "From when, HH:MM; absent: 00:00." }),
    to: t.string({
      description: "Until when, HH:MM, before which: up to `from` goes over midnight. Absent: midnight.",
    }),
  }),
});
const ConditionsInput = builder.inputType("ResponseConditionsInput", {
  description: "On which incidents a response rule acts: all that is given must hold.",
  fields: (t) => ({
    severityAtLeast: t.field({ type: SeverityEnum, description: "At least so bad." }),
    severityAtMost: t.field({ type: SeverityEnum, description: "At most so bad." }),
    scoreAtLeast: t.float({ description: "A threat score of at least this, 0 to 100." }),
    scoreAtMost: t.float({ description: "A threat score of at most this." }),
    rules: t.stringList({
      description: "Opened by one of these alert rules, by reference, e.g. `brute_force_address`.",
    }),
    tags: t.stringList({ description: "With one of these tags, or one below it: attack.t1110 has attack.t1110.001." }),
    subjectKinds: t.field({ type: [SubjectKindEnum], description: "About a subject of one of these kinds." }),
    times: t.field({ type: TimesInput, description: "At these times." }),
    earlierIncidentsAtLeast: t.int({ description: "After so many incidents about one of its subjects in 30 days." }),
  }),
});
const ActionInput = builder.inputType("ResponseRuleActionInput", {
  description: "What a response rule does.",
  fields: (t) => ({
    type: t.field({ type: ActionTypeEnum, required: true, description: `What: ${actionTypes.join(", ")}.` }),
    ttl: t.field({ type: "Duration", description: "For how long, PT10S to P7D; PT1H unless told." }),
    approval: t.boolean({ description: "A person has to approve it." }),
    target: t.field({ type: TargetKindEnum, description: "To which subjects; absent: the usual ones." }),
    webhook: t.string({ description: "Of CALL_WEBHOOK, and needed there: which response webhook, by name." }),
  }),
});
const CreateInput = builder.inputType("ResponseRuleCreateInput", {
  description: "A response rule.",
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 200 characters, unique." }),
    mode: t.field({ type: RuleModeEnum, description: "MONITOR unless told: it first lists what it would have done." }),
    conditions: t.field({ type: ConditionsInput, description: "On which incidents; absent: all." }),
    actions: t.field({ type: [ActionInput], required: true, description: "What it does: 1 to 10." }),
    coolDown: t.field({
      type: "Duration",
      description: "In which it acts once per target, to P30D; PT0S unless told.",
    }),
    position: t.int({ description: "Its place in the order; absent: the last." }),
  }),
});
const UpdateInput = builder.inputType("ResponseRuleUpdateInput", {
  description: "What to change; what is absent stays.",
  fields: (t) => ({
    name: t.string({ description: "1 to 200 characters, unique." }),
    mode: t.field({ type: RuleModeEnum, description: "ACTIVE promotes a rule on trial." }),
    conditions: t.field({ type: ConditionsInput, description: "Replaces all conditions." }),
    actions: t.field({ type: [ActionInput], description: "Replaces all actions." }),
    coolDown: t.field({ type: "Duration", description: "In which it acts once per target, to P30D." }),
    position: t.int({ description: "Its place in the order." }),
    expectedRevision: t.int({ description: "The revision you saw: refuses to act on a stale view." }),
  }),
});

type Changed = Outcome<{ id: string }>;

function payload(name: string) {
  return builder.objectRef<Changed>(name).implement({
    description: "The response rule after the change, or why nothing was changed.",
    fields: (t) => ({
      responseRule: t.prismaField({
        type: ResponseRule,
        nullable: true,
        description: "As it is now; null when it was removed or there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).responseRule.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

interface Given {
  conditions?: object | null | undefined;
  actions?: readonly { type: string; ttl?: string | null | undefined }[] | null | undefined;
  coolDown?: string | null | undefined;
}

/** As `respond/rule.ts` checks it: without nulls, times in seconds. */
function read({ conditions, actions, coolDown }: Given) {
  return {
    ...(conditions ? { conditions: dropNulls(conditions) } : {}),
    ...(actions
      ? {
          actions: actions.map(({ ttl, ...rest }) =>
            dropNulls({ ...rest, ttlS: ttl ? milliseconds(ttl) / 1000 : null }),
          ),
        }
      : {}),
    ...(coolDown ? { coolDownS: milliseconds(coolDown) / 1000 } : {}),
  };
}

function dropNulls(value: object): object {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one != null)
      .map(([key, one]) => [key, typeof one === "object" && !Array.isArray(one) ? dropNulls(one as object) : one]),
  );
}

function changing(context: Context, action: string, detail: object, work: (tx: Tx, now: number) => Promise<string>) {
  return attempt(() =>
    context.services.change(viewerOf(context).organizationId, async (tx) => {
      const id = await work(tx, context.services.now());
      await audit(tx, { actor: auditActorOf(context), action, entityKind: "ResponseRule", entityId: id, detail });
      return { id };
    }),
  );
}

const CreatePayload = payload("ResponseRuleCreatePayload");
const UpdatePayload = payload("ResponseRuleUpdatePayload");
const DeletePayload = payload("ResponseRuleDeletePayload");
const RestorePayload = payload("ResponseRuleRestorePayload");

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: ResponseRule, description: "The response rule." });
  return {
    responseRuleCreate: t.field({
      ...guard,
      type: CreatePayload,
      description: "Makes a response rule. It is on trial (MONITOR) unless told.",
      args: { input: t.arg({ type: CreateInput, required: true, description: "Which." }) },
      resolve: (_parent, { input }, context) => {
        const { name, mode, position } = input;
        const given = { name, mode: mode ?? undefined, position: position ?? undefined, ...read(input) };
        return changing(context, "RESPONSE_RULE_CREATED", given, (tx, now) =>
          createRule(tx, given, { author: actorOf(context), now }),
        );
      },
    }),
    responseRuleUpdate: t.field({
      ...guard,
      type: UpdatePayload,
      description: "Changes a response rule.",
      args: { id, input: t.arg({ type: UpdateInput, required: true, description: "What." }) },
      resolve: (_parent, { id: { id }, input }, context) => {
        const { name, mode, position, expectedRevision } = input;
        const given = {
          name: name ?? undefined,
          mode: mode ?? undefined,
          position: position ?? undefined,
          ...read(input),
        };
        return changing(context, "RESPONSE_RULE_CHANGED", given, async (tx, now) => {
          rowKey(id, context);
          await updateRule(
            tx,
            { ...given, id, expectedRevision: expectedRevision ?? undefined },
            { author: actorOf(context), now },
          );
          return id;
        });
      },
    }),
    responseRuleRestore: t.field({
      ...guard,
      type: RestorePayload,
      description: "Puts back what a response rule was after an earlier change, as a new revision.",
      args: { id, revision: t.arg.int({ required: true, description: "Which of its revisions." }) },
      resolve: (_parent, { id: { id }, revision }, context) =>
        changing(context, "RESPONSE_RULE_RESTORED", { revision }, async (tx, now) => {
          rowKey(id, context);
          await restoreRule(tx, { id, revision }, { author: actorOf(context), now });
          return id;
        }),
    }),
    responseRuleDelete: t.field({
      ...guard,
      type: DeletePayload,
      description: "Removes a response rule; what it did stays done. One that came with Vigil does not come back.",
      args: { id },
      resolve: (_parent, { id: { id } }, context) =>
        changing(context, "RESPONSE_RULE_DELETED", {}, async (tx) => {
          rowKey(id, context);
          await deleteRule(tx, id);
          return id;
        }),
    }),
  };
});
