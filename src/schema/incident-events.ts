import { builder } from "./builder.ts";
import { type Context, type FeedChange, prismaOf } from "./context.ts";
import type { Filter } from "./filter.ts";
import { fittingIncidents, Incident, IncidentFilter } from "./incident.ts";
import { followFeed } from "./live.ts";
import { rowKey } from "./page.ts";
import { shared } from "./shared.ts";

const IncidentEvent = builder.objectRef<FeedChange>("IncidentEvent").implement({
  description: "One change of one incident.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "Give it as `after` to go on exactly behind this change." }),
    kind: t.exposeString("kind", {
      description: "What changed, e.g. OPENED or RESOLVED. CURSOR_EXPIRED: `after` is too old, read everything anew.",
    }),
    at: t.expose("at", { type: "DateTime", description: "When it changed." }),
    incident: t.prismaField({
      type: Incident,
      nullable: true,
      description: "The incident as it is now; null for CURSOR_EXPIRED.",
      resolve: (query, { entityId }, _args, context) =>
        entityId === undefined
          ? null
          : prismaOf(context).incident.findUnique({ ...query, where: rowKey(entityId, context) }),
    }),
  }),
});

/** That the cursor has expired is for everybody. */
async function fitting(
  context: Context,
  filter: Filter | null | undefined,
  changes: readonly FeedChange[],
): Promise<readonly FeedChange[]> {
  if (!filter) return changes;
  const ids = new Set(changes.flatMap(({ entityId }) => entityId ?? []));
  const fit = await fittingIncidents(context, filter, [...ids]);
  return changes.filter(({ entityId }) => entityId === undefined || fit.has(entityId));
}

builder.subscriptionField("incidentEvents", (t) =>
  t.field({
    type: IncidentEvent,
    description: "Durable: every change of every incident, in order and without gaps.",
    authScopes: { permission: "incident.read" },
    extensions: shared({
      permission: "incident.read",
      durable: "incident",
      fitting: (context, { filter }, changes) => fitting(context, filter as Filter | null | undefined, changes),
    }),
    args: {
      after: t.arg.string({ description: "Resume behind this cursor; absent: from now on." }),
      filter: t.arg({
        type: IncidentFilter,
        description:
          "Only of incidents that fit as they are when the change is told: that one fits no more is not told.",
      }),
    },
    subscribe: (_parent, { after, filter }, context) =>
      followFeed(context, "incident.read", "incident", after, (changes) => fitting(context, filter, changes)),
    resolve: (event) => event,
  }),
);
