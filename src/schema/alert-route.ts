import type { MuteTime } from "../alert/mute-times.ts";
import type { Hold } from "../alert/route.ts";
import { previewRoutes, type RoutePreview } from "../alert/route-preview.ts";
import { failing, inOrder, type Route } from "../alert/route-tree.ts";
import { HoldType } from "./alert.ts";
import { AlertChannel } from "./alert-channel.ts";
import { builder } from "./builder.ts";
import { prismaOf, viewerOf } from "./context.ts";
import { describedEnum } from "./enums.ts";
import { Incident } from "./incident.ts";
import { rowKey } from "./page.ts";
import { MatcherType, matchersKey, matchersOf, matcherValue } from "./silence.ts";

const read = { authScopes: { permission: "alertSettings.read" as const } };

const MuteTimeType = builder.objectRef<MuteTime>("MuteTime").implement({
  description: "A time at which a route is quiet.",
  fields: (t) => ({
    name: t.string({ nullable: true, description: "What it is.", resolve: ({ name }) => name ?? null }),
    days: t.stringList({
      description: "On which days it begins; empty: on all.",
      resolve: ({ days }) => [...(days ?? [])],
    }),
    dates: t.stringList({
      description: "On these dates only; empty: on all.",
      resolve: ({ dates }) => [...(dates ?? [])],
    }),
    from: t.string({ nullable: true, description: "From when on, HH:MM.", resolve: ({ from }) => from ?? null }),
    to: t.string({ nullable: true, description: "Before when, HH:MM.", resolve: ({ to }) => to ?? null }),
    timeZone: t.exposeString("timeZone", { description: "The IANA time zone of all that." }),
  }),
});

