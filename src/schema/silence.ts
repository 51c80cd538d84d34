import type { Matchable, Matcher, matcherFields, matcherOperators } from "../alert/matcher.ts";
import { previewSilence, type SilencePreview } from "../alert/silence-preview.ts";
import { type SilenceState, silenceState } from "../alert/silences.ts";
import { wordsKey } from "../audit/phi-read.ts";
import { builder } from "./builder.ts";
import { type Context, prismaOf, viewerOf } from "./context.ts";
import { describedEnum } from "./enums.ts";
import * as filters from "./filter.ts";
import { Incident } from "./incident.ts";
import { listOf } from "./list.ts";
import { orderInput, paged, rowKey } from "./page.ts";
import { mark, mayReadPatients, patientsAmong } from "./phi.ts";

const FieldEnum = describedEnum<(typeof matcherFields)[number]>("MatcherField", "What a matcher looks at.", {
  SEVERITY: "How bad the incident is.",
  RULE: "The reference of the rule that opened it.",
  TITLE: "What happened, in a line.",
  TAG: "Any of its tags.",
  SUBJECT: "Any of its subjects, by key: a user's name, an address, a patient's pseudonym.",
  FINGERPRINT: "What its detections have in common.",
});

const OperatorEnum = describedEnum<(typeof matcherOperators)[number]>("MatcherOperator", "How a matcher compares.", {
  EQUALS: "Is the value exactly; of a list: one is.",
  NOT_EQUALS: "Is not the value; of a list: none is.",
  CONTAINS: "Contains the value, whatever its case.",
  STARTS_WITH: "Starts with the value, whatever its case.",
  AT_LEAST: "Is this severity or a worse one.",
});

const StateEnum = describedEnum<SilenceState>("SilenceState", "Where a silence is in its life.", {
  PENDING: "It has not started.",
  ACTIVE: "It keeps alerts quiet.",
  EXPIRED: "It has ended.",
});

const telling: readonly Matcher["field"][] = ["TITLE", "SUBJECT", "FINGERPRINT"]; // they hold the keys of subjects

/** A matcher that is read; the reading goes into the audit log under `key`. */
interface ReadMatcher extends Matcher {
  key: string;
}

/** The key under which it is noted that matchers of this row were read. */
export const matchersKey = (kind: "silence" | "route" | "inhibition", id: string): string => `${wordsKey}${kind}:${id}`;

/** Matchers as a row has them, for whoever reads them. */
export const matchersOf = (key: string, matchers: unknown): ReadMatcher[] =>
  (matchers as Matcher[]).map((matcher) => ({ ...matcher, key }));

/**
 * A matcher's value. What is compared with subjects may name a patient: it is withheld from whoever may not read
 * patients' data, and noted for the audit log where others read it.
 */
export async function matcherValue({ field, value, key }: ReadMatcher, context: Context): Promise<string> {
  if (!telling.includes(field)) return value;
  if (!(await mayReadPatients(context))) return mark;
  context.patients?.add(key); // whether it names one is not known
  return value;
}

export const MatcherType = builder.objectRef<ReadMatcher>("Matcher").implement({
  description: "One condition on an incident.",
  fields: (t) => ({
    field: t.expose("field", { type: FieldEnum, description: "What it looks at." }),
    operator: t.expose("operator", { type: OperatorEnum, description: "How it compares." }),
    value: t.string({
      description: "With what.",
      resolve: (matcher, _args, context) => matcherValue(matcher, context),
    }),
  }),
});

export const MatcherInput = builder.inputType("MatcherInput", {
  description: "One condition on an incident.",
  fields: (t) => ({
    field: t.field({ type: FieldEnum, required: true, description: "What it looks at." }),
    operator: t.field({ type: OperatorEnum, required: true, description: "How it compares." }),
    value: t.string({ required: true, description: "With what: 1 to 500 characters; of SEVERITY a severity." }),
  }),
});

