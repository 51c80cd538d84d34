import type { WeekDay } from "../alert/local-time.ts";
import type { Hours } from "../alert/mute-times.ts";
import type { Layer, Shift } from "../alert/on-call.ts";
import { type OnCallNow, readOnCall } from "../alert/on-call-read.ts";
import { readScheduleWarnings } from "../alert/schedule-warnings.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";
import { Person } from "./incident-assignee.ts";
import { rowKey } from "./page.ts";

const read = { authScopes: { permission: "alertSettings.read" as const } };

const person = (query: object, id: string, context: Context) =>
  prismaOf(context).user.findUnique({ ...query, where: rowKey(id, context) });

const HoursType = builder.objectRef<Hours>("OnCallHours").implement({
  description: "When a layer applies, in its schedule's time zone.",
  fields: (t) => ({
    days: t.stringList({
      description: "On which days it begins, MON to SUN; empty: on all.",
      resolve: ({ days }) => [...(days ?? [])] as WeekDay[],
    }),
    from: t.string({ nullable: true, description: "From when on, HH:MM.", resolve: ({ from }) => from ?? null }),
    to: t.string({ nullable: true, description: "Before when, HH:MM.", resolve: ({ to }) => to ?? null }),
  }),
});

const LayerType = builder.objectRef<Layer>("OnCallLayer").implement({
  description: "People who take turns.",
  ...read,
  fields: (t) => ({
    name: t.exposeString("name", { description: "Its name, e.g. Nights." }),
    users: t.prismaField({
      type: [Person],
      description: "Who takes turns, in their order.",
      resolve: async (query, { users }, _args, context) => {
        const found = await Promise.all(users.map((id) => person(query, id, context)));
        return found.filter((one) => one !== null);
      },
    }),
    startsOn: t.exposeString("startsOn", { description: "The date of its first hand-over, YYYY-MM-DD." }),
    handOver: t.exposeString("handOver", { description: "The time of every hand-over, HH:MM by the wall's clock." }),
    turnDays: t.exposeInt("turnDays", { description: "How many days a turn lasts." }),
    hours: t.field({
      type: [HoursType],
      description: "When it applies; empty: always.",
      resolve: ({ hours }) => [...hours],
    }),
  }),
});

export const OnCallOverride = builder.prismaNode("OnCallOverride", {
  id: { resolve: ({ id }) => id, description: "The override's id." },
  description: "One person in the place of whoever would be on call, for a time.",
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  ...read,
  fields: (t) => ({
    user: t.relation("user", { type: Person, description: "Who is on call." }),
    startsAt: t.expose("startsAt", { type: "DateTime", description: "From when on." }),
    endsAt: t.expose("endsAt", { type: "DateTime", description: "Until when." }),
    author: t.exposeString("author", { description: "Who made it." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
  }),
});

const warnings = batched((context, ids) => {
  const { db, now } = context.services;
  return db.inOrganization(viewerOf(context).organizationId, (tx) => readScheduleWarnings(tx, ids, now()));
});

export const OnCallSchedule = builder.prismaNode("OnCallSchedule", {
  id: { resolve: ({ id }) => id, description: "The schedule's id." },
  description: "Who is on call when: layers of people who take turns, of which the later one wins where it applies.",
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  ...read,
  fields: (t) => ({
    name: t.exposeString("name", { description: "Its name, for people." }),
    timeZone: t.exposeString("timeZone", { description: "The IANA time zone of its hours and hand-overs." }),
    layers: t.field({
      type: [LayerType],
      description: "The later one wins where it applies.",
      resolve: ({ layers }) => layers as unknown as Layer[],
    }),
    overrides: t.relation("overrides", {
      description: "What takes precedence over the layers and has not ended, the earliest first; at most 100.",
      query: (_args, context) => ({
        where: { endsAt: { gt: new Date(context.services.now()) } },
        orderBy: [{ startsAt: "asc" }, { id: "asc" }],
        take: 100,
      }),
    }),
    warnings: t.stringList({
      description: "Times within four weeks at which nobody is on call, and people who are suspended, in words.",
      resolve: async ({ id }, _args, context) => (await warnings(context, id))?.warnings ?? [],
    }),
    hasCalendar: t.boolean({
      description: "Whether there is a secret link to its calendar: see `onCallCalendarRenew`.",
      resolve: ({ calendarRevision }) => calendarRevision > 0,
    }),
    revision: t.exposeInt("revision", { description: "Grows by one with every change." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it last changed." }),
  }),
});

builder.queryField("onCallSchedules", (t) =>
  t.prismaField({
    type: [OnCallSchedule],
    description: "All on-call schedules, by name.",
    ...read,
    resolve: (query, _parent, _args, context) =>
      prismaOf(context).onCallSchedule.findMany({
        ...query,
        where: { organizationId: viewerOf(context).organizationId },
        orderBy: [{ name: "asc" }, { id: "asc" }],
      }),
  }),
);

const ShiftType = builder.objectRef<Shift>("OnCallShift").implement({
  description: "A time without a change of who is on call.",
  ...read,
  fields: (t) => ({
    user: t.prismaField({
      type: Person,
      nullable: true,
      description: "Who is on call; null: nobody.",
      resolve: (query, { userId }, _args, context) => (userId ? person(query, userId, context) : null),
    }),
    from: t.field({ type: "DateTime", description: "From when on.", resolve: ({ from }) => new Date(from) }),
    to: t.field({
      type: "DateTime",
      description: "Until when, as far as was looked.",
      resolve: ({ to }) => new Date(to),
    }),
  }),
});

const OnCallType = builder.objectRef<OnCallNow>("OnCall").implement({
  description: "Who is on call at a moment, what says so, and who is next.",
  ...read,
  fields: (t) => ({
    at: t.field({ type: "DateTime", description: "The moment.", resolve: ({ at }) => new Date(at) }),
    user: t.prismaField({
      type: Person,
      nullable: true,
      description: "Who is on call; null: nobody.",
      resolve: (query, { duty }, _args, context) => (duty ? person(query, duty.userId, context) : null),
    }),
    layer: t.string({
      nullable: true,
      description: "The layer that says so; null: an override does, or nobody is on call.",
      resolve: ({ duty }) => duty?.layer ?? null,
    }),
    isOverride: t.boolean({
      description: "Whether an override says so.",
      resolve: ({ duty }) => duty !== null && duty.layer === null,
    }),
    until: t.field({
      type: "DateTime",
      nullable: true,
      description: "The next hand-over; null: none within four weeks.",
      resolve: ({ shifts }) => (shifts[1] ? new Date(shifts[1].from) : null),
    }),
    next: t.field({
      type: [ShiftType],
      description: "Who is on call after that, within four weeks; at most 20.",
      resolve: ({ shifts }) => shifts.slice(1, 21),
    }),
  }),
});

builder.queryField("onCall", (t) =>
  t.field({
    type: OnCallType,
    nullable: true,
    description: "Who is on call by a schedule, and what says so; null: there is no such schedule.",
    ...read,
    args: {
      scheduleId: t.arg.globalID({ required: true, for: OnCallSchedule, description: "The schedule." }),
      at: t.arg({ type: "DateTime", description: "The moment; absent: now." }),
    },
    resolve: async (_parent, { scheduleId: { id }, at }, context) => {
      rowKey(id, context);
      const { db, now } = context.services;
      const moment = at?.getTime() ?? now();
      const { organizationId } = viewerOf(context);
      return (await db.inOrganization(organizationId, (tx) => readOnCall(tx, id, moment))) ?? null;
    },
  }),
);
