import { audit } from "../access/audit.ts";
import { updatePrivacy } from "../ingest/privacy-settings.ts";
import { builder } from "./builder.ts";
import { auditActorOf, prismaOf, viewerOf } from "./context.ts";
import { PhiFieldsEnum, UnknownFieldsEnum } from "./enums.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const settled = { authScopes: { settled: true } };

builder.prismaObjectFields("Organization", (t) => ({
  unknownFields: t.expose("unknownFields", { ...settled, type: UnknownFieldsEnum }),
  phiFields: t.expose("phiFields", { ...settled, type: PhiFieldsEnum }),
  allowedAttributes: t.exposeStringList("allowedAttributes", settled),
}));

const Input = builder.inputType("OrganizationPrivacyUpdateInput", {
  description: "What the organization stores in clear. What is not given stays as it is.",
  fields: (t) => ({
    unknownFields: t.field({ type: UnknownFieldsEnum, description: "What becomes of attributes not allowed." }),
    phiFields: t.field({ type: PhiFieldsEnum, description: "Which events have their PHI fields sealed." }),
    allowedAttributes: t.stringList({
      description: "Attributes stored in clear, by name, unless an identifier is found in them. Replaces the list.",
    }),
  }),
});

const Payload = builder.objectRef<Outcome<{ organizationId: string }>>("OrganizationPrivacyUpdatePayload").implement({
  description: "What became of a change of the privacy settings.",
  fields: (t) => ({
    organization: t.prismaField({
      type: "Organization",
      nullable: true,
      description: "The organization as it is now.",
      resolve: (query, { value }, _args, context) =>
        value ? prismaOf(context).organization.findUnique({ ...query, where: { id: value.organizationId } }) : null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was done.",
      resolve: (result) => result.userErrors,
    }),
  }),
});

builder.mutationField("organizationPrivacyUpdate", (t) =>
  t.field({
    type: Payload,
    description: "Changes what of the events to come is stored in clear; events that are stored stay as they are.",
    authScopes: { permission: "privacy.write" },
    args: { input: t.arg({ type: Input, required: true, description: "The settings." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        const { organizationId } = viewerOf(context);
        const { unknownFields, phiFields, allowedAttributes } = input;
        const change = {
          ...(unknownFields ? { unknownFields } : {}),
          ...(phiFields ? { phiFields } : {}),
          ...(allowedAttributes ? { allowedAttributes } : {}),
        };
        await context.services.change(organizationId, async (tx) => {
          await updatePrivacy(tx, change);
          await audit(tx, {
            actor: auditActorOf(context),
            action: "ORGANIZATION_PRIVACY_UPDATED",
            entityKind: "Organization",
            entityId: organizationId,
            detail: change,
          });
        });
        return { organizationId };
      }),
  }),
);
