import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { type Metrics, viewerOf } from "./context.ts";
import { live } from "./live.ts";
import { milliseconds } from "./scalars.ts";
import { shared } from "./shared.ts";

const shortest = 100; // ms between two values
const longest = 3_600_000; // 1 hour

const MetricsType = builder.objectRef<Metrics>("RealtimeMetrics").implement({
  description: "The organization at one moment, in numbers.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "The moment." }),
    eventsPerSecond: t.exposeFloat("eventsPerSecond", { description: "Events accepted a second." }),
    openIncidents: t.exposeInt("openIncidents", { description: "Incidents that are not over." }),
    activeThreats: t.exposeInt("activeThreats", { description: "Those of them that are HIGH or CRITICAL." }),
    alertsQueued: t.exposeInt("alertsQueued", { description: "Alerts that wait to be sent." }),
    detectionsPerMinute: t.exposeFloat("detectionsPerMinute", { description: "Detections a minute." }),
    ingestLagMs: t.exposeFloat("ingestLagMs", { description: "From an event's arrival to its verdict, in ms." }),
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

function everyMs(interval: string): number {
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
    subscribe: (_parent, { interval }, context) => {
      const every = everyMs(interval);
      return live(context, (organizationId, signal) => context.services.gauges.follow(organizationId, every, signal));
    },
    resolve: (metrics) => metrics,
  }),
);
