import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { createWebhook, deleteWebhook, updateWebhook } from "../respond/webhooks.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const guard = { authScopes: { permission: "alertSettings.write" as const } };

export const ResponseWebhook = builder.prismaNode("ResponseWebhook", {
  id: { resolve: (webhook) => webhook.id, description: "The response webhook's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "respond.read" },
  fields: (t) => ({
    name: t.exposeString("name", { description: "By which response rules and `incidentRespond` name it." }),
    url: t.exposeString("url", { authScopes: { permission: "alertSettings.read" }, description: "Where it is." }),
    needsApproval: t.exposeBoolean("needsApproval", {
      description: "Whether a second person has to approve each call.",
    }),
    coveredByBaa: t.exposeBoolean("coveredByBaa", {
      description: "Whether a business associate agreement covers it, so that calls may name people and patients.",
    }),
    revision: t.exposeInt("revision", { description: "Grows by one with every change." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it last changed." }),
  }),
});

builder.queryField("responseWebhooks", (t) =>
  t.prismaField({
    type: [ResponseWebhook],
    description: "The systems of the organization's own that responses may call, by name.",
    authScopes: { permission: "respond.read" },
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).responseWebhook.findMany({
        ...query,
        where: { organizationId: viewerOf(context).organizationId },
        orderBy: { name: "asc" },
      }),
  }),
);

const CreateInput = builder.inputType("ResponseWebhookCreateInput", {
  description: "A system that responses may call.",
  fields: (t) => ({
    name: t.string({
      required: true,
      description: "1 to 100 letters, digits, spaces, dots, dashes; it does not change.",
    }),
    url: t.string({ required: true, description: "https://, at a public address." }),
    secret: t.string({ description: "whsec_… or whsk_…; absent: Vigil makes one, and shows it once." }),
    needsApproval: t.boolean({ description: "A second person has to approve each call; false unless told." }),
    coveredByBaa: t.boolean({ description: "Calls may name people and patients; false unless told." }),
  }),
});
const UpdateInput = builder.inputType("ResponseWebhookUpdateInput", {
  description: "What to change; what is absent stays.",
  fields: (t) => ({
    url: t.string({ description: "https://, at a public address." }),
    secret: t.string({ description: "A new secret; the former one signs beside it for a day." }),
    rotateSecret: t.boolean({
      description: "Has Vigil make a new secret, shown once; the former one signs for a day.",
    }),
    needsApproval: t.boolean({ description: "A second person has to approve each call." }),
    coveredByBaa: t.boolean({ description: "Calls may name people and patients." }),
    expectedRevision: t.int({ description: "The revision you saw: refuses to act on a stale view." }),
  }),
});

type Changed = Outcome<{ id: string; secret: string | null }>;

function payload(name: string, shows: "secret" | "nothing") {
  return builder.objectRef<Changed>(name).implement({
    description: "The response webhook after the change, or why nothing was changed.",
    fields: (t) => ({
      responseWebhook: t.prismaField({
        type: ResponseWebhook,
        nullable: true,
        description: "As it is now; null when it was removed or there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).responseWebhook.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
      ...(shows === "secret"
        ? {
            secret: t.string({
              nullable: true,
              description: "The secret that Vigil made, this once; null: it made none.",
              resolve: ({ value }) => value?.secret ?? null,
            }),
          }
        : {}),
    }),
  });
}

const CreatePayload = payload("ResponseWebhookCreatePayload", "secret");
const UpdatePayload = payload("ResponseWebhookUpdatePayload", "secret");
const DeletePayload = payload("ResponseWebhookDeletePayload", "nothing");

/** Names of what was given, for the audit log: values may be secrets. */
const namesOf = (input: object): string[] =>
  Object.entries(input).flatMap(([name, value]) => (value == null ? [] : [name]));

function changing(
  context: Context,
  { action, detail }: { action: string; detail: object },
  work: (tx: Tx, needs: Parameters<typeof createWebhook>[1]) => Promise<{ id: string; secret: string | null }>,
) {
  const { change, vault, allowPrivateWebhooks: allowPrivate, now } = context.services;
  return attempt(() =>
    change(viewerOf(context).organizationId, async (tx) => {
      const done = await work(tx, { vault, allowPrivate, now: now() });
      const entry = { actor: auditActorOf(context), action, entityKind: "ResponseWebhook", entityId: done.id, detail };
      await audit(tx, entry);
      return done;
    }),
  );
}

const given = (input: {
  secret?: string | null | undefined;
  needsApproval?: boolean | null | undefined;
  coveredByBaa?: boolean | null | undefined;
}) => ({
  secret: input.secret ?? undefined,
  needsApproval: input.needsApproval ?? undefined,
  coveredByBaa: input.coveredByBaa ?? undefined,
});

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: ResponseWebhook, description: "The response webhook." });
  return {
    responseWebhookCreate: t.field({
      ...guard,
      type: CreatePayload,
      description: "Makes a system of the organization's own one that responses may call (CALL_WEBHOOK).",
      args: { input: t.arg({ type: CreateInput, required: true, description: "Which." }) },
      resolve: (_parent, { input }, context) => {
        const { name, url } = input;
        const about = { action: "RESPONSE_WEBHOOK_CREATED", detail: { name, given: namesOf(input) } };
        return changing(context, about, (tx, needs) => createWebhook(tx, needs, { ...given(input), name, url }));
      },
    }),
    responseWebhookUpdate: t.field({
      ...guard,
      type: UpdatePayload,
      description: "Changes where it is, its secret, or what it may be told.",
      args: { id, input: t.arg({ type: UpdateInput, required: true, description: "What." }) },
      resolve: (_parent, { id: { id }, input }, context) => {
        const { url, rotateSecret, expectedRevision } = input;
        const more = {
          url: url ?? undefined,
          rotate: rotateSecret ?? false,
          expectedRevision: expectedRevision ?? undefined,
        };
        const about = { action: "RESPONSE_WEBHOOK_CHANGED", detail: { given: namesOf(input) } };
        return changing(context, about, (tx, needs) => {
          rowKey(id, context);
          return updateWebhook(tx, needs, { ...given(input), ...more, id });
        });
      },
    }),
    responseWebhookDelete: t.field({
      ...guard,
      type: DeletePayload,
      description: "Removes it; calls that still wait fail. Refused while a response rule names it.",
      args: { id },
      resolve: (_parent, { id: { id } }, context) =>
        changing(context, { action: "RESPONSE_WEBHOOK_DELETED", detail: {} }, async (tx) => {
          rowKey(id, context);
          await deleteWebhook(tx, id);
          return { id, secret: null };
        }),
    }),
  };
});
