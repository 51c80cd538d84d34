import { audit } from "../access/audit.ts";
import * as board from "../board/dashboards.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { Dashboard, Widget, WidgetKindEnum } from "./dashboard.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";

type Changed = Outcome<string>;

/** Changes boards and writes the audit entry, in one transaction; `work` returns the id of what it changed. */
function change(
  context: Context,
  [action, entityKind]: readonly [action: string, entityKind: "Dashboard" | "Widget"],
  work: (tx: Tx, now: number) => Promise<string>,
): Promise<Changed> {
  return attempt(() =>
    context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
      const entityId = await work(tx, context.services.now());
      await audit(tx, { actor: auditActorOf(context), action, entityKind, entityId });
      return entityId;
    }),
  );
}

function payload(name: string, noun: "dashboard" | "widget") {
  return builder.objectRef<Changed>(name).implement({
    description: `The ${noun} after the change, or why nothing was changed.`,
    fields: (t) => ({
      ...(noun === "dashboard"
        ? {
            dashboard: t.prismaField({
              type: Dashboard,
              nullable: true,
              description: "The dashboard as it is now; null when it is gone or there are user errors.",
              resolve: (query, { value }, _args, context) =>
                value ? prismaOf(context).dashboard.findUnique({ ...query, where: rowKey(value, context) }) : null,
            }),
          }
        : {
            widget: t.prismaField({
              type: Widget,
              nullable: true,
              description: "The widget as it is now; null when it is gone or there are user errors.",
              resolve: (query, { value }, _args, context) =>
                value ? prismaOf(context).widget.findUnique({ ...query, where: rowKey(value, context) }) : null,
            }),
          }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const DashboardCreateInput = builder.inputType("DashboardCreateInput", {
  description: "A new dashboard.",
  fields: (t) => ({
    name: t.string({ required: true, description: "Its name: 1 to 100 characters, unique." }),
    description: t.string({ description: "What it is for: at most 2,000 characters." }),
  }),
});
const DashboardUpdateInput = builder.inputType("DashboardUpdateInput", {
  description: "What to change; the rest stays.",
  fields: (t) => ({
    name: t.string({ description: "Its name: 1 to 100 characters, unique." }),
    description: t.string({ description: "What it is for: at most 2,000 characters." }),
  }),
});

const guard = { authScopes: { permission: "dashboard.write" as const } };

builder.mutationFields((t) => ({
  dashboardCreate: t.field({
    ...guard,
    type: payload("DashboardCreatePayload", "dashboard"),
    description: "Makes an empty dashboard.",
    args: { input: t.arg({ type: DashboardCreateInput, required: true, description: "The dashboard." }) },
    resolve: (_parent, { input }, context) =>
      change(context, ["DASHBOARD_CREATED", "Dashboard"], (tx, now) =>
        board.createDashboard(tx, {
          name: input.name,
          description: input.description ?? "",
          author: actorOf(context),
          now,
        }),
      ),
  }),
  dashboardUpdate: t.field({
    ...guard,
    type: payload("DashboardUpdatePayload", "dashboard"),
    description: "Changes a dashboard's name or description.",
    args: {
      id: t.arg.globalID({ required: true, for: Dashboard, description: "The dashboard." }),
      input: t.arg({ type: DashboardUpdateInput, required: true, description: "What to change." }),
    },
    resolve: (_parent, { id: { id }, input }, context) =>
      change(context, ["DASHBOARD_UPDATED", "Dashboard"], async (tx, now) => {
        rowKey(id, context);
        const { name, description } = input;
        await board.updateDashboard(tx, { id, name: name ?? undefined, description: description ?? undefined, now });
        return id;
      }),
  }),
  dashboardDelete: t.field({
    ...guard,
    type: payload("DashboardDeletePayload", "dashboard"),
    description: "Removes a dashboard and its widgets.",
    args: { id: t.arg.globalID({ required: true, for: Dashboard, description: "The dashboard." }) },
    resolve: (_parent, { id: { id } }, context) =>
      change(context, ["DASHBOARD_DELETED", "Dashboard"], async (tx) => {
        rowKey(id, context);
        await board.deleteDashboard(tx, id);
        return id;
      }),
  }),
}));

const WidgetCreateInput = builder.inputType("WidgetCreateInput", {
  description: "A new panel.",
  fields: (t) => ({
    dashboardId: t.globalID({ required: true, for: Dashboard, description: "The dashboard it is put on." }),
    kind: t.field({ type: WidgetKindEnum, required: true, description: "How it draws what it shows." }),
    title: t.string({ required: true, description: "What stands above it: 1 to 100 characters." }),
    settings: t.field({ type: "JSON", description: "What it shows: an object." }),
    x: t.int({ required: true, defaultValue: 0, description: "Columns from the left." }),
    y: t.int({ required: true, defaultValue: 0, description: "Rows from the top." }),
    width: t.int({ required: true, defaultValue: 4, description: "Columns it covers, of 12." }),
    height: t.int({ required: true, defaultValue: 4, description: "Rows it covers." }),
  }),
});
const WidgetUpdateInput = builder.inputType("WidgetUpdateInput", {
  description: "What to change; the rest stays. `dashboardLayoutUpdate` moves widgets.",
  fields: (t) => ({
    kind: t.field({ type: WidgetKindEnum, description: "How it draws what it shows." }),
    title: t.string({ description: "What stands above it: 1 to 100 characters." }),
    settings: t.field({ type: "JSON", description: "What it shows: an object." }),
  }),
});
const WidgetPlaceInput = builder.inputType("WidgetPlaceInput", {
  description: "Where a widget goes.",
  fields: (t) => ({
    widgetId: t.globalID({ required: true, for: Widget, description: "The widget." }),
    x: t.int({ required: true, description: "Columns from the left." }),
    y: t.int({ required: true, description: "Rows from the top." }),
    width: t.int({ required: true, description: "Columns it covers, of 12." }),
    height: t.int({ required: true, description: "Rows it covers." }),
  }),
});

function settingsOf(settings: unknown): object {
  if (typeof settings === "object" && settings !== null && !Array.isArray(settings)) return settings;
  throw new VigilError("BAD_USER_INPUT", "Settings are an object", { path: ["input", "settings"] });
}

builder.mutationFields((t) => ({
  widgetCreate: t.field({
    ...guard,
    type: payload("WidgetCreatePayload", "widget"),
    description: "Puts a panel on a dashboard.",
    args: { input: t.arg({ type: WidgetCreateInput, required: true, description: "The panel." }) },
    resolve: (_parent, { input }, context) =>
      change(context, ["WIDGET_CREATED", "Widget"], (tx, now) => {
        const { dashboardId, settings, ...fields } = input;
        rowKey(dashboardId.id, context);
        return board.createWidget(tx, {
          ...fields,
          dashboardId: dashboardId.id,
          settings: settingsOf(settings ?? {}),
          now,
        });
      }),
  }),
  widgetUpdate: t.field({
    ...guard,
    type: payload("WidgetUpdatePayload", "widget"),
    description: "Changes what a panel shows and how.",
    args: {
      id: t.arg.globalID({ required: true, for: Widget, description: "The panel." }),
      input: t.arg({ type: WidgetUpdateInput, required: true, description: "What to change." }),
    },
    resolve: (_parent, { id: { id }, input }, context) =>
      change(context, ["WIDGET_UPDATED", "Widget"], async (tx, now) => {
        rowKey(id, context);
        await board.updateWidget(tx, {
          id,
          now,
          ...(input.kind ? { kind: input.kind } : {}),
          ...(input.title == null ? {} : { title: input.title }),
          ...(input.settings == null ? {} : { settings: settingsOf(input.settings) }),
        });
        return id;
      }),
  }),
  widgetDelete: t.field({
    ...guard,
    type: payload("WidgetDeletePayload", "widget"),
    description: "Takes a panel away.",
    args: { id: t.arg.globalID({ required: true, for: Widget, description: "The panel." }) },
    resolve: (_parent, { id: { id } }, context) =>
      change(context, ["WIDGET_DELETED", "Widget"], async (tx, now) => {
        rowKey(id, context);
        await board.deleteWidget(tx, { id, now });
        return id;
      }),
  }),
  dashboardLayoutUpdate: t.field({
    ...guard,
    type: payload("DashboardLayoutUpdatePayload", "dashboard"),
    description: "Moves widgets of one dashboard, all or none.",
    args: {
      id: t.arg.globalID({ required: true, for: Dashboard, description: "The dashboard." }),
      places: t.arg({ type: [WidgetPlaceInput], required: true, description: "Where its widgets go." }),
    },
    resolve: (_parent, { id: { id }, places }, context) =>
      change(context, ["DASHBOARD_LAID_OUT", "Dashboard"], async (tx, now) => {
        for (const one of [id, ...places.map(({ widgetId }) => widgetId.id)]) rowKey(one, context);
        const moved = places.map(({ widgetId, ...place }) => ({ ...place, widgetId: widgetId.id }));
        await board.layOut(tx, { id, places: moved, now });
        return id;
      }),
  }),
}));
