import { audit } from "../access/audit.ts";
import type { WeekDay } from "../alert/local-time.ts";
import type { Layer } from "../alert/on-call.ts";
import {
  createOverride,
  createSchedule,
  deleteOverride,
  deleteSchedule,
  updateSchedule,
  voidCalendarLinks,
} from "../alert/schedule-change.ts";
import type { ScheduleChange } from "../alert/schedule-check.ts";
import type { Tx } from "../db.ts";
import { builder } from "./builder.ts";
import { actorOf, auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { OnCallOverride, OnCallSchedule } from "./on-call.ts";
import { rowId, rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { User } from "./user.ts";

const guard = { authScopes: { permission: "alertSettings.write" as const } };

type Changed = Outcome<{ id: string; url?: string }>;

function payload(name: string) {
  return builder.objectRef<Changed>(name).implement({
    description: "The schedule after the change, or why nothing was changed.",
    fields: (t) => ({
      onCallSchedule: t.prismaField({
        type: OnCallSchedule,
        nullable: true,
        description: "As it is now, with its warnings; null when it was removed, or there are user errors.",
        resolve: (query, { value }, _args, context) =>
          value ? prismaOf(context).onCallSchedule.findUnique({ ...query, where: rowKey(value.id, context) }) : null,
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const HoursInput = builder.inputType("OnCallHoursInput", {
  description: "When a layer applies.",
  fields: (t) => ({
    days: t.stringList({ description: "On which days it begins, MON to SUN; absent: on all." }),
    from: t.string({ description: "From when on, HH:MM; absent: 00:00." }),
    to: t.string({ description: "Before when, HH:MM; up to `from` it goes over midnight. Absent: midnight." }),
  }),
});
const LayerInput = builder.inputType("OnCallLayerInput", {
  description: "People who take turns.",
  fields: (t) => ({
    name: t.string({ required: true, description: "1 to 100 characters, e.g. Nights." }),
    userIds: t.globalIDList({
      required: true,
      for: User,
      description: "Who takes turns, in their order: 1 to 100 users.",
    }),
    startsOn: t.string({ required: true, description: "The date of the first hand-over, YYYY-MM-DD." }),
    handOver: t.string({ description: "The time of every hand-over, HH:MM by the wall's clock; 09:00 unless told." }),
    turnDays: t.int({ description: "How many days a turn lasts, 1 to 90; 7 unless told." }),
    hours: t.field({ type: [HoursInput], description: "When it applies; absent: always." }),
  }),
});
const ScheduleInput = builder.inputType("OnCallScheduleInput", {
  description: "An on-call schedule. When one is changed, what is absent stays; a new one needs all.",
  fields: (t) => ({
    name: t.string({ description: "1 to 200 characters, unique." }),
    timeZone: t.string({ description: "The IANA time zone of its hours and hand-overs, e.g. America/Chicago." }),
    layers: t.field({
      type: [LayerInput],
      description: "1 to 20; the later one wins where it applies. They replace those before.",
    }),
    expectedRevision: t.int({ description: "The revision you saw: refuses to act on a stale view." }),
  }),
});
const OverrideInput = builder.inputType("OnCallOverrideInput", {
  description: "One person in the place of whoever would be on call.",
  fields: (t) => ({
    scheduleId: t.globalID({ required: true, for: OnCallSchedule, description: "By which schedule." }),
    userId: t.globalID({ required: true, for: User, description: "Who is on call." }),
    startsAt: t.field({ type: "DateTime", required: true, description: "From when on." }),
    endsAt: t.field({ type: "DateTime", required: true, description: "Until when: within 90 days after that." }),
  }),
});

const given = (input: typeof ScheduleInput.$inferInput): ScheduleChange => ({
  name: input.name ?? undefined,
  timeZone: input.timeZone ?? undefined,
  layers: input.layers?.map(
    ({ name, userIds, startsOn, handOver, turnDays, hours }, index): Layer => ({
      name,
      users: userIds.map((one, n) => rowId(one, ["input", "layers", String(index), "userIds", String(n)])),
      startsOn,
      handOver: handOver ?? "09:00",
      turnDays: turnDays ?? 7,
      hours: (hours ?? []).map(({ days, from, to }) => ({
        ...(days ? { days: days as WeekDay[] } : {}),
        ...(from == null ? {} : { from }),
        ...(to == null ? {} : { to }),
      })),
    }),
  ),
});

function change<T extends { id: string }>(
  context: Context,
  action: string,
  detail: object,
  work: (tx: Tx, now: number) => Promise<T>,
) {
  return attempt(() =>
    context.services.change(viewerOf(context).organizationId, async (tx) => {
      const done = await work(tx, context.services.now());
      const entry = { actor: auditActorOf(context), action, entityKind: "OnCallSchedule", entityId: done.id };
      await audit(tx, { ...entry, detail });
      return done;
    }),
  );
}

const CalendarPayload = payload("OnCallCalendarRenewPayload");
builder.objectField(CalendarPayload, "url", (t) =>
  t.string({
    nullable: true,
    description:
      "The calendar's secret link (iCalendar). It is shown here and never again: whoever has it can read it.",
    resolve: ({ value }) => value?.url ?? null,
  }),
);

builder.mutationFields((t) => {
  const id = t.arg.globalID({ required: true, for: OnCallSchedule, description: "The schedule." });
  const input = t.arg({ type: ScheduleInput, required: true, description: "The schedule." });
  return {
    onCallScheduleCreate: t.field({
      ...guard,
      type: payload("OnCallScheduleCreatePayload"),
      description: "Makes an on-call schedule. Errors: BAD_USER_INPUT, CONFLICT.",
      args: { input },
      resolve: (_parent, { input }, context) =>
        change(context, "ON_CALL_SCHEDULE_CREATED", input, async (tx, now) => {
          const { name = "", timeZone = "", layers = [] } = given(input);
          return { id: await createSchedule(tx, { name, timeZone, layers }, now) };
        }),
    }),
    onCallScheduleUpdate: t.field({
      ...guard,
      type: payload("OnCallScheduleUpdatePayload"),
      description: "Changes an on-call schedule, at once. Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT.",
      args: { id, input },
      resolve: (_parent, { id: { id }, input }, context) =>
        change(context, "ON_CALL_SCHEDULE_CHANGED", input, async (tx, now) => {
          rowKey(id, context);
          const expectedRevision = input.expectedRevision ?? undefined;
          await updateSchedule(tx, { ...given(input), id, expectedRevision }, now);
          return { id };
        }),
    }),
    onCallScheduleDelete: t.field({
      ...guard,
      type: payload("OnCallScheduleDeletePayload"),
      description: "Removes a schedule with its overrides. Errors: NOT_FOUND, CONFLICT (a policy tells by it).",
      args: { id },
      resolve: (_parent, { id: { id } }, context) =>
        change(context, "ON_CALL_SCHEDULE_DELETED", {}, async (tx) => {
          rowKey(id, context);
          await deleteSchedule(tx, id);
          return { id };
        }),
    }),
    onCallOverrideCreate: t.field({
      ...guard,
      type: payload("OnCallOverrideCreatePayload"),
      description:
        "Puts one person in the place of whoever would be on call. Errors: NOT_FOUND, BAD_USER_INPUT, CONFLICT.",
      args: { input: t.arg({ type: OverrideInput, required: true, description: "The override." }) },
      resolve: (_parent, { input: { scheduleId, userId, startsAt, endsAt } }, context) => {
        const override = { scheduleId: scheduleId.id, userId: userId.id, startsAt, endsAt };
        return change(context, "ON_CALL_OVERRIDE_CREATED", override, async (tx, now) => {
          for (const one of [scheduleId.id, userId.id]) rowKey(one, context);
          await createOverride(tx, override, { author: actorOf(context), now });
          return { id: scheduleId.id };
        });
      },
    }),
    onCallOverrideDelete: t.field({
      ...guard,
      type: payload("OnCallOverrideDeletePayload"),
      description: "Removes an override: the layers say again who is on call. Errors: NOT_FOUND.",
      args: { id: t.arg.globalID({ required: true, for: OnCallOverride, description: "The override." }) },
      resolve: (_parent, { id: { id } }, context) =>
        change(context, "ON_CALL_OVERRIDE_DELETED", { overrideId: id }, async (tx) => {
          rowKey(id, context);
          return { id: await deleteOverride(tx, id) };
        }),
    }),
    onCallCalendarRenew: t.field({
      ...guard,
      type: CalendarPayload,
      description: "Makes a new secret link to the schedule's calendar; those before stop working. Errors: NOT_FOUND.",
      args: { id },
      resolve: (_parent, { id: { id } }, context) =>
        change(context, "ON_CALL_CALENDAR_RENEWED", {}, async (tx) => {
          rowKey(id, context);
          const revision = await voidCalendarLinks(tx, id, true);
          const { outside } = context.services.alerting;
          return { id, url: outside.calendarUrl({ organizationId: tx.organizationId, scheduleId: id, revision }) };
        }),
    }),
    onCallCalendarRevoke: t.field({
      ...guard,
      type: payload("OnCallCalendarRevokePayload"),
      description: "Withdraws every link to the schedule's calendar. Errors: NOT_FOUND.",
      args: { id },
      resolve: (_parent, { id: { id } }, context) =>
        change(context, "ON_CALL_CALENDAR_REVOKED", {}, async (tx) => {
          rowKey(id, context);
          await voidCalendarLinks(tx, id, false);
          return { id };
        }),
    }),
  };
});
