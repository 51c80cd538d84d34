import { decodeGlobalID } from "@pothos/plugin-relay";
import { followWidget, readWidget, type WhichWidget, type WidgetData } from "../board/widget-data.ts";
import { VigilError } from "../errors.ts";
import { builder, requirePermission } from "./builder.ts";
import { prismaOf, type Services, viewerOf } from "./context.ts";
import { Widget } from "./dashboard.ts";
import { personOf } from "./dashboard-owner.ts";
import { Incident } from "./incident.ts";
import { live } from "./live.ts";
import { SeriesType } from "./metric.ts";
import { rowKey } from "./page.ts";
import { everyMs, SeverityCount } from "./realtime.ts";
import { isRowId } from "./row-id.ts";
import { shared } from "./shared.ts";

const DataType = builder.objectRef<WidgetData>("WidgetData").implement({
  description: "What a widget shows now. One of the fields is set: which one is said by its settings.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When." }),
    value: t.float({ nullable: true, description: "A gauge's value.", resolve: ({ value }) => value ?? null }),
    series: t.field({
      type: [SeriesType],
      nullable: true,
      description: "Time series.",
      authScopes: { permission: "metric.read" },
      resolve: ({ series }) => series ?? null,
    }),
    severities: t.field({
      type: [SeverityCount],
      nullable: true,
      description: "Open incidents by severity, the worst first.",
      resolve: ({ severities }) => severities ?? null,
    }),
    incidents: t.prismaField({
      type: [Incident],
      nullable: true,
      description: "Open incidents, the latest first.",
      authScopes: { permission: "incident.read" },
      resolve: async (query, { incidents }, _args, context) => {
        if (!incidents) return null;
        const where = { organizationId: viewerOf(context).organizationId, id: { in: incidents } };
        const rows = await prismaOf(context).incident.findMany({ ...query, where });
        const places = new Map(incidents.map((id, place) => [id, place]));
        return rows.sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
      },
    }),
  }),
});

const follow = (
  services: Services,
  organizationId: string,
  { interval, ...which }: WhichWidget & { interval: string },
  signal: AbortSignal,
) =>
  followWidget(
    { db: services.db, gauges: services.gauges.now, now: services.now },
    organizationId,
    { ...which, intervalMs: everyMs(interval) },
    signal,
  );

/** The widget of a global id, as everybody sees it. Errors: BAD_USER_INPUT. */
function commonWidget(globalId: unknown): WhichWidget {
  const { typename, id } = decodeGlobalID(globalId as string);
  if (typename === "Widget" && isRowId(id)) return { id, userId: undefined };
  throw new VigilError("BAD_USER_INPUT", "This is no id of a widget", { path: ["id"] });
}

builder.subscriptionField("widgetData", (t) =>
  t.field({
    type: DataType,
    description: "Gauge: what a widget shows, at once and whenever it is something else.",
    authScopes: { permission: "dashboard.read" },
    args: {
      id: t.arg.globalID({ required: true, for: Widget, description: "The widget's id." }),
      interval: t.arg({
        type: "Duration",
        required: true,
        defaultValue: "PT2S",
        description: "Time between two values at least, from PT0.1S to PT1H.",
      }),
    },
    extensions: shared({
      permission: "dashboard.read",
      requireCommon: async (services, organizationId, { id }) =>
        readWidget({ db: services.db }, organizationId, commonWidget(id)),
      latest: (services, organizationId, { id, interval }, signal) =>
        follow(services, organizationId, { ...commonWidget(id), interval: interval as string }, signal),
    }),
    subscribe: async (_parent, { id, interval }, context) => {
      await requirePermission(context, "dashboard.read");
      rowKey(id.id, context);
      return live(context, (organizationId, signal) =>
        follow(context.services, organizationId, { id: id.id, userId: personOf(context), interval }, signal),
      );
    },
    resolve: (data) => data,
  }),
);
