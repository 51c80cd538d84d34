import { VigilError } from "../errors.ts";
import type { RealtimeMetrics } from "../publish/gauges.ts";
import { builder, requirePermission } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { SeverityEnum } from "./enums.ts";
import { live } from "./live.ts";
import { milliseconds } from "./scalars.ts";
import { shared } from "./shared.ts";

const shortest = 100; // ms between two values
const longest = 3_600_000; // 1 hour

export const SeverityCount = builder.objectRef<RealtimeMetrics["openBySeverity"][number]>("SeverityCount").implement({
  description: "How many there are of one severity.",
  fields: (t) => ({
    severity: t.expose("severity", { type: SeverityEnum, description: "The severity." }),
    count: t.exposeInt("count", { description: "How many." }),
  }),
});

const MetricsType = builder.objectRef<RealtimeMetrics>("RealtimeMetrics").implement({
  description:
    "The organization at one moment, in numbers, of all processes together. Their history: `metrics` of `vigil.` and the field's name.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "The moment." }),
    eventsPerSecond: t.exposeFloat("eventsPerSecond", { description: "Events accepted a second, of five seconds." }),
    blockedPerSecond: t.exposeFloat("blockedPerSecond", {
      description: "Requests a second that enforcers have refused, of five seconds.",
    }),
    openIncidents: t.exposeInt("openIncidents", { description: "Incidents that are not over." }),
    openBySeverity: t.field({
      type: [SeverityCount],
      description: "The same by severity, the worst first; those of which there are any.",
      resolve: ({ openBySeverity }) => openBySeverity,
    }),
    activeThreats: t.exposeInt("activeThreats", { description: "Those of them that are HIGH or CRITICAL." }),
    alertsQueued: t.exposeInt("alertsQueued", { description: "Alerts that wait to be sent." }),
    alertsLateMs: t.exposeFloat("alertsLateMs", {
      description: "How far past its time the alert is that has waited longest, ms; 0: none is late.",
    }),
    alertsFailed: t.exposeInt("alertsFailed", {
      description: "Alerts of the last hour that could not be delivered.",
    }),
    alertDeliveryMs: t.exposeFloat("alertDeliveryMs", {
      nullable: true,
      description: "Within this many ms 95 of 100 alerts of the last 15 minutes went out; null: none did.",
    }),
    detectionsPerMinute: t.exposeFloat("detectionsPerMinute", { description: "Detections a minute." }),
    ingestLagMs: t.exposeFloat("ingestLagMs", {
      description: "How long the oldest event that waits to be stored and judged has waited, ms.",
    }),
    waitingEvents: t.exposeInt("waitingEvents", { description: "Events that wait to be stored and judged." }),
    eventsRefusedPerSecond: t.exposeFloat("eventsRefusedPerSecond", {
      description: "Events a second that were answered with 429 because too many wait, of five seconds.",
    }),
    connectedClients: t.exposeInt("connectedClients", { description: "Sockets and streams that are open." }),
    connectedEnforcers: t.exposeInt("connectedEnforcers", {
      description: "Enforcers that asked for decisions in the last minute.",
    }),
  }),
});

const Realtime = builder.objectRef<{ organizationId: string }>("Realtime").implement({
  description: "Where things stand now, and where to follow from.",
  fields: (t) => ({
    cursor: t.string({
      description: "The end of the change feed now: read a snapshot after it, then follow with `after`.",
      resolve: ({ organizationId }, _args, { services }) => services.feed.cursor(organizationId),
    }),
    metrics: t.field({
      type: MetricsType,
      description: "The numbers now.",
      resolve: ({ organizationId }, _args, { services }) => services.gauges.now(organizationId),
    }),
  }),
});

builder.queryField("realtime", (t) =>
  t.field({
    type: Realtime,
    description: "Where things stand now.",
    authScopes: { permission: "incident.read" },
    resolve: (_parent, _args, context) => ({ organizationId: viewerOf(context).organizationId }),
  }),
);

/** A duration between two values, in ms. Errors: BAD_USER_INPUT. */
export function everyMs(interval: string): number {
  const every = milliseconds(interval);
  if (every >= shortest && every <= longest) return every;
  throw new VigilError("BAD_USER_INPUT", "interval is from PT0.1S to PT1H", { path: ["interval"] });
}

builder.subscriptionField("realtimeMetrics", (t) =>
  t.field({
    type: MetricsType,
    description: "Gauge: the latest numbers, at most once an interval.",
    authScopes: { permission: "incident.read" },
    args: {
      interval: t.arg({
        type: "Duration",
        required: true,
        defaultValue: "PT1S",
        description: "Time between two values, from PT0.1S to PT1H.",
      }),
    },
    extensions: shared({
      permission: "incident.read",
      latest: (services, organizationId, { interval }, signal) =>
        services.gauges.follow(organizationId, everyMs(interval as string), signal),
    }),
    subscribe: async (_parent, { interval }, context) => {
      const every = everyMs(interval);
      await requirePermission(context, "incident.read");
      return live(context, (organizationId, signal) => context.services.gauges.follow(organizationId, every, signal));
    },
    resolve: (metrics) => metrics,
  }),
);
