import { builder } from "./builder.ts";
import { AlertStatusEnum, ChannelKindEnum } from "./enums.ts";
import { rowKey } from "./page.ts";

interface Hold {
  kind: string;
  reason: string;
}

const HoldType = builder.objectRef<Hold>("AlertHold").implement({
  description: "What held an alert back.",
  fields: (t) => ({
    kind: t.exposeString("kind", { description: "What it was, e.g. a silence." }),
    reason: t.exposeString("reason", { description: "Why, in words." }),
  }),
});

builder.prismaNode("AlertChannel", {
  id: { resolve: (channel) => channel.id, description: "The channel's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    kind: t.expose("kind", { type: ChannelKindEnum, description: "How it delivers." }),
    name: t.exposeString("name", { description: "Its name, for people." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
  }),
});

builder.prismaObject("AlertAttempt", {
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When it was tried." }),
    outcome: t.exposeString("outcome", { description: "What came of it." }),
    detail: t.exposeString("detail", { description: "What the receiver said." }),
  }),
});

builder.prismaNode("Alert", {
  id: { resolve: (alert) => alert.id, description: "The alert's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    status: t.expose("status", { type: AlertStatusEnum, description: "Where it is in its delivery." }),
    channel: t.relation("channel", { description: "The channel it goes out on." }),
    attempts: t.relation("attempts", {
      query: { orderBy: [{ at: "asc" }, { id: "asc" }], take: 100 },
      description: "The tries at delivering it, oldest first; at most 100.",
    }),
    heldBy: t.field({
      type: [HoldType],
      description: "What held it back, where something did.",
      resolve: ({ heldBy }) => heldBy as unknown as Hold[],
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was decided." }),
    incident: t.relation("incident", { description: "The incident it is about." }),
  }),
});
