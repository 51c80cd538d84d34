import { may, permissions } from "../access/permissions.ts";
import type { Viewer } from "../access/viewer.ts";
import { builder } from "./builder.ts";
import { prismaOf, viewerOf } from "./context.ts";
import { RoleEnum, SecondFactorStateEnum, ViewerKindEnum } from "./enums.ts";

export const ViewerType = builder.objectRef<Viewer>("Viewer").implement({
  description: "Whoever sends this request.",
  authScopes: { signedIn: true },
  fields: (t) => ({
    name: t.exposeString("name", { description: "The user's e-mail address or the API key's name." }),
    kind: t.field({ type: ViewerKindEnum, description: "A person or a program.", resolve: (viewer) => viewer.kind }),
    role: t.field({ type: RoleEnum, description: "What they are.", resolve: (viewer) => viewer.role }),
    permissions: t.stringList({
      description: "What they may do, e.g. `incident.write`.",
      resolve: (viewer) => permissions.filter((permission) => may(viewer, permission)),
    }),
    secondFactor: t.field({
      type: SecondFactorStateEnum,
      description: "Whether a second factor was given, or is asked for.",
      resolve: ({ secondFactor }) => secondFactor ?? "NOT_ASKED",
    }),
    expiresAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When the credential ends; null: never.",
      resolve: ({ expiresAt }) => (expiresAt === undefined ? null : new Date(expiresAt)),
    }),
    organization: t.prismaField({
      type: "Organization",
      description: "Where they belong: all they can see is in it.",
      resolve: (query, viewer, _args, context) =>
        prismaOf(context).organization.findUniqueOrThrow({ ...query, where: { id: viewer.organizationId } }),
    }),
  }),
});

builder.queryField("viewer", (t) =>
  t.field({
    type: ViewerType,
    description: "Who is asking.",
    authScopes: { signedIn: true },
    resolve: (_parent, _args, context) => viewerOf(context),
  }),
);
