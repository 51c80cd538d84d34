import type { AlertStatus } from "../generated/prisma/client.ts";
import { builder } from "./builder.ts";
import { prismaOf, viewerOf } from "./context.ts";
import { AlertKindEnum, AlertPriorityEnum, AlertStatusEnum, AttemptOutcomeEnum } from "./enums.ts";
import * as filters from "./filter.ts";
import { listOf } from "./list.ts";
import { orderInput, paged, rowKey } from "./page.ts";
import { plainList, plainOne } from "./plain.ts";
import { checkRange, RangeInput } from "./range.ts";

/** In the order of the enum: what `status_rank` counts. */
const statuses = ["QUEUED", "SENDING", "RETRYING", "HELD", "SENT", "DELIVERED", "FAILED"];

interface Hold {
  kind: string;
  reason: string;
}

export const HoldType = builder.objectRef<Hold>("AlertHold").implement({
  description: "What held an alert back.",
  fields: (t) => ({
    kind: t.exposeString("kind", { description: "What it was, e.g. a silence." }),
    reason: t.exposeString("reason", { description: "Why, in words." }),
  }),
});

builder.prismaObject("AlertAttempt", {
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When it was tried." }),
    outcome: t.expose("outcome", { type: AttemptOutcomeEnum, description: "What came of it." }),
    detail: t.exposeString("detail", { description: "What the receiver said." }),
    latencyMs: t.exposeInt("latencyMs", { nullable: true, description: "How long it took, in milliseconds." }),
    providerId: t.exposeString("providerId", { nullable: true, description: "What the provider calls the message." }),
  }),
});

export const Alert = builder.prismaNode("Alert", {
  id: { resolve: (alert) => alert.id, description: "The alert's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    kind: t.expose("kind", { type: AlertKindEnum, description: "What it is about." }),
    recipient: t.exposeString("recipient", {
      description:
        "The address it goes to, or what stands for its number (…00 and more); empty: the channel has one receiver.",
    }),
    messageId: t.exposeString("messageId", {
      nullable: true,
      description:
        "The message it went out in, the same for every try: a webhook's `webhook-id`, an e-mail's Message-ID.",
    }),
    step: t.exposeInt("step", { nullable: true, description: "The step of an escalation that asked for it, from 0." }),
    round: t.exposeInt("round", { nullable: true, description: "The round of that step, from 0." }),
    status: t.expose("status", { type: AlertStatusEnum, description: "Where it is in its delivery." }),
    priority: t.expose("priority", { type: AlertPriorityEnum, description: "How urgent it is." }),
    dueAt: t.expose("dueAt", {
      type: "DateTime",
      nullable: true,
      description:
        "When it is tried next; while it is being sent, when its sender has to have reported. Null: not again.",
    }),
    tries: t.exposeInt("tries", { description: "How often it was tried since it was last put into the queue." }),
    sentAt: t.expose("sentAt", { type: "DateTime", nullable: true, description: "When its provider took it." }),
    deliveredAt: t.expose("deliveredAt", {
      type: "DateTime",
      nullable: true,
      description: "When its receiver confirmed it.",
    }),
    channel: t.relation("channel", {
      extensions: plainOne("alert_channels", "channel_id"),
      description: "The channel it goes out on.",
    }),
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
    incident: t.relation("incident", {
      extensions: plainOne("security_incidents", "incident_id"),
      nullable: true,
      description: "The incident it is about; null: none, as a test.",
    }),
  }),
});

export const AlertFilter = filters.filterInput("Alert", {
  id: [filters.IdFilter, "The alert's id."],
  incidentId: [filters.IdFilter, "The incident it is about."],
  channelId: [filters.IdFilter, "The channel it goes out on."],
  status: [filters.enumFilter("AlertStatusFilter", AlertStatusEnum), "Where it is in its delivery."],
  createdAt: [filters.DateTimeFilter, "When it was decided."],
});

const Order = orderInput("Alert", {
  CREATED_AT: ["createdAt", "When it was decided."],
  STATUS: ["status", "Where it is in its delivery."],
});

export const alertRanks = { status: statuses };
const list = listOf("Alert", "security_alerts", { field: "createdAt", direction: "desc" }, alertRanks);

builder.queryField("alerts", (t) =>
  t.prismaConnection({
    ...paged,
    extensions: plainList(list),
    type: Alert,
    description: "Alerts, the latest first.",
    authScopes: { permission: "incident.read" },
    args: {
      filter: t.arg({ type: AlertFilter, description: "Which." }),
      orderBy: t.arg({ type: [Order], description: "In which order." }),
    },
    totalCount: (_parent, { filter }, context) => list.count(context, filter),
    resolve: (query, _parent, asked, context) =>
      list.page(context, query, asked, (rows) => prismaOf(context).alert.findMany(rows)),
  }),
);

builder.queryField("alert", (t) =>
  t.prismaField({
    type: Alert,
    nullable: true,
    description: "One alert.",
    authScopes: { permission: "incident.read" },
    args: { id: t.arg.globalID({ required: true, for: Alert, description: "The alert's id." }) },
    resolve: (query, _parent, { id }, context) =>
      prismaOf(context).alert.findUnique({ ...query, where: rowKey(id.id, context) }),
  }),
);

interface Count {
  channel_id: string;
  status: AlertStatus;
  alerts: number;
  oldest: Date;
}

const CountType = builder.objectRef<Count>("AlertCount").implement({
  description: "How many alerts there are on a channel in a status.",
  fields: (t) => ({
    channel: t.prismaField({
      type: "AlertChannel",
      nullable: true,
      description: "The channel.",
      resolve: (query, { channel_id }, _args, context) =>
        prismaOf(context).alertChannel.findUnique({ ...query, where: rowKey(channel_id, context) }),
    }),
    status: t.expose("status", { type: AlertStatusEnum, description: "Where they are in their delivery." }),
    alerts: t.exposeInt("alerts", { description: "How many." }),
    oldest: t.expose("oldest", { type: "DateTime", description: "When the oldest of them was decided." }),
  }),
});

builder.queryField("alertCounts", (t) =>
  t.field({
    type: [CountType],
    description: "How many alerts of a time there are, by channel and status.",
    authScopes: { permission: "incident.read" },
    args: { range: t.arg({ type: RangeInput, required: true, description: "When they were decided." }) },
    resolve: async (_parent, { range }, context) => {
      checkRange(range);
      const { organizationId } = viewerOf(context);
      // In full, not as a function: PostgreSQL then lets several of its processes count.
      const counts = `SELECT channel_id, status, count(*)::int AS alerts, min(created_at) AS oldest FROM security_alerts
        WHERE organization_id = $1 AND created_at >= $2 AND created_at < $3 GROUP BY 1, 2 ORDER BY 1, 2`;
      const values = [organizationId, range.from, range.to];
      return (await context.services.db.query<Count>(organizationId, counts, values)).rows;
    },
  }),
);