export const Silence = builder.prismaNode("Silence", {
  id: { resolve: (silence) => silence.id, description: "The silence's id." },
  description: "Keeps alerts about some incidents quiet for a time, never detections: who wanted it, and why.",
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "incident.read" },
  fields: (t) => ({
    matchers: t.field({
      type: [MatcherType],
      description: "Which incidents: all must hold.",
      resolve: ({ id, matchers }) => matchersOf(matchersKey("silence", id), matchers),
    }),
    author: t.exposeString("author"),
    reason: t.exposeString("reason", { description: "Why, in the author's words." }),
    startsAt: t.expose("startsAt", { type: "DateTime", description: "From when on." }),
    endsAt: t.expose("endsAt", { type: "DateTime", description: "Until when." }),
    state: t.field({
      type: StateEnum,
      description: "Where it is in its life.",
      select: { startsAt: true, endsAt: true },
      resolve: (silence, _args, context) => silenceState(silence, context.services.now()),
    }),
    expiredBy: t.exposeString("expiredBy", { nullable: true }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
  }),
});

const Filter = filters.filterInput("Silence", {
  id: [filters.IdFilter, "The silence's id."],
  author: [filters.StringFilter, "Who made it."],
  startsAt: [filters.DateTimeFilter, "From when on."],
  endsAt: [filters.DateTimeFilter, "Until when; those in force end after now."],
  createdAt: [filters.DateTimeFilter, "When it was made."],
});

const Order = orderInput("Silence", {
  CREATED_AT: ["createdAt", "When it was made."],
  ENDS_AT: ["endsAt", "Until when."],
});

const list = listOf("Silence", "silences", { field: "createdAt", direction: "desc" });

builder.queryField("silences", (t) =>
  t.prismaConnection({
    ...paged,
    type: Silence,
    description: "Silences, the latest first; those that have ended too.",
    authScopes: { permission: "incident.read" },
    args: {
      filter: t.arg({ type: Filter, description: "Which." }),
      orderBy: t.arg({ type: [Order], description: "In which order." }),
    },
    totalCount: (_parent, { filter }, context) => list.count(context, filter),
    resolve: (query, _parent, asked, context) =>
      list.page(context, query, asked, (rows) => prismaOf(context).silence.findMany(rows)),
  }),
);

const Preview = builder.objectRef<SilencePreview>("SilencePreview").implement({
  description: "What a silence would be about, of the incidents that are open now.",
  fields: (t) => ({
    openIncidents: t.exposeInt("open", { description: "How many incidents are open." }),
    matchingIncidents: t.exposeInt("matching", { description: "How many of them match." }),
    incidents: t.prismaField({
      type: [Incident],
      description: "The latest of those, at most 10.",
      resolve: (query, { latest }, _args, context) =>
        prismaOf(context).incident.findMany({
          ...query,
          where: { organizationId: viewerOf(context).organizationId, id: { in: latest } },
          orderBy: { id: "desc" },
        }),
    }),
  }),
});

/**
 * Which incidents count for whoever asks: by what tells of subjects, those who may not read patients' data find none about
 * a patient; the patients that others ask for count as read.
 */
async function countingFor(context: Context, matchers: readonly Matcher[]): Promise<(one: Matchable) => boolean> {
  const told = matchers.filter(({ field }) => telling.includes(field));
  if (told.length === 0) return () => true;
  if (!(await mayReadPatients(context))) return (incident) => patientsAmong(incident).length === 0;
  const equal = told.filter(({ field, operator }) => field === "SUBJECT" && operator === "EQUALS");
  const asked = new Set(equal.map(({ value }) => value));
  return (incident) => {
    for (const key of patientsAmong(incident)) if (asked.has(key)) context.patients?.add(key);
    return true;
  };
}

builder.queryField("silencePreview", (t) =>
  t.field({
    type: Preview,
    description:
      "What matchers are about, before a silence is made of them; by TITLE, SUBJECT and FINGERPRINT no incident about a patient for whoever may not read patients' data. Errors: BAD_USER_INPUT.",
    authScopes: { permission: "incident.read" },
    args: { matchers: t.arg({ type: [MatcherInput], required: true, description: "Which incidents: all must hold." }) },
    resolve: async (_parent, { matchers }, context) =>
      previewSilence(
        context.services.db,
        viewerOf(context).organizationId,
        matchers,
        await countingFor(context, matchers),
      ),
  }),
);
