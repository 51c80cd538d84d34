import { audit } from "../access/audit.ts";
import type { Tx } from "../db.ts";
import { markAllRead, markRead } from "../publish/notifications.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { Notification, userOf } from "./notification.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

function payload(name: string) {
  return builder.objectRef<Outcome<string>>(name).implement({
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
}

function mark(context: Context, id: string, read: boolean): Promise<Outcome<string>> {
  return attempt(async () => {
    rowKey(id, context);
    const userId = userOf(context);
    await context.services.change(viewerOf(context).organizationId, async (tx: Tx) => {
      await markRead(tx, { id, userId, read, now: context.services.now() });
      const action = read ? "NOTIFICATION_READ" : "NOTIFICATION_UNREAD";
      await audit(tx, { actor: auditActorOf(context), action, entityKind: "Notification", entityId: id });
    });
    return id;
  });
}

const ReadPayload = payload("NotificationMarkReadPayload");
const UnreadPayload = payload("NotificationMarkUnreadPayload");

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: Notification, description: "The notification." });
  return {
    notificationMarkRead: t.field({
      type: ReadPayload,
      description: "Marks one of your notifications as read. Errors: NOT_FOUND.",
      authScopes: { settled: true },
      args: { id },
      resolve: (_parent, { id: { id } }, context) => mark(context, id, true),
    }),
    notificationMarkUnread: t.field({
      type: UnreadPayload,
      description: "Marks one of your notifications as not read. Errors: NOT_FOUND.",
      authScopes: { settled: true },
      args: { id },
      resolve: (_parent, { id: { id } }, context) => mark(context, id, false),
    }),
  };
});

const AllReadPayload = builder.objectRef<{ count: number }>("NotificationsMarkAllReadPayload").implement({
  description: "What was marked as read.",
  fields: (t) => ({ count: t.exposeInt("count", { description: "How many were not read before." }) }),
});

builder.mutationField("notificationsMarkAllRead", (t) =>
  t.field({
    type: AllReadPayload,
    description: "Marks all your notifications as read.",
    authScopes: { settled: true },
    args: {
      upTo: t.arg({
        type: "DateTime",
        description: "When the latest one that you have seen was made: later ones stay as they are; absent: all.",
      }),
    },
    resolve: (_parent, { upTo }, context) => {
      const userId = userOf(context);
      return context.services.change(viewerOf(context).organizationId, async (tx: Tx) => {
        const count = await markAllRead(tx, { userId, now: context.services.now(), upTo: upTo ?? undefined });
        const entry = { actor: auditActorOf(context), entityKind: "User", entityId: userId };
        await audit(tx, { ...entry, action: "NOTIFICATIONS_READ", detail: { count } });
        return { count };
      });
    },
  }),
);
