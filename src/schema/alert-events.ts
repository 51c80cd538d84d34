import { Alert } from "./alert.ts";
import { builder } from "./builder.ts";
import { type FeedChange, prismaOf } from "./context.ts";
import { followFeed } from "./live.ts";
import { rowKey } from "./page.ts";
import { shared } from "./shared.ts";

const AlertEvent = builder.objectRef<FeedChange>("AlertEvent").implement({
  description: "One change of one alert.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "Give it as `after` to go on exactly behind this change." }),
    kind: t.exposeString("kind", {
      description:
        "QUEUED, HELD, SENT, RETRYING, FAILED or DELIVERED. CURSOR_EXPIRED: `after` is too old, read everything anew.",
    }),
    at: t.expose("at", { type: "DateTime", description: "When it changed." }),
    alert: t.prismaField({
      type: Alert,
      nullable: true,
      description: "The alert as it is now; null for CURSOR_EXPIRED.",
      resolve: (query, { entityId }, _args, context) =>
        entityId === undefined
          ? null
          : prismaOf(context).alert.findUnique({ ...query, where: rowKey(entityId, context) }),
    }),
  }),
});

builder.subscriptionField("alertEvents", (t) =>
  t.field({
    type: AlertEvent,
    description: "Durable: every change of every alert, in order and without gaps.",
    authScopes: { permission: "incident.read" },
    extensions: shared({ permission: "incident.read", durable: "alert" }),
    args: { after: t.arg.string({ description: "Resume behind this cursor; absent: from now on." }) },
    subscribe: (_parent, { after }, context) => followFeed(context, "incident.read", "alert", after),
    resolve: (event) => event,
  }),
);
