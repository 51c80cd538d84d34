import type { Incident as Row } from "../generated/prisma/client.ts";
import {
  type Clock,
  type ClockKind,
  type ClockState,
  clocksOf,
  type ResponseTimes,
  responseTimes,
} from "../incident/clocks.ts";
import { relatedIncidents } from "../incident/related.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";
import { describedEnum } from "./enums.ts";
import { Incident } from "./incident.ts";
import { Person } from "./incident-assignee.ts";
import { mayReadPatients } from "./phi.ts";
import { plainOne } from "./plain.ts";

export const ClockKindEnum = describedEnum<ClockKind>("IncidentClockKind", "What people may take their time for.", {
  ACKNOWLEDGE: "Until somebody has seen it.",
  CONTAIN: "Until it does no further harm.",
  RESOLVE: "Until it is over.",
});

const ClockStateEnum = describedEnum<ClockState>("IncidentClockState", "Where a clock stands.", {
  RUNNING: "There is time left.",
  MET: "It was done in time.",
  BREACHED: "It is not done, and the time is over.",
  LATE: "It was done after the time was over.",
});

const ClockType = builder.objectRef<Clock>("IncidentClock").implement({
  description: "How long people may take for something, and where that stands.",
  fields: (t) => ({
    kind: t.expose("kind", { type: ClockKindEnum, description: "What for." }),
    dueAt: t.expose("dueAt", { type: "DateTime", description: "Until when." }),
    doneAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it was done; null: not yet.",
      resolve: ({ doneAt }) => doneAt ?? null,
    }),
    state: t.expose("state", { type: ClockStateEnum, description: "Where it stands." }),
  }),
});

const timesOfRequest = new WeakMap<Context, Promise<ResponseTimes>>();

/** The organization's response times, read once a request. */
function timesOf(context: Context): Promise<ResponseTimes> {
  let times = timesOfRequest.get(context);
  if (!times) {
    times = context.services.db
      .query<{ response_times: ResponseTimes }>(
        viewerOf(context).organizationId,
        "SELECT response_times FROM organizations WHERE id = $1",
        [viewerOf(context).organizationId],
      )
      .then(({ rows }) => responseTimes(rows[0]?.response_times ?? {}));
    timesOfRequest.set(context, times);
  }
  return times;
}

builder.prismaObjectFields(Incident, (t) => ({
  clocks: t.field({
    type: [ClockType],
    description: "How long people may take to acknowledge, contain and resolve it, and where that stands.",
    select: {
      severity: true,
      status: true,
      openedAt: true,
      reopenedAt: true,
      acknowledgedAt: true,
      containedAt: true,
      resolvedAt: true,
    },
    resolve: async (incident, _args, context) => clocksOf(incident, await timesOf(context), context.services.now()),
  }),
  assignee: t.relation("assignee", {
    extensions: plainOne("users", "assignee_id"),
    type: Person,
    nullable: true,
    description: "Who works on it.",
  }),
  containedAt: t.expose("containedAt", { type: "DateTime", nullable: true, description: "When it was contained." }),
  containedBy: t.exposeString("containedBy", { nullable: true, description: "Who said that it was contained." }),
  closedAt: t.expose("closedAt", { type: "DateTime", nullable: true, description: "When it was closed." }),
  closedBy: t.exposeString("closedBy", { nullable: true, description: "Who closed it." }),
  reopenedAt: t.expose("reopenedAt", {
    type: "DateTime",
    nullable: true,
    description: "When it was last opened again.",
  }),
  mergedInto: t.relation("mergedInto", {
    type: Incident,
    nullable: true,
    description: "Where it lives on, if it was merged.",
  }),
  merged: t.relation("merged", {
    type: Incident,
    description: "The incidents that live on in it; the first 100 by number.",
    query: { orderBy: { number: "asc" }, take: 100 },
  }),
}));

const mostRelated = 20;

/** Of all incidents of a page in two statements. That two are about one patient tells of the patient. */
const related = batched<Row[]>(async (context, incidents) => {
  const { organizationId } = viewerOf(context);
  const { rows } = await context.services.db.query<{ owner: string; ids: string[] }>(organizationId, relatedIncidents, [
    organizationId,
    incidents,
    mostRelated,
    await mayReadPatients(context),
  ]);
  const all = [...new Set(rows.flatMap(({ ids }) => ids))];
  if (all.length === 0) return new Map();
  const found = await prismaOf(context).incident.findMany({ where: { organizationId, id: { in: all } } });
  const byId = new Map(found.map((one) => [one.id, one]));
  return new Map(rows.map(({ owner, ids }) => [owner, ids.flatMap((id) => byId.get(id) ?? [])]));
});

builder.prismaObjectFields(Incident, (t) => ({
  related: t.field({
    type: [Incident],
    description:
      "Incidents about the same users, addresses or other subjects, those that share most first; at most 20.",
    resolve: async ({ id }, _args, context) => (await related(context, id)) ?? [],
  }),
}));
