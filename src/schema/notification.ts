import { VigilError } from "../errors.ts";
import type { NotificationPriority } from "../generated/prisma/client.ts";
import { notificationKinds } from "../publish/notification-kinds.ts";
import { builder } from "./builder.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";
import { describedEnum } from "./enums.ts";
import { listOf } from "./list.ts";
import { paged, rowKey } from "./page.ts";
import { isRowId } from "./row-id.ts";

const PriorityEnum = describedEnum<NotificationPriority>("NotificationPriority", "How loudly it asks to be read.", {
  NORMAL: "When there is time.",
  HIGH: "Today.",
  CRITICAL: "Now, also in quiet hours.",
});

/** The user who asks; programs and tokens made for nobody have no notifications. */
export function userOf(context: Context): string {
  const { kind, id } = viewerOf(context);
  if (kind === "USER" && isRowId(id)) return id;
  throw new VigilError("FORBIDDEN", "Notifications are for people who sign in");
}

// The node query finds a user's own only, like the list: everybody else's id is as good as a random one.
export const Notification = builder.prismaNode("Notification", {
  id: { resolve: (notification) => notification.id, description: "The notification's id." },
  findUnique: (id, context) => ({ ...rowKey(id, context), userId: userOf(context), inApp: true }),
  nullable: true, // no such row: null, not an error
  authScopes: { settled: true },
  fields: (t) => ({
    kind: t.exposeString("kind", { description: "What it is about: `notificationPreferences` lists the kinds." }),
    priority: t.expose("priority", { type: PriorityEnum, description: "How loudly it asks to be read." }),
    title: t.exposeString("title", { description: "What it says, in a line." }),
    body: t.exposeString("body", { description: "What it says." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    readAt: t.expose("readAt", { type: "DateTime", nullable: true, description: "When it was read; null: not yet." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", nullable: true }),
    incident: t.relation("incident", { nullable: true, description: "The incident it is about." }),
  }),
});

const list = listOf("Notification", "security_notifications", { field: "createdAt", direction: "desc" });

interface Asked {
  unread?: boolean | null | undefined;
  kinds?: string[] | null | undefined;
  priorities?: NotificationPriority[] | null | undefined;
}

/** The user's own that have not expired. */
function own(context: Context, { unread, kinds, priorities }: Asked) {
  for (const kind of kinds ?? []) {
    if (Object.hasOwn(notificationKinds, kind)) continue;
    throw new VigilError("BAD_USER_INPUT", `There is no kind "${kind}"`, { path: ["kinds"] });
  }
  return {
    userId: { eq: userOf(context) },
    inApp: { eq: true },
    or: [{ expiresAt: { eq: null } }, { expiresAt: { gt: new Date(context.services.now()) } }],
    ...(unread == null ? {} : { readAt: unread ? { eq: null } : { neq: null } }),
    ...(kinds == null ? {} : { kind: { in: kinds } }),
    ...(priorities == null ? {} : { priority: { in: priorities } }),
  };
}

builder.queryField("notifications", (t) =>
  t.prismaConnection({
    ...paged,
    type: Notification,
    description: "What you were told, the latest first: your own only, without what has expired.",
    authScopes: { settled: true },
    args: {
      unread: t.arg.boolean({ description: "true: only what is not read yet; false: only what is; absent: all." }),
      kinds: t.arg.stringList({ description: "Only of these kinds." }),
      priorities: t.arg({ type: [PriorityEnum], description: "Only of these priorities." }),
    },
    totalCount: (_parent, args, context) => list.count(context, own(context, args)),
    resolve: (query, _parent, args, context) =>
      list.page(context, query, { filter: own(context, args) }, (rows) =>
        prismaOf(context).notification.findMany(rows),
      ),
  }),
);

builder.queryField("notificationsUnread", (t) =>
  t.int({
    description: "How many of your notifications are not read yet.",
    authScopes: { settled: true },
    resolve: (_parent, _args, context) => list.count(context, own(context, { unread: true })),
  }),
);
