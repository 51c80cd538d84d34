import { notificationTopic } from "../publish/change.ts";
import { builder } from "./builder.ts";
import { type FeedChange, prismaOf } from "./context.ts";
import { followFeed } from "./live.ts";
import { Notification, userOf } from "./notification.ts";
import { rowKey } from "./page.ts";

const NotificationEvent = builder.objectRef<FeedChange>("NotificationEvent").implement({
  description: "One change of your notifications.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "Give it as `after` to go on exactly behind this change." }),
    kind: t.exposeString("kind", {
      description:
        "CREATED, READ, UNREAD, ALL_READ or WITHDRAWN. CURSOR_EXPIRED: `after` is too old, read everything anew.",
    }),
    at: t.expose("at", { type: "DateTime", description: "When it changed." }),
    notification: t.prismaField({
      type: Notification,
      nullable: true,
      description: "The notification as it is now; null for ALL_READ and CURSOR_EXPIRED, and when it is gone.",
      resolve: (query, { entityId }, _args, context) =>
        entityId === undefined
          ? null
          : prismaOf(context).notification.findUnique({
              ...query,
              where: { ...rowKey(entityId, context), userId: userOf(context) },
            }),
    }),
  }),
});

// Each user follows a stream of their own, so that nobody's notifications pass by anybody else.
builder.subscriptionField("notificationEvents", (t) =>
  t.field({
    type: NotificationEvent,
    description: "Durable: every change of your own notifications, in order and without gaps.",
    authScopes: { settled: true },
    args: { after: t.arg.string({ description: "Resume behind this cursor; absent: from now on." }) },
    subscribe: (_parent, { after }, context) =>
      followFeed(context, undefined, notificationTopic(userOf(context)), after),
    resolve: (event) => event,
  }),
);
