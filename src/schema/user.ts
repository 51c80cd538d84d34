import { createSignInLink } from "../access/sign-in.ts";
import { changeUser, createUser, type UserChange } from "../access/user-change.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { PeopleRoleEnum, RoleEnum } from "./enums.ts";
import * as filters from "./filter.ts";
import { listOf } from "./list.ts";
import { orderInput, paged, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

export const User = builder.prismaNode("User", {
  id: { resolve: (user) => user.id, description: "The user's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "user.read" },
  fields: (t) => ({
    email: t.exposeString("email", { description: "The user's e-mail address, in lower case." }),
    name: t.exposeString("name", { description: "Their name." }),
    role: t.expose("role", { type: RoleEnum, description: "What they are." }),
    suspendedAt: t.expose("suspendedAt", { type: "DateTime", nullable: true }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the user was made." }),
    lastSeenAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "The last request of a session, to the minute; null: none in the last 90 days.",
      select: { sessions: { select: { lastUsedAt: true }, orderBy: { lastUsedAt: "desc" }, take: 1 } },
      resolve: ({ sessions }) => sessions[0]?.lastUsedAt ?? null,
    }),
    hasSecondFactor: t.boolean({
      description: "Whether they have set an authenticator up.",
      select: { secondFactor: { select: { confirmedAt: true } } },
      resolve: ({ secondFactor }) => secondFactor?.confirmedAt != null,
    }),
  }),
});

const Filter = filters.filterInput("User", {
  id: [filters.IdFilter, "The user's id."],
  email: [filters.StringFilter, "Their e-mail address."],
  name: [filters.StringFilter, "Their name."],
  role: [filters.enumFilter("RoleFilter", RoleEnum), "What they are."],
  suspendedAt: [filters.DateTimeFilter, "When they were suspended."],
  createdAt: [filters.DateTimeFilter, "When they were made."],
});

const Order = orderInput("User", {
  EMAIL: ["email", "Their e-mail address."],
  NAME: ["name", "Their name."],
  CREATED_AT: ["createdAt", "When they were made."],
});

const list = listOf("User", "users", { field: "createdAt", direction: "desc" });

builder.queryField("users", (t) =>
  t.prismaConnection({
    ...paged,
    type: User,
    description: "The organization's people, the newest first.",
    authScopes: { permission: "user.read" },
    args: {
      filter: t.arg({ type: Filter, description: "Which." }),
      orderBy: t.arg({ type: [Order], description: "In which order." }),
    },
    totalCount: (_parent, { filter }, context) => list.count(context, filter),
    resolve: (query, _parent, asked, context) =>
      list.page(context, query, asked, (rows) => prismaOf(context).user.findMany(rows)),
  }),
);

type Changed = Outcome<{ id: string; signInLink?: string }>;

function payload(name: string, description: string) {
  return builder.objectRef<Changed>(name).implement({
    description,
    fields: (t) => ({
      user: t.prismaField({
        type: User,
        nullable: true,
        description: "The user as they are now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).user.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const CreateInput = builder.inputType("UserCreateInput", {
  description: "A new user.",
  fields: (t) => ({
    email: t.string({ required: true, description: "Their e-mail address, which no other user may have." }),
    name: t.string({ required: true, description: "Their name." }),
    role: t.field({ type: PeopleRoleEnum, required: true, description: "What they may do." }),
  }),
});

const CreatePayload = payload("UserCreatePayload", "The new user, or why there is none.");
builder.objectField(CreatePayload, "signInLink", (t) =>
  t.string({
    nullable: true,
    description: "The path of a link that signs the new user in once, within 24 hours. Shown this once: pass it on.",
    resolve: ({ value }) => value?.signInLink ?? null,
  }),
);
builder.mutationField("userCreate", (t) =>
  t.field({
    type: CreatePayload,
    description: "Makes a user.",
    authScopes: { permission: "user.write" },
    args: { input: t.arg({ type: CreateInput, required: true, description: "Who." }) },
    resolve: (_parent, { input }, context) =>
      attempt(() =>
        context.services.change(viewerOf(context).organizationId, async (tx) => {
          const by = { actor: auditActorOf(context), now: context.services.now() };
          const id = await createUser(tx, input, by);
          const secret = await createSignInLink(tx, { userId: id, ...by });
          return { id, signInLink: `/sign-in?token=${secret}` };
        }),
      ),
  }),
);

function change(context: Context, id: string, what: UserChange): Promise<Changed> {
  return attempt(async () => {
    const by = { actor: auditActorOf(context), now: context.services.now() };
    await context.services.change(viewerOf(context).organizationId, (tx) => changeUser(tx, id, what, by));
    return { id };
  });
}

const UpdateInput = builder.inputType("UserUpdateInput", {
  description: "What to change; what is absent stays.",
  fields: (t) => ({
    name: t.string({ description: "Their name." }),
    role: t.field({ type: PeopleRoleEnum, description: "What they may do, from within 5 seconds on." }),
    suspended: t.boolean({ description: "True shuts them out within 5 seconds; false lets them sign in again." }),
  }),
});

const UpdatePayload = payload("UserUpdatePayload", "The user after the change, or why nothing was changed.");
builder.mutationField("userUpdate", (t) =>
  t.field({
    type: UpdatePayload,
    description: "Changes a user. The last administrator stays one.",
    authScopes: { permission: "user.write" },
    args: {
      id: t.arg.globalID({ required: true, for: User, description: "The user." }),
      input: t.arg({ type: UpdateInput, required: true, description: "What to change." }),
    },
    resolve: (_parent, { id, input }, context) =>
      change(context, id.id, {
        name: input.name ?? undefined,
        role: input.role ?? undefined,
        suspended: input.suspended ?? undefined,
      }),
  }),
);

const SuspendPayload = payload("UserSuspendPayload", "The suspended user, or why nothing was changed.");
builder.mutationField("userSuspend", (t) =>
  t.field({
    type: SuspendPayload,
    description:
      "Shuts a user out, live sockets included, within 5 seconds on every server. `userUpdate` undoes it. API keys are the organization's: revoke those that the user knows.",
    authScopes: { permission: "user.write" },
    args: { id: t.arg.globalID({ required: true, for: User, description: "The user." }) },
    resolve: (_parent, { id }, context) => change(context, id.id, { suspended: true }),
  }),
);
