import { validate as isUuid } from "uuid";
import { audit } from "../access/audit.ts";
import { markAllRead, markRead } from "../board/notifications.ts";
import { VigilError } from "../errors.ts";
import type { NotificationPriority } from "../generated/prisma/client.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { describedEnum } from "./enums.ts";
import { listOf } from "./list.ts";
import { paged, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

const PriorityEnum = describedEnum<NotificationPriority>("NotificationPriority", "How loudly it asks to be read.", {
  NORMAL: "When there is time.",
  HIGH: "Today.",
  CRITICAL: "Now, also in quiet hours.",
});

/** The user who asks; programs and tokens made for nobody have no notifications. */
function userOf(context: Context): string {
  const { kind, id } = viewerOf(context);
  if (kind === "USER" && isUuid(id)) return id;
  throw new VigilError("FORBIDDEN", "Notifications are for people who sign in");
}

// The node query finds a user's own only, like the list: everybody else's id is as good as a random one.
const Notification = builder.prismaNode("Notification", {
  id: { resolve: (notification) => notification.id, description: "The notification's id." },
  findUnique: (id, context) => ({ ...rowKey(id, context), userId: userOf(context) }),
  nullable: true, // no such row: null, not an error
  authScopes: { signedIn: true },
  fields: (t) => ({
    kind: t.exposeString("kind"),
    priority: t.expose("priority", { type: PriorityEnum, description: "How loudly it asks to be read." }),
    title: t.exposeString("title", { description: "What it says, in a line." }),
    body: t.exposeString("body", { description: "What it says." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    readAt: t.expose("readAt", { type: "DateTime", nullable: true, description: "When it was read; null: not yet." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", nullable: true }),
    incident: t.relation("incident", { nullable: true, description: "The incident it is about." }),
  }),
});

const list = listOf("security_notifications", { field: "createdAt", direction: "desc" });

/** The user's own that have not expired. */
function own(context: Context, unread: boolean | null | undefined) {
  return {
    userId: { eq: userOf(context) },
    or: [{ expiresAt: { eq: null } }, { expiresAt: { gt: new Date(context.services.now()) } }],
    ...(unread == null ? {} : { readAt: unread ? { eq: null } : { neq: null } }),
  };
}

builder.queryField("notifications", (t) =>
  t.prismaConnection({
    ...paged,
    type: Notification,
    description: "What you were told, the latest first: your own only, without what has expired.",
    authScopes: { signedIn: true },
    args: { unread: t.arg.boolean({ description: "true: only what is not read yet; false: only what is." }) },
    totalCount: (_parent, { unread }, context) => list.count(context, own(context, unread)),
    resolve: (query, _parent, { unread }, context) =>
      list.page(context, query, { filter: own(context, unread) }, (rows) =>
        prismaOf(context).notification.findMany(rows),
      ),
  }),
);

const MarkReadPayload = builder.objectRef<Outcome<string>>("NotificationMarkReadPayload").implement({
  description: "The notification, or why nothing was changed.",
  fields: (t) => ({
    notification: t.prismaField({
      type: Notification,
      nullable: true,
      description: "The notification as it is now; null when there are user errors.",
      resolve: (query, { value }, _args, context) =>
        value ? prismaOf(context).notification.findUnique({ ...query, where: rowKey(value, context) }) : null,
    }),
    userErrors: t.field({
      type: [UserErrorType],
      description: "Why nothing was changed.",
      resolve: (it) => it.userErrors,
    }),
  }),
});

builder.mutationField("notificationMarkRead", (t) =>
  t.field({
    type: MarkReadPayload,
    description: "Marks one of your notifications as read.",
    authScopes: { signedIn: true },
    args: { id: t.arg.globalID({ required: true, for: Notification, description: "The notification." }) },
    resolve: (_parent, { id: { id } }, context) =>
      attempt(async () => {
        rowKey(id, context);
        const userId = userOf(context);
        await context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
          await markRead(tx, { id, userId, now: context.services.now() });
          const actor = auditActorOf(context);
          await audit(tx, { actor, action: "NOTIFICATION_READ", entityKind: "Notification", entityId: id });
        });
        return id;
      }),
  }),
);

const MarkAllReadPayload = builder.objectRef<{ count: number }>("NotificationsMarkAllReadPayload").implement({
  description: "What was marked as read.",
  fields: (t) => ({ count: t.exposeInt("count", { description: "How many were not read before." }) }),
});

builder.mutationField("notificationsMarkAllRead", (t) =>
  t.field({
    type: MarkAllReadPayload,
    description: "Marks all your notifications as read.",
    authScopes: { signedIn: true },
    resolve: (_parent, _args, context) => {
      const userId = userOf(context);
      return context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
        const count = await markAllRead(tx, { userId, now: context.services.now() });
        const actor = auditActorOf(context);
        await audit(tx, {
          actor,
          action: "NOTIFICATIONS_READ",
          entityKind: "User",
          entityId: userId,
          detail: { count },
        });
        return { count };
      });
    },
  }),
);
