import { createApiKey, revokeApiKey } from "../access/api-keys.ts";
import { builder } from "./builder.ts";
import { auditActorOf, prismaOf, viewerOf } from "./context.ts";
import { KeyRoleEnum, RoleEnum } from "./enums.ts";
import * as filters from "./filter.ts";
import { listOf } from "./list.ts";
import { orderInput, paged, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

export const ApiKey = builder.prismaNode("ApiKey", {
  id: { resolve: (key) => key.id, description: "The key's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "apiKey.read" },
  fields: (t) => ({
    name: t.exposeString("name", { description: "What it is for." }),
    role: t.expose("role", { type: RoleEnum, description: "What the program is." }),
    scopes: t.exposeStringList("scopes"),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", nullable: true, description: "When it ends; null: never." }),
    revokedAt: t.expose("revokedAt", { type: "DateTime", nullable: true, description: "When it was revoked." }),
    lastUsedAt: t.expose("lastUsedAt", {
      type: "DateTime",
      nullable: true,
      description: "Its last request, to the minute; null: none was ever made.",
    }),
  }),
});

const Filter = filters.filterInput("ApiKey", {
  id: [filters.IdFilter, "The key's id."],
  name: [filters.StringFilter, "What it is for."],
  role: [filters.enumFilter("ApiKeyRoleFilter", RoleEnum), "What the program is."],
  createdAt: [filters.DateTimeFilter, "When it was made."],
  expiresAt: [filters.DateTimeFilter, "When it ends."],
  revokedAt: [filters.DateTimeFilter, "When it was revoked."],
  lastUsedAt: [filters.DateTimeFilter, "Its last request."],
});

const Order = orderInput("ApiKey", {
  NAME: ["name", "What it is for."],
  CREATED_AT: ["createdAt", "When it was made."],
});

const list = listOf("ApiKey", "api_keys", { field: "createdAt", direction: "desc" });

builder.queryField("apiKeys", (t) =>
  t.prismaConnection({
    ...paged,
    type: ApiKey,
    description: "The organization's API keys, the newest first; revoked ones too.",
    authScopes: { permission: "apiKey.read" },
    args: {
      filter: t.arg({ type: Filter, description: "Which." }),
      orderBy: t.arg({ type: [Order], description: "In which order." }),
    },
    totalCount: (_parent, { filter }, context) => list.count(context, filter),
    resolve: (query, _parent, asked, context) =>
      list.page(context, query, asked, (rows) => prismaOf(context).apiKey.findMany(rows)),
  }),
);

type Changed = Outcome<{ id: string; secret?: string }>;

function payload(name: string, description: string) {
  return builder.objectRef<Changed>(name).implement({
    description,
    fields: (t) => ({
      apiKey: t.prismaField({
        type: ApiKey,
        nullable: true,
        description: "The key as it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).apiKey.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const CreateInput = builder.inputType("ApiKeyCreateInput", {
  description: "A new API key.",
  fields: (t) => ({
    name: t.string({ required: true, description: "What it is for." }),
    role: t.field({ type: KeyRoleEnum, required: true, description: "What the program is." }),
    scopes: t.stringList({
      description: "The only permissions of its role that it gets; absent or empty: all of them.",
    }),
    expiresAt: t.field({ type: "DateTime", description: "When it ends; absent: when it is revoked." }),
  }),
});

const CreatePayload = payload("ApiKeyCreatePayload", "The new key, or why there is none.");
builder.objectField(CreatePayload, "secret", (t) =>
  t.string({
    nullable: true,
    description: "What the program sends as `Authorization: Bearer …`. Shown this once: only a hash of it is stored.",
    resolve: ({ value }) => value?.secret ?? null,
  }),
);
builder.mutationField("apiKeyCreate", (t) =>
  t.field({
    type: CreatePayload,
    description: "Makes an API key for a program.",
    authScopes: { permission: "apiKey.write" },
    args: { input: t.arg({ type: CreateInput, required: true, description: "Which." }) },
    resolve: (_parent, { input }, context) =>
      attempt(() => {
        const key = {
          name: input.name,
          role: input.role,
          scopes: input.scopes ?? [],
          ...(input.expiresAt ? { expiresAt: input.expiresAt.getTime() } : {}),
          actor: auditActorOf(context),
          now: context.services.now(),
        };
        return context.services.change(viewerOf(context).organizationId, (tx) => createApiKey(tx, key));
      }),
  }),
);

const RevokePayload = payload("ApiKeyRevokePayload", "The revoked key, or why nothing was changed.");
builder.mutationField("apiKeyRevoke", (t) =>
  t.field({
    type: RevokePayload,
    description: "Ends an API key within 5 seconds on every server, for good.",
    authScopes: { permission: "apiKey.write" },
    args: { id: t.arg.globalID({ required: true, for: ApiKey, description: "The key." }) },
    resolve: (_parent, { id }, context) =>
      attempt(async () => {
        const [actor, now] = [auditActorOf(context), context.services.now()];
        await context.services.change(viewerOf(context).organizationId, (tx) => revokeApiKey(tx, id.id, actor, now));
        return { id: id.id };
      }),
  }),
);
