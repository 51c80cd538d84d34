import { type Range, type TopSubject, topSubjects } from "../incident/statistics.ts";
import { type Step, stepsOf } from "../incident/steps.ts";
import { placeOfAddress } from "../ingest/enrich/address.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";
import { isPatient, mark, mayReadPatients } from "./phi.ts";
import { checkRange, checkSteps, most, RangeInput } from "./range.ts";
import { milliseconds } from "./scalars.ts";
import { PlaceType } from "./security-event-enrichment.ts";
import { reportFields } from "./statistics-reports.ts";
import { summaryFields } from "./statistics-summary.ts";

const StepType = builder.objectRef<Step>("StatisticsStep").implement({
  description: "What happened in one interval.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When it begins." }),
    opened: t.int({ description: "Incidents opened.", resolve: ({ counted }) => counted("opened") }),
    acknowledged: t.int({ description: "Incidents acknowledged.", resolve: ({ counted }) => counted("acknowledged") }),
    resolved: t.int({ description: "Incidents resolved.", resolve: ({ counted }) => counted("resolved") }),
    detections: t.int({ description: "Detections.", resolve: ({ counted }) => counted("detections") }),
    alerts: t.int({ description: "Alerts decided.", resolve: ({ counted }) => counted("alerts") }),
    alertsFailed: t.int({
      description: "Those of them that could not be delivered.",
      resolve: ({ alertsFailed }) => alertsFailed(),
    }),
  }),
});

interface Ranked extends TopSubject {
  /** Where it stands in the list, from 1. */
  rank: number;
}

const TopSubjectType = builder.objectRef<Ranked>("TopSubject").implement({
  description: "Whom or what many incidents are about.",
  fields: (t) => ({
    kind: t.exposeString("kind", { description: "What it is, e.g. `USER`." }),
    key: t.string({
      description:
        "Which one; a patient, to whoever may not read patients' data: `[withheld]` and its place in the list.",
      resolve: async ({ kind, key, rank }, _args, context) => {
        if (!isPatient(kind)) return key;
        if (!(await mayReadPatients(context))) return `${mark} ${rank}`; // of its own: clients know rows by kind and key
        context.patients?.add(key);
        return key;
      },
    }),
    incidents: t.exposeInt("incidents", { description: "Incidents about it." }),
    detections: t.exposeInt("detections", { description: "The detections they gather." }),
    threatScore: t.exposeFloat("threat_score", { description: "The highest threat score of them." }),
    place: t.field({
      type: PlaceType,
      nullable: true,
      description: "Of an address: where it is, by the data of now. Null: not known, or no address.",
      resolve: ({ kind, key }, _args, { services }) =>
        kind === "ADDRESS" ? placeOfAddress(services.enricher, key) : null,
    }),
  }),
});

const Statistics = builder.objectRef<Range & { step: number }>("Statistics").implement({
  description: "Numbers about a stretch of time. Reports have a row a day (UTC), at most 1,000 rows each.",
  fields: (t) => ({
    steps: t.field({
      type: [StepType],
      description: "What happened in each interval, oldest first.",
      resolve: (range, _args, context) =>
        stepsOf(context.services.db, viewerOf(context).organizationId, range, range.step),
    }),
    topSubjects: t.field({
      type: [TopSubjectType],
      description: "Whom most incidents opened in this time are about.",
      args: {
        first: t.arg.int({ required: true, defaultValue: 10, description: "How many, from 1 to 100." }),
        kind: t.arg.string({ description: "Only those of this kind, as their `kind` says it, e.g. `ADDRESS`." }),
      },
      resolve: async (range, { first, kind }, context) => {
        const { organizationId } = viewerOf(context);
        const found = await topSubjects(context.services.db, organizationId, range, { first: most(first), kind });
        return found.map((one, index) => ({ ...one, rank: index + 1 }));
      },
    }),
    ...reportFields(t),
    ...summaryFields(t),
  }),
});

builder.queryField("statistics", (t) =>
  t.field({
    type: Statistics,
    description: "Numbers about a stretch of time.",
    authScopes: { permission: "incident.read" },
    args: {
      range: t.arg({ type: RangeInput, required: true, description: "The stretch of time." }),
      interval: t.arg({
        type: "Duration",
        required: true,
        defaultValue: "PT1H",
        description: "The length of a step: a second or more, at most 1,000 in the range.",
      }),
    },
    resolve: (_parent, { range, interval }) => {
      const step = Math.ceil(milliseconds(interval)); // in whole ones, a step is found by when it begins; rather longer, for no more steps
      checkRange(range);
      checkSteps(range, step);
      return { ...range, step };
    },
  }),
);
