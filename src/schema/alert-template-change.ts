import { audit } from "../access/audit.ts";
import { createTemplate, deleteTemplate, type TemplateDraft, updateTemplate } from "../alert/template-change.ts";
import type { Tx } from "../db.ts";
import { AlertTemplate } from "./alert-template.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { AlertKindEnum, ChannelKindEnum } from "./enums.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

function payload(name: string) {
  return builder.objectRef<Outcome<string>>(name).implement({
    description: "The template after the change, or why nothing was changed.",
    fields: (t) => ({
      alertTemplate: t.prismaField({
        type: AlertTemplate,
        nullable: true,
        description: "As it is now; null when it is gone or there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).alertTemplate.findUnique({ ...query, where: rowKey(value, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed, with line and column where it is the language's.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

/** The audit entry names what was changed, not the words. */
function change(context: Context, action: string, names: string[], work: (tx: Tx, now: number) => Promise<string>) {
  return attempt(() =>
    context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
      const entityId = await work(tx, context.services.now());
      const entry = { actor: auditActorOf(context), action, entityKind: "AlertTemplate", entityId };
      await audit(tx, { ...entry, detail: { fields: names } });
      return entityId;
    }),
  );
}

const CreateInput = builder.inputType("AlertTemplateCreateInput", {
  description: "A new template, in Liquid; `alertModel` says what it may use.",
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 100 characters; the same for its other kinds and languages." }),
    channelKind: t.field({ type: ChannelKindEnum, required: true, description: "For which kind of channel." }),
    alertKind: t.field({ type: AlertKindEnum, description: "For which kind of alert; absent: every other." }),
    locale: t.string({ description: "Its language, e.g. de-AT. Default: en." }),
    subject: t.string({ description: "The subject line; absent: the text's first line." }),
    body: t.string({ required: true, description: "The text, up to 20,000 characters." }),
    html: t.string({ description: "The HTML part of an e-mail." }),
  }),
});

const UpdateInput = builder.inputType("AlertTemplateUpdateInput", {
  description: "What changes; null takes a subject or an HTML part away.",
  fields: (t) => ({
    name: t.string({ description: "1 to 100 characters." }),
    subject: t.string({ description: "The subject line." }),
    body: t.string({ description: "The text." }),
    html: t.string({ description: "The HTML part of an e-mail." }),
  }),
});

const guard = { authScopes: { permission: "alertSettings.write" as const } };
const which = "Which.";

builder.mutationFields((t) => ({
  alertTemplateCreate: t.field({
    ...guard,
    type: payload("AlertTemplateCreatePayload"),
    description: "Makes a wording of alerts. Errors: BAD_USER_INPUT (with the place), CONFLICT.",
    args: { input: t.arg({ type: CreateInput, required: true, description: "The template." }) },
    resolve: (_parent, { input }, context) => {
      const { name, channelKind, body } = input;
      const draft: TemplateDraft = {
        name,
        channelKind,
        body,
        alertKind: input.alertKind ?? null,
        locale: input.locale ?? "en",
        subject: input.subject ?? null,
        html: input.html ?? null,
      };
      return change(context, "ALERT_TEMPLATE_CREATED", Object.keys(input), (tx, now) => createTemplate(tx, draft, now));
    },
  }),
  alertTemplateUpdate: t.field({
    ...guard,
    type: payload("AlertTemplateUpdatePayload"),
    description: "Changes a wording of alerts. Errors: NOT_FOUND, CONFLICT, BAD_USER_INPUT.",
    args: {
      id: t.arg.globalID({ required: true, for: AlertTemplate, description: which }),
      input: t.arg({ type: UpdateInput, required: true, description: "What changes." }),
      expectedRevision: t.arg.int({ description: "Refuses when somebody has changed it since." }),
    },
    resolve: (_parent, { id: { id }, input, expectedRevision }, context) =>
      change(context, "ALERT_TEMPLATE_UPDATED", Object.keys(input), async (tx, now) => {
        rowKey(id, context);
        const { name, subject, body, html } = input;
        const parts = {
          ...(name == null ? {} : { name }),
          ...(body == null ? {} : { body }),
          ...(subject === undefined ? {} : { subject }),
          ...(html === undefined ? {} : { html }),
        };
        await updateTemplate(tx, { id, parts, now, expectedRevision: expectedRevision ?? undefined });
        return id;
      }),
  }),
  alertTemplateDelete: t.field({
    ...guard,
    type: payload("AlertTemplateDeletePayload"),
    description: "Deletes a wording of alerts. Errors: NOT_FOUND, CONFLICT (a route uses it).",
    args: { id: t.arg.globalID({ required: true, for: AlertTemplate, description: which }) },
    resolve: (_parent, { id: { id } }, context) =>
      change(context, "ALERT_TEMPLATE_DELETED", [], async (tx) => {
        rowKey(id, context);
        await deleteTemplate(tx, id);
        return id;
      }),
  }),
}));
