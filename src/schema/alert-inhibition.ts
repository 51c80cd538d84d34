import { audit } from "../access/audit.ts";
import {
  createInhibition,
  deleteInhibition,
  type InhibitionChange,
  updateInhibition,
} from "../alert/inhibition-change.ts";
import type { Tx } from "../db.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { MatcherInput, MatcherType, matchersKey, matchersOf } from "./silence.ts";

const read = { authScopes: { permission: "alertSettings.read" as const } };
const guard = { authScopes: { permission: "alertSettings.write" as const } };

const AlertInhibition = builder.prismaNode("AlertInhibition", {
  id: { resolve: ({ id }) => id, description: "The inhibition's id." },
  description: "While an incident of the source is open, alerts about those of the target are held back.",
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  ...read,
  fields: (t) => ({
    name: t.exposeString("name", { description: "Its name, for people." }),
    source: t.field({
      type: [MatcherType],
      description: "Which incidents hold back: all must hold.",
      resolve: ({ id, source }) => matchersOf(matchersKey("inhibition", id), source),
    }),
    target: t.field({
      type: [MatcherType],
      description: "Whose alerts are held back: all must hold.",
      resolve: ({ id, target }) => matchersOf(matchersKey("inhibition", id), target),
    }),
    equal: t.exposeStringList("equal", {
      description: "What both must have the same of: RULE, SEVERITY, SUBJECT, TAG. Empty: nothing.",
    }),
    revision: t.exposeInt("revision", { description: "Grows by one with every change." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it last changed." }),
  }),
});

builder.queryField("alertInhibitions", (t) =>
  t.prismaField({
    type: [AlertInhibition],
    description: "All inhibitions, by name.",
    ...read,
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).alertInhibition.findMany({
        ...query,
        where: { organizationId: viewerOf(context).organizationId },
        orderBy: { name: "asc" },
      }),
  }),
);

function payload(name: string) {
  return builder.objectRef<Outcome<string>>(name).implement({
    description: "The inhibition after the change, or why nothing was changed.",
    fields: (t) => ({
      alertInhibition: t.prismaField({
        type: AlertInhibition,
        nullable: true,
        description: "As it is now; null when it was removed, or there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).alertInhibition.findUnique({ ...query, where: rowKey(value, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const Input = builder.inputType("AlertInhibitionInput", {
  description: "An inhibition. When one is changed, what is absent stays; a new one needs name, source and target.",
  fields: (t) => ({
    name: t.string({ description: "1 to 200 characters, unique." }),
    source: t.field({ type: [MatcherInput], description: "Which incidents hold back: all must hold, 1 to 20." }),
    target: t.field({ type: [MatcherInput], description: "Whose alerts are held back: all must hold, 1 to 20." }),
    equal: t.stringList({ description: "What both must have the same of: RULE, SEVERITY, SUBJECT, TAG." }),
    expectedRevision: t.int({ description: "The revision you saw: refuses to act on a stale view." }),
  }),
});

const given = (input: typeof Input.$inferInput): InhibitionChange => ({
  name: input.name ?? undefined,
  source: input.source ?? undefined,
  target: input.target ?? undefined,
  equal: input.equal ?? undefined,
});

function change(context: Context, action: string, detail: object, work: (tx: Tx, now: number) => Promise<string>) {
  return attempt(() =>
    context.services.change(viewerOf(context).organizationId, async (tx) => {
      const entityId = await work(tx, context.services.now());
      await audit(tx, { actor: auditActorOf(context), action, entityKind: "AlertInhibition", entityId, detail });
      return entityId;
    }),
  );
}

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: AlertInhibition, description: "The inhibition." });
  const input = t.arg({ type: Input, required: true, description: "The inhibition." });
  return {
    alertInhibitionCreate: t.field({
      ...guard,
      type: payload("AlertInhibitionCreatePayload"),
      description: "Makes an inhibition. Errors: BAD_USER_INPUT, CONFLICT.",
      args: { input },
      resolve: (_parent, { input }, context) =>
        change(context, "ALERT_INHIBITION_CREATED", given(input), (tx, now) => {
          const { name = "", source = [], target = [], ...more } = given(input);
          return createInhibition(tx, { ...more, name, source, target }, now);
        }),
    }),
    alertInhibitionUpdate: t.field({
      ...guard,
      type: payload("AlertInhibitionUpdatePayload"),
      description: "Changes an inhibition. Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT.",
      args: { id, input },
      resolve: (_parent, { id: { id }, input }, context) =>
        change(context, "ALERT_INHIBITION_CHANGED", given(input), async (tx, now) => {
          rowKey(id, context);
          const expectedRevision = input.expectedRevision ?? undefined;
          await updateInhibition(tx, { ...given(input), id, expectedRevision }, now);
          return id;
        }),
    }),
    alertInhibitionDelete: t.field({
      ...guard,
      type: payload("AlertInhibitionDeletePayload"),
      description: "Removes an inhibition; what it held back is told. Errors: NOT_FOUND.",
      args: { id },
      resolve: (_parent, { id: { id } }, context) =>
        change(context, "ALERT_INHIBITION_DELETED", {}, async (tx) => {
          rowKey(id, context);
          await deleteInhibition(tx, id);
          return id;
        }),
    }),
  };
});