export const AlertRoute = builder.prismaNode("AlertRoute", {
  id: { resolve: (route) => route.id, description: "The route's id." },
  description:
    "Which incidents go to which channels, how they are grouped, and who is called when nobody acknowledges.",
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  ...read,
  fields: (t) => ({
    name: t.exposeString("name", { description: "Its name, for people." }),
    parent: t.relation("parent", { nullable: true, description: "The route it is below; null: none." }),
    position: t.exposeInt("position", { description: "Its place among the routes beside it." }),
    matchers: t.field({
      type: [MatcherType],
      description: "Which incidents: all must hold; none: all incidents.",
      resolve: ({ id, matchers }) => matchersOf(matchersKey("route", id), matchers),
    }),
    goesOn: t.exposeBoolean("goesOn", { description: "Whether the routes after it are asked too." }),
    groupBy: t.exposeStringList("groupBy", {
      description: "What incidents told together have in common; empty: as its parent.",
    }),
    groupWaitSeconds: t.exposeInt("groupWaitS", {
      nullable: true,
      description: "How long the first alert of a group waits for others.",
    }),
    groupIntervalSeconds: t.exposeInt("groupIntervalS", {
      nullable: true,
      description: "How long at least between two messages of a group.",
    }),
    repeatIntervalSeconds: t.exposeInt("repeatIntervalS", {
      nullable: true,
      description: "After how long what nobody acknowledged is told again.",
    }),
    muteTimes: t.field({
      type: [MuteTimeType],
      description: "When it is quiet: its alerts are held until then.",
      resolve: ({ muteTimes }) => muteTimes as unknown as MuteTime[],
    }),
    tellsResolved: t.exposeBoolean("tellsResolved", { description: "Whether it tells that an incident is over." }),
    escalationPolicy: t.relation("escalationPolicy", {
      nullable: true,
      description: "By which policy people are called when nobody acknowledges; null: as its parent, or by none.",
    }),
    channels: t.field({
      type: [AlertChannel],
      description: "Where it tells; none: as its parent.",
      select: (_args, _context, nested) => ({
        channels: { select: { channel: nested({ select: { name: true, removedAt: true } }) } },
      }),
      resolve: ({ channels }) =>
        channels
          .map(({ channel }) => channel as typeof AlertChannel.$inferType) // with what is asked of it
          .filter(({ removedAt }) => removedAt === null)
          .sort((one, other) => (one.name < other.name ? -1 : 1)),
    }),
    template: t.string({
      nullable: true,
      description: "The name of the templates that word its messages on its own channels; null: Vigil's own words.",
      select: { channels: { select: { template: { select: { name: true } } } } },
      resolve: ({ channels }) => channels.find(({ template }) => template !== null)?.template?.name ?? null,
    }),
    revision: t.exposeInt("revision", { description: "Grows by one with every change." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it last changed." }),
  }),
});

builder.queryField("alertRoutes", (t) =>
  t.prismaField({
    type: [AlertRoute],
    description: "All routes, each before those below it, in the order in which they are asked.",
    ...read,
    resolve: async (query, _parent, _args, context) => {
      const { organizationId } = viewerOf(context);
      const routes = await prismaOf(context).alertRoute.findMany({
        ...query,
        where: { organizationId, removedAt: null },
      });
      return inOrder(routes as unknown as Route[]) as unknown as typeof routes;
    },
  }),
);

const VerdictEnum = describedEnum<RoutePreview["verdicts"][0]["verdict"]>(
  "AlertRouteVerdict",
  "What became of a route.",
  {
    TELLS: "It tells.",
    PASSED_ON: "A route below it tells.",
    NO_MATCH: "A matcher does not hold.",
    NOT_ASKED: "Another route took the incident, or the one above does not match.",
  },
);
const VerdictType = builder.objectRef<RoutePreview["verdicts"][0]>("AlertRouteAsked").implement({
  description: "What became of one route.",
  fields: (t) => ({
    name: t.string({ description: "The route.", resolve: ({ route }) => route.name }),
    verdict: t.expose("verdict", { type: VerdictEnum, description: "What became of it." }),
    reason: t.string({
      description: "Why, in words.",
      resolve: async ({ route: { id }, reason, fails }, _args, context) => {
        if (!fails) return reason;
        const value = await matcherValue({ ...fails, key: matchersKey("route", id) }, context);
        return failing({ ...fails, value });
      },
    }),
  }),
});
const PreviewedAlert = builder.objectRef<RoutePreview["alerts"][0]>("AlertRoutePreviewAlert").implement({
  description: "Somebody who would be told.",
  fields: (t) => ({
    channel: t.exposeString("channel", { description: "The channel's name." }),
    recipient: t.exposeString("recipient", { description: "Its recipient; empty: it has but one." }),
    route: t.exposeString("route", {
      nullable: true,
      description: "By which route; null: none matches, so every channel is told.",
    }),
    waitSeconds: t.exposeInt("waitS", { description: "After how many seconds." }),
    heldBy: t.field({
      type: [HoldType],
      description: "What would hold it back.",
      resolve: ({ heldBy }): Hold[] => heldBy,
    }),
  }),
});
const PreviewType = builder.objectRef<RoutePreview>("AlertRoutePreview").implement({
  description: "Who would be told of an incident now, and why not.",
  fields: (t) => ({
    routes: t.field({ type: [VerdictType], description: "Every route.", resolve: ({ verdicts }) => verdicts }),
    alerts: t.field({ type: [PreviewedAlert], description: "Who would be told.", resolve: ({ alerts }) => alerts }),
    notTold: t.exposeString("notTold", {
      nullable: true,
      description: "Why nobody is told; null: somebody is, or is called later.",
    }),
  }),
});

builder.queryField("alertRoutePreview", (t) =>
  t.field({
    type: PreviewType,
    description: "Who would be told of an incident if it were opened now. Errors: NOT_FOUND.",
    ...read,
    args: { incidentId: t.arg.globalID({ required: true, for: Incident, description: "The incident." }) },
    resolve: (_parent, { incidentId: { id } }, context) => {
      rowKey(id, context);
      const { db, now } = context.services;
      return db.inOrganization(viewerOf(context).organizationId, (tx) => previewRoutes(tx, id, now()));
    },
  }),
);
