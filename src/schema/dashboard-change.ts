import { audit } from "../access/audit.ts";
import * as board from "../board/dashboards.ts";
import type { Editor } from "../board/editor.ts";
import * as panels from "../board/widgets.ts";
import type { Tx } from "../db.ts";
import { VigilError } from "../errors.ts";
import { builder, requirePermission } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { Dashboard, Widget, WidgetKindEnum } from "./dashboard.ts";
import { personOf } from "./dashboard-owner.ts";
import { rowId, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { can } from "./viewer-can.ts";

type Changed = Outcome<string>;

/**
 * Changes boards and writes the audit entry, in one transaction; `work` returns the id of what it changed. Whoever reads
 * dashboards may have some of their own; what is shared takes the permission to write.
 */
function change(
  context: Context,
  [action, entityKind]: readonly [action: string, entityKind: "Dashboard" | "Widget"],
  work: (tx: Tx, by: { editor: Editor; now: number }) => Promise<string>,
): Promise<Changed> {
  const editor = { userId: personOf(context), mayShare: can(context, "dashboard.write") };
  return attempt(async () => {
    try {
      return await context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
        const entityId = await work(tx, { editor, now: context.services.now() });
        await audit(tx, { actor: auditActorOf(context), action, entityKind, entityId });
        return entityId;
      });
    } catch (error) {
      if (error instanceof VigilError && error.code === "FORBIDDEN")
        await requirePermission(context, "dashboard.write");
      throw error;
    }
  });
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
    name: t.string({
      required: true,
      description: "Its name: 1 to 100 characters, unique among the shared ones, or among one's own.",
    }),
    description: t.string({ description: "What it is for: at most 2,000 characters." }),
    shared: t.boolean({
      required: true,
      defaultValue: true,
      description: "Whether it is everybody's, which takes `dashboard.write`; false: nobody else reads or changes it.",
    }),
    copyOf: t.globalID({
      for: Dashboard,
      description: "The dashboard whose widgets it begins with; none: it is empty.",
    }),
  }),
});
const DashboardUpdateInput = builder.inputType("DashboardUpdateInput", {
  description: "What to change; the rest stays.",
  fields: (t) => ({
    name: t.string({
      description: "Its name: 1 to 100 characters, unique among the shared ones, or among one's own.",
    }),
    description: t.string({ description: "What it is for: at most 2,000 characters." }),
    shared: t.boolean({
      description: "True: gives one's own to everybody, which takes `dashboard.write`. What is shared stays so.",
    }),
  }),
});

const guard = { authScopes: { permission: "dashboard.read" as const } };

builder.mutationFields((t) => ({
  dashboardCreate: t.field({
    ...guard,
    type: payload("DashboardCreatePayload", "dashboard"),
    description: "Makes a dashboard: shared, or one's own; empty, or as a copy of one that is there.",
    args: { input: t.arg({ type: DashboardCreateInput, required: true, description: "The dashboard." }) },
    resolve: (_parent, { input }, context) =>
      change(context, ["DASHBOARD_CREATED", "Dashboard"], (tx, by) => {
        if (input.copyOf) rowId(input.copyOf, ["input", "copyOf"]);
        return board.createDashboard(tx, {
          name: input.name,
          description: input.description ?? "",
          author: actorOf(context),
          shared: input.shared,
          copyOf: input.copyOf?.id,
          ...by,
        });
      }),
  }),
  dashboardUpdate: t.field({
    ...guard,
    type: payload("DashboardUpdatePayload", "dashboard"),
    description: "Changes a dashboard's name or description, or shares one's own.",
    args: {
      id: t.arg.globalID({ required: true, for: Dashboard, description: "The dashboard." }),
      input: t.arg({ type: DashboardUpdateInput, required: true, description: "What to change." }),
    },
    resolve: (_parent, { id: { id }, input }, context) =>
      change(context, ["DASHBOARD_UPDATED", "Dashboard"], async (tx, by) => {
        rowKey(id, context);
        const { name, description, shared } = input;
        await board.updateDashboard(tx, {
          id,
          name: name ?? undefined,
          description: description ?? undefined,
          shared: shared ?? undefined,
          ...by,
        });
        return id;
      }),
  }),
  dashboardDelete: t.field({
    ...guard,
    type: payload("DashboardDeletePayload", "dashboard"),
    description: "Removes a dashboard and its widgets.",
    args: { id: t.arg.globalID({ required: true, for: Dashboard, description: "The dashboard." }) },
    resolve: (_parent, { id: { id } }, context) =>
      change(context, ["DASHBOARD_DELETED", "Dashboard"], async (tx, by) => {
        rowKey(id, context);
        await board.deleteDashboard(tx, { id, ...by });
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
      change(context, ["WIDGET_CREATED", "Widget"], (tx, by) => {
        const { dashboardId, settings, ...fields } = input;
        rowKey(dashboardId.id, context);
        return panels.createWidget(tx, {
          ...fields,
          dashboardId: dashboardId.id,
          settings: settingsOf(settings ?? {}),
          ...by,
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
      change(context, ["WIDGET_UPDATED", "Widget"], async (tx, by) => {
        rowKey(id, context);
        await panels.updateWidget(tx, {
          id,
          ...by,
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
      change(context, ["WIDGET_DELETED", "Widget"], async (tx, by) => {
        rowKey(id, context);
        await panels.deleteWidget(tx, { id, ...by });
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
      change(context, ["DASHBOARD_LAID_OUT", "Dashboard"], async (tx, by) => {
        for (const one of [id, ...places.map(({ widgetId }) => widgetId.id)]) rowKey(one, context);
        const moved = places.map(({ widgetId, ...place }) => ({ ...place, widgetId: widgetId.id }));
        await panels.layOut(tx, { id, places: moved, ...by });
        return id;
      }),
  }),
}));
