import { builder } from "./builder.ts";
import { type FeedChange, prismaOf } from "./context.ts";
import { Incident } from "./incident.ts";
import { followFeed } from "./live.ts";
import { rowKey } from "./page.ts";
import { shared } from "./shared.ts";

const IncidentEvent = builder.objectRef<FeedChange>("IncidentEvent").implement({
  description: "One change of one incident.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "Give it as `after` to go on exactly behind this change." }),
    kind: t.exposeString("kind", {
      description: "What changed, e.g. OPENED or RESOLVED. CURSOR_EXPIRED: `after` is too old, read everything anew.",
    }),
    at: t.expose("at", { type: "DateTime", description: "When it changed." }),
    incident: t.prismaField({
      type: Incident,
      nullable: true,
      description: "The incident as it is now; null for CURSOR_EXPIRED.",
      resolve: (query, { entityId }, _args, context) =>
        entityId === undefined
          ? null
          : prismaOf(context).incident.findUnique({ ...query, where: rowKey(entityId, context) }),
    }),
  }),
});

builder.subscriptionField("incidentEvents", (t) =>
  t.field({
    type: IncidentEvent,
    description: "Durable: every change of every incident, in order and without gaps.",
    authScopes: { permission: "incident.read" },
    extensions: shared({ permission: "incident.read", durable: "incident" }),
    args: { after: t.arg.string({ description: "Resume behind this cursor; absent: from now on." }) },
    subscribe: (_parent, { after }, context) => followFeed(context, "incident.read", "incident", after),
    resolve: (event) => event,
  }),
);
