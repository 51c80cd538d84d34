import { type Contact, type ContactChange, changeContact } from "../alert/contact.ts";
import type { WeekDay } from "../alert/local-time.ts";
import type { Hours } from "../alert/mute-times.ts";
import { isCode, maskOf, numbersOf } from "../alert/numbers.ts";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { auditActorOf, type Context, prismaOf, viewerOf } from "./context.ts";
import { rowKey } from "./page.ts";
import { attempt, type Outcome, UserErrorType } from "./payload.ts";
import { isRowId } from "./row-id.ts";
import { User } from "./user.ts";
import { ViewerType } from "./viewer.ts";

const QuietHoursType = builder.objectRef<Hours>("QuietHours").implement({
  description: "When a person is told only of what is CRITICAL, in their time zone.",
  fields: (t) => ({
    days: t.stringList({
      description: "On which days it begins, MON to SUN; empty: on all.",
      resolve: ({ days }) => [...(days ?? [])],
    }),
    from: t.string({ nullable: true, description: "From when on, HH:MM.", resolve: ({ from }) => from ?? null }),
    to: t.string({ nullable: true, description: "Before when, HH:MM.", resolve: ({ to }) => to ?? null }),
  }),
});

const ContactType = builder.objectRef<Contact>("UserContact").implement({
  description: "How a person wants to be told. Shown to them, and to whoever may read the organization's people.",
  fields: (t) => ({
    phone: t.exposeString("phone", {
      nullable: true,
      description: "For SMS: your own as +15125550100 (E.164), another person's as its last two digits; null: none.",
    }),
    quietHours: t.field({
      type: [QuietHoursType],
      description: "When they are told only of what is CRITICAL; what is held is told afterwards.",
      resolve: ({ quietHours }) => [...quietHours],
    }),
    timeZone: t.exposeString("timeZone", {
      nullable: true,
      description: "The IANA time zone of their quiet hours and messages; null: the organization's.",
    }),
    locale: t.exposeString("locale", {
      nullable: true,
      description: "The language of messages, e.g. en or de-AT; null: en. Only English wording comes with Vigil.",
    }),
  }),
});

interface Row {
  id: string;
  phone: string | null;
  quietHours: unknown;
  timeZone: string | null;
  locale: string | null;
}
const selected = { id: true, phone: true, quietHours: true, timeZone: true, locale: true } as const;

builder.prismaObjectFields(User, (t) => ({
  contact: t.field({
    type: ContactType,
    description: "How they want to be told.",
    select: selected,
    resolve: (row, _args, context) => contactOf(row, context),
  }),
}));

/** The id of the user who asks; undefined: a program, or a token made for nobody. */
function ownId(context: Context): string | undefined {
  const { kind, id } = viewerOf(context);
  return kind === "USER" && isRowId(id) ? id : undefined;
}

/** A number is opened for the person whose it is. */
async function contactOf(row: Row, context: Context): Promise<Contact> {
  const { db, vault } = context.services;
  const { phone } = row;
  const shown = async (code: string): Promise<string | null> => {
    if (row.id !== ownId(context)) return maskOf(code);
    const numbers = await db.inOrganization(viewerOf(context).organizationId, (tx) => numbersOf(tx, vault, [code]));
    return numbers.get(code) ?? null;
  };
  return {
    ...row,
    phone: phone !== null && isCode(phone) ? await shown(phone) : phone,
    quietHours: row.quietHours as Hours[],
  };
}
builder.objectField(ViewerType, "userId", (t) =>
  t.globalID({
    nullable: true,
    description: "The user's id, e.g. to find what is assigned to you; null: you are a program.",
    resolve: (_viewer, _args, context) => {
      const id = ownId(context);
      return id === undefined ? null : { type: "User", id };
    },
  }),
);

builder.objectField(ViewerType, "contact", (t) =>
  t.field({
    type: ContactType,
    nullable: true,
    description: "How you want to be told; null: you are a program.",
    authScopes: { settled: true },
    resolve: async (_viewer, _args, context) => {
      const id = ownId(context);
      if (id === undefined) return null;
      const row = await prismaOf(context).user.findUnique({ where: rowKey(id, context), select: selected });
      return row && contactOf(row, context);
    },
  }),
);

const HoursInput = builder.inputType("QuietHoursInput", {
  description: "When a person is told only of what is CRITICAL.",
  fields: (t) => ({
    days: t.stringList({ description: "On which days it begins, MON to SUN; absent: on all." }),
    from: t.string({ description: "From when on, HH:MM; absent: 00:00." }),
    to: t.string({ description: "Before when, HH:MM; up to `from` it goes over midnight. Absent: midnight." }),
  }),
});
const Input = builder.inputType("UserContactInput", {
  description: "What to change; what is absent stays.",
  fields: (t) => ({
    phone: t.string({ description: "For SMS, as +15125550100 (E.164); null: none." }),
    quietHours: t.field({ type: [HoursInput], description: "They replace those before, at most 20." }),
    timeZone: t.string({ description: "IANA, e.g. America/Chicago; null: the organization's." }),
    locale: t.string({ description: "A language tag such as en or de-AT; null: en." }),
  }),
});

const given = ({ phone, quietHours, timeZone, locale }: typeof Input.$inferInput): ContactChange => ({
  phone,
  timeZone,
  locale,
  quietHours: quietHours?.map(({ days, from, to }) => ({
    ...(days ? { days: days as WeekDay[] } : {}),
    ...(from == null ? {} : { from }),
    ...(to == null ? {} : { to }),
  })),
});

function payload(name: string) {
  return builder.objectRef<Outcome<string>>(name).implement({
    description: "The settings after the change, or why nothing was changed.",
    fields: (t) => ({
      contact: t.field({
        type: ContactType,
        nullable: true,
        description: "As they are now; null when there are user errors.",
        resolve: async ({ value }, _args, context) => {
          if (!value) return null;
          const row = await prismaOf(context).user.findUnique({ where: rowKey(value, context), select: selected });
          return row && contactOf(row, context);
        },
      }),
      userErrors: t.field({
        type: [UserErrorType],
        description: "Why nothing was changed.",
        resolve: (it) => it.userErrors,
      }),
    }),
  });
}

const change = (context: Context, id: string, input: typeof Input.$inferInput) =>
  attempt(async () => {
    rowKey(id, context);
    const { organizationId } = viewerOf(context);
    const { vault, now } = context.services;
    const by = { actor: auditActorOf(context), vault, now: now() };
    await context.services.change(organizationId, (tx) => changeContact(tx, id, given(input), by));
    return id;
  });

builder.mutationFields((t) => {
  const input = t.arg({ type: Input, required: true, description: "What to change." });
  return {
    viewerContactUpdate: t.field({
      type: payload("ViewerContactUpdatePayload"),
      description: "Changes how you are told. Errors: BAD_USER_INPUT.",
      authScopes: { settled: true },
      args: { input },
      resolve: (_parent, { input }, context) => {
        const id = ownId(context);
        if (id === undefined) throw new VigilError("FORBIDDEN", "Contact settings are for people who sign in");
        return change(context, id, input);
      },
    }),
    userContactUpdate: t.field({
      type: payload("UserContactUpdatePayload"),
      description: "Changes how a user is told. Errors: NOT_FOUND, BAD_USER_INPUT.",
      authScopes: { permission: "user.write" },
      args: { id: t.arg.globalID({ required: true, for: User, description: "The user." }), input },
      resolve: (_parent, { id: { id }, input }, context) => change(context, id, input),
    }),
  };
});
