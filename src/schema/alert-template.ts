import { modelFields } from "../alert/model.ts";
import { previewTemplate } from "../alert/template-preview.ts";
import { builder } from "./builder.ts";
import { prismaOf, viewerOf } from "./context.ts";
import { AlertKindEnum, ChannelKindEnum } from "./enums.ts";
import { Incident } from "./incident.ts";
import { listOf } from "./list.ts";
import { paged, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { mayReadPatients, patientsAmong } from "./phi.ts";

export const AlertTemplate = builder.prismaNode("AlertTemplate", {
  id: { resolve: (template) => template.id, description: "The template's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "alertSettings.read" },
  fields: (t) => ({
    name: t.exposeString("name", { description: "Routes use it by this name." }),
    channelKind: t.expose("channelKind", { type: ChannelKindEnum, description: "For which kind of channel." }),
    alertKind: t.expose("alertKind", {
      type: AlertKindEnum,
      nullable: true,
      description: "For which kind of alert; null: every kind that has none of its own.",
    }),
    locale: t.exposeString("locale", { description: "Its language, e.g. en or de-AT." }),
    subject: t.exposeString("subject", { nullable: true, description: "The subject line, in Liquid." }),
    body: t.exposeString("body", { description: "The text, in Liquid." }),
    html: t.exposeString("html", { nullable: true, description: "The HTML part, in Liquid; null: none." }),
    revision: t.exposeInt("revision", { description: "Grows with every change." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it was last changed." }),
  }),
});

const list = listOf("AlertTemplate", "alert_templates", { field: "createdAt", direction: "desc" });

builder.queryField("alertTemplates", (t) =>
  t.prismaConnection({
    ...paged,
    type: AlertTemplate,
    description: "The organization's own wordings of alerts, the latest first.",
    authScopes: { permission: "alertSettings.read" },
    totalCount: (_parent, _args, context) => list.count(context, undefined),
    resolve: (query, _parent, _args, context) =>
      list.page(context, query, {}, (rows) => prismaOf(context).alertTemplate.findMany(rows)),
  }),
);

const FieldType = builder.objectRef<{ path: string; does: string; fieldClass: string }>("AlertModelField").implement({
  description: "A variable that templates may use.",
  fields: (t) => ({
    path: t.exposeString("path", { description: "Its name; `[]` stands for each item of a list." }),
    does: t.exposeString("does", { description: "What it says." }),
    fieldClass: t.exposeString("fieldClass", {
      description: "SAFE; or PII, PHI: withheld on channels without a business associate agreement.",
    }),
  }),
});

builder.queryField("alertModel", (t) =>
  t.field({
    type: [FieldType],
    description: "Everything that templates may use.",
    authScopes: { permission: "alertSettings.read" },
    resolve: () => Object.entries(modelFields).map(([path, one]) => ({ path, does: one.does, fieldClass: one.class })),
  }),
);

interface Preview {
  carries: string;
  subject: string;
  text: string;
  html: string | null;
}

const PreviewType = builder.objectRef<Outcome<Preview>>("AlertTemplatePreview").implement({
  description: "What comes of a template, or why nothing does.",
  fields: (t) => ({
    carries: t.string({ nullable: true, description: "SAFE, PII or PHI.", resolve: ({ value }) => value?.carries }),
    subject: t.string({ nullable: true, description: "The subject line.", resolve: ({ value }) => value?.subject }),
    text: t.string({ nullable: true, description: "The text.", resolve: ({ value }) => value?.text }),
    html: t.string({ nullable: true, description: "The HTML part.", resolve: ({ value }) => value?.html }),
    userErrors: t.field({ type: [UserErrorType], description: "What is wrong.", resolve: (it) => it.userErrors }),
  }),
});

builder.queryField("alertTemplatePreview", (t) =>
  t.field({
    type: PreviewType,
    description: "Words an incident, or the documented example, by a template that need not be stored.",
    authScopes: { permission: "alertSettings.read" },
    args: {
      subject: t.arg.string({ description: "The subject line." }),
      body: t.arg.string({ required: true, description: "The text." }),
      html: t.arg.string({ description: "The HTML part." }),
      incidentId: t.arg.globalID({
        for: Incident,
        description: "Which incident, whose `url` stays empty here; absent: an example.",
      }),
      coveredByBaa: t.arg.boolean({
        description:
          "As on a channel that an agreement covers; of an incident for those only who may read patients' data. Default: false.",
      }),
    },
    resolve: (_parent, { subject, body, html, incidentId, coveredByBaa: asIfCovered }, context) =>
      attempt(async () => {
        const parts = { subject: subject ?? null, body, html: html ?? null };
        const coveredByBaa = asIfCovered === true && (!incidentId || (await mayReadPatients(context)));
        const asked = { parts, coveredByBaa, incidentId: incidentId?.id, publicUrl: undefined };
        const { organizationId } = viewerOf(context);
        const preview = await context.services.db.inOrganization(organizationId, (tx) => previewTemplate(tx, asked));
        const shown = coveredByBaa && preview.carries !== "SAFE" ? patientsAmong(preview) : [];
        for (const key of shown) context.patients?.add(key);
        return preview;
      }),
  }),
);
