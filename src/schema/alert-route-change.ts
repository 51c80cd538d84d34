import { audit } from "../access/audit.ts";
import type { WeekDay } from "../alert/local-time.ts";
import { createRoute, deleteRoute, type RouteChange, updateRoute } from "../alert/route-change.ts";
import type { Tx } from "../db.ts";
import { AlertChannel } from "./alert-channel.ts";
import { AlertRoute } from "./alert-route.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { EscalationPolicy } from "./escalation-policy.ts";
import { rowId, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { MatcherInput } from "./silence.ts";

const guard = { authScopes: { permission: "alertSettings.write" as const } };
type Changed = Outcome<string>;

function payload(name: string) {
  return builder.objectRef<Changed>(name).implement({
    description: "The route after the change, or why nothing was changed.",
    fields: (t) => ({
      alertRoute: t.prismaField({
        type: AlertRoute,
        nullable: true,
        description: "As it is now; null when there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).alertRoute.findUnique({ ...query, where: rowKey(value, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const MuteTimeInput = builder.inputType("MuteTimeInput", {
  description: "A time at which a route is quiet.",
  fields: (t) => ({
    name: t.string({ description: "What it is." }),
    days: t.stringList({ description: "On which days it begins, MON to SUN; absent: on all." }),
    dates: t.stringList({ description: "On these dates only, YYYY-MM-DD, e.g. holidays." }),
    from: t.string({ description: "From when on, HH:MM; absent: 00:00." }),
    to: t.string({ description: "Before when, HH:MM; up to `from` it goes over midnight. Absent: midnight." }),
    timeZone: t.string({ required: true, description: "IANA time zone, e.g. America/Chicago." }),
  }),
});

const Input = builder.inputType("AlertRouteInput", {
  description: "A route. When one is changed, what is absent stays.",
  fields: (t) => ({
    name: t.string({ description: "1 to 200 characters, unique. Required of a new one." }),
    parentId: t.globalID({ for: AlertRoute, description: "The route it is below; null: none." }),
    position: t.int({ description: "Its place among the routes beside it; absent: the last." }),
    matchers: t.field({ type: [MatcherInput], description: "Which incidents: all must hold; none: all incidents." }),
    goesOn: t.boolean({ description: "Whether the routes after it are asked too; false unless told." }),
    groupBy: t.stringList({ description: "INCIDENT, RULE, SEVERITY, SUBJECT, TAG; none: as its parent, or INCIDENT." }),
    groupWaitSeconds: t.int({
      description: "How long the first alert of a group waits for others; null: as its parent.",
    }),
    groupIntervalSeconds: t.int({
      description: "How long at least between two messages of a group; null: as its parent.",
    }),
    repeatIntervalSeconds: t.int({
      description: "After how long what nobody acknowledged is told again, 60 or more; null: as its parent.",
    }),
    muteTimes: t.field({ type: [MuteTimeInput], description: "When it is quiet." }),
    tellsResolved: t.boolean({ description: "Whether it tells that an incident is over; true unless told." }),
    escalationPolicyId: t.globalID({
      for: EscalationPolicy,
      description: "By which policy people are called when nobody acknowledges; null: as its parent, or by none.",
    }),
    channelIds: t.globalIDList({ for: AlertChannel, description: "Where it tells; none: as its parent." }),
    template: t.string({
      description: "The name of the templates that word its messages on its own channels; null: Vigil's own words.",
    }),
    expectedRevision: t.int({ description: "The revision you saw: refuses to act on a stale view." }),
  }),
});

function given(input: typeof Input.$inferInput): RouteChange {
  return {
    name: input.name ?? undefined,
    parentId: input.parentId && rowId(input.parentId, ["input", "parentId"]),
    position: input.position ?? undefined,
    matchers: input.matchers ?? undefined,
    goesOn: input.goesOn ?? undefined,
    groupBy: input.groupBy ?? undefined,
    groupWaitS: input.groupWaitSeconds,
    groupIntervalS: input.groupIntervalSeconds,
    repeatIntervalS: input.repeatIntervalSeconds,
    muteTimes: input.muteTimes?.map(({ name, days, dates, from, to, timeZone }) => ({
      name: name ?? undefined,
      days: (days ?? undefined) as WeekDay[] | undefined,
      dates: dates ?? undefined,
      from: from ?? undefined,
      to: to ?? undefined,
      timeZone,
    })),
    tellsResolved: input.tellsResolved ?? undefined,
    escalationPolicyId: input.escalationPolicyId && rowId(input.escalationPolicyId, ["input", "escalationPolicyId"]),
    channelIds: input.channelIds?.map((one, index) => rowId(one, ["input", "channelIds", String(index)])),
    template: input.template,
  };
}

function change(context: Context, action: string, detail: object, work: (tx: Tx, now: number) => Promise<string>) {
  return attempt(() =>
    context.services.change(viewerOf(context).organizationId, async (tx) => {
      const entityId = await work(tx, context.services.now());
      await audit(tx, { actor: auditActorOf(context), action, entityKind: "AlertRoute", entityId, detail });
      return entityId;
    }),
  );
}

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: AlertRoute, description: "The route." });
  const input = t.arg({ type: Input, required: true, description: "The route." });
  return {
    alertRouteCreate: t.field({
      ...guard,
      type: payload("AlertRouteCreatePayload"),
      description: "Makes a route. Errors: BAD_USER_INPUT, CONFLICT.",
      args: { input },
      resolve: (_parent, { input }, context) =>
        change(context, "ALERT_ROUTE_CREATED", input, (tx, now) =>
          createRoute(tx, { ...given(input), name: input.name ?? "" }, now),
        ),
    }),
    alertRouteUpdate: t.field({
      ...guard,
      type: payload("AlertRouteUpdatePayload"),
      description: "Changes a route; what was decided stays. Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT.",
      args: { id, input },
      resolve: (_parent, { id: { id }, input }, context) =>
        change(context, "ALERT_ROUTE_CHANGED", input, async (tx, now) => {
          rowKey(id, context);
          await updateRoute(tx, { ...given(input), id, expectedRevision: input.expectedRevision ?? undefined }, now);
          return id;
        }),
    }),
    alertRouteDelete: t.field({
      ...guard,
      type: payload("AlertRouteDeletePayload"),
      description: "Removes a route; the ledger goes on naming it. Errors: NOT_FOUND, CONFLICT.",
      args: { id },
      resolve: (_parent, { id: { id } }, context) =>
        change(context, "ALERT_ROUTE_DELETED", {}, async (tx, now) => {
          rowKey(id, context);
          await deleteRoute(tx, id, now);
          return id;
        }),
    }),
  };
});
