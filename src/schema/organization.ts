import { changeOrganization } from "../access/organization.ts";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { auditActorOf, prismaOf, viewerOf } from "./context.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const Organization = builder.prismaObject("Organization", {
  authScopes: { signedIn: true },
  fields: (t) => ({
    id: t.exposeID("id", { description: "The organization's id." }),
    slug: t.exposeString("slug", { description: "Short name used in commands and tokens." }),
    name: t.exposeString("name", { description: "Its name, for people." }),
    sessionIdleMinutes: t.exposeInt("sessionIdleMinutes"),
    secondFactorRequired: t.exposeBoolean("secondFactorRequired"),
    timeZone: t.exposeString("timeZone"),
  }),
});

builder.queryField("organization", (t) =>
  t.prismaField({
    type: Organization,
    description: "The organization of whoever asks.",
    authScopes: { signedIn: true },
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).organization.findUniqueOrThrow({ ...query, where: { id: viewerOf(context).organizationId } }),
  }),
);

const UpdateInput = builder.inputType("OrganizationUpdateInput", {
  description: "What to change; what is absent stays.",
  fields: (t) => ({
    name: t.string({ description: "Its name, for people." }),
    sessionIdleMinutes: t.int({ description: "After how many minutes without a request a session ends: 2 to 60." }),
    secondFactorRequired: t.boolean({
      description: "Whether administrators, and whoever reads PHI, must have given a second factor.",
    }),
    timeZone: t.string({
      description: "IANA time zone, e.g. `America/Chicago`: when days and working hours begin. From the next event on.",
    }),
  }),
});

const UpdatePayload = builder.objectRef<Outcome<string>>("OrganizationUpdatePayload").implement({
  description: "The organization after the change, or why nothing was changed.",
  fields: (t) => ({
    organization: t.prismaField({
      type: Organization,
      nullable: true,
      description: "The organization as it is now; null when there are user errors.",
      resolve: (query, { value }, _args, context) =>
        value ? prismaOf(context).organization.findUnique({ ...query, where: { id: value } }) : null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was changed.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("organizationUpdate", (t) =>
  t.field({
    type: UpdatePayload,
    description: "Changes the organization's name and settings.",
    authScopes: { permission: "organization.write" },
    args: { input: t.arg({ type: UpdateInput, required: true, description: "What to change." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        const { organizationId } = viewerOf(context);
        const { sessionId, secondFactor } = viewerOf(context);
        if (input.secondFactorRequired && sessionId !== undefined && secondFactor !== "GIVEN") {
          const message = "Give your own second factor first (totpEnroll, totpVerify), or you would be locked out";
          throw new VigilError("CONFLICT", message, { path: ["secondFactorRequired"] });
        }
        const change = {
          name: input.name ?? undefined,
          sessionIdleMinutes: input.sessionIdleMinutes ?? undefined,
          secondFactorRequired: input.secondFactorRequired ?? undefined,
          timeZone: input.timeZone ?? undefined,
        };
        await context.services.change(organizationId, (tx) => changeOrganization(tx, change, auditActorOf(context)));
        return organizationId;
      }),
  }),
);
