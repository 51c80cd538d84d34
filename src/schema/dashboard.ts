import type { WidgetKind } from "../generated/prisma/client.ts";
import { builder } from "./builder.ts";
import { type Context, prismaOf } from "./context.ts";
import { personOf, visibleTo } from "./dashboard-owner.ts";
import { describedEnum } from "./enums.ts";
import { listOf } from "./list.ts";
import { paged, rowKey } from "./page.ts";

export const WidgetKindEnum = describedEnum<WidgetKind>("WidgetKind", "How a widget draws what it shows.", {
  NUMBER: "One number.",
  LINE: "A line over time.",
  BAR: "Bars.",
  TABLE: "Rows.",
  FEED: "What happens, as it happens.",
});

export const Widget = builder.prismaNode("Widget", {
  id: { resolve: (widget) => widget.id, description: "The widget's id." },
  findUnique: (id, context) => ({ ...rowKey(id, context), dashboard: visibleTo(context) }),
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "dashboard.read" },
  fields: (t) => ({
    kind: t.expose("kind", { type: WidgetKindEnum, description: "How it draws what it shows." }),
    title: t.exposeString("title", { description: "What stands above it." }),
    settings: t.expose("settings", { type: "JSON" }),
    x: t.exposeInt("x"),
    y: t.exposeInt("y"),
    width: t.exposeInt("width"),
    height: t.exposeInt("height"),
    dashboard: t.relation("dashboard", { description: "The dashboard it is on." }),
  }),
});

/** The key of a dashboard that whoever asks may see. */
function visibleKey(id: string, context: Context) {
  return { ...rowKey(id, context), ...visibleTo(context) };
}

export const Dashboard = builder.prismaNode("Dashboard", {
  id: { resolve: (dashboard) => dashboard.id, description: "The dashboard's id." },
  findUnique: visibleKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "dashboard.read" },
  fields: (t) => ({
    name: t.exposeString("name", { description: "Its name, for people." }),
    description: t.exposeString("description", { description: "What it is for." }),
    author: t.exposeString("author"),
    shared: t.boolean({
      select: { ownerId: true },
      description: "Whether it is everybody's; false: it is of whoever asks, and nobody else sees it.",
      resolve: ({ ownerId }) => ownerId === null,
    }),
    revision: t.exposeInt("revision"),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it or a widget last changed." }),
    widgets: t.relation("widgets", {
      query: { orderBy: [{ y: "asc" }, { x: "asc" }, { id: "asc" }] },
      description: "Its panels, from the top; at most 50.",
    }),
  }),
});

const list = listOf("Dashboard", "dashboards", { field: "createdAt", direction: "desc" }, {}, async (context) => ({
  filter: { ownerId: { eq: personOf(context) ?? "" } },
  special: (_field, _comparator, person, values) =>
    person === "" ? "owner_id IS NULL" : `(owner_id IS NULL OR owner_id = $${values.push(person)})`,
}));

builder.queryField("dashboards", (t) =>
  t.prismaConnection({
    ...paged,
    type: Dashboard,
    description: "Shared dashboards, and one's own, the newest first.",
    authScopes: { permission: "dashboard.read" },
    totalCount: (_parent, _args, context) => list.count(context, undefined),
    resolve: (query, _parent, _args, context) =>
      list.page(context, query, {}, (rows) => prismaOf(context).dashboard.findMany(rows)),
  }),
);

builder.queryField("dashboard", (t) =>
  t.prismaField({
    type: Dashboard,
    nullable: true,
    description: "One dashboard.",
    authScopes: { permission: "dashboard.read" },
    args: { id: t.arg.globalID({ required: true, for: Dashboard, description: "The dashboard's id." }) },
    resolve: (query, _parent, { id }, context) =>
      prismaOf(context).dashboard.findUnique({ ...query, where: visibleKey(id.id, context) }),
  }),
);
