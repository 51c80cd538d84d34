/** The fields of `statistics` that sum up its range, and how they compare with the range before. */
import { deliveryTimes } from "../alert/delivery-times.ts";
import type { IncidentStatus, Severity } from "../generated/prisma/client.ts";
import { type Judged, precisionOf } from "../incident/quality.ts";
import type { Range } from "../incident/statistics.ts";
import {
  type ChannelSuccess,
  channelSuccess,
  type Duration,
  growth,
  type RuleCount,
  rangeBefore,
  type Summary,
  summaryOf,
  topRules,
} from "../incident/summary.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { type Context, viewerOf } from "./context.ts";
import { DeliveryTimesType } from "./delivery-times.ts";
import { ChannelKindEnum, describedEnum, IncidentStatusEnum, SeverityEnum } from "./enums.ts";
import { most } from "./range.ts";

const many = "How many incidents.";

const ByStatus = builder.objectRef<{ status: IncidentStatus; incidents: number }>("StatusCount").implement({
  description: "How many incidents are in one status.",
  fields: (t) => ({
    status: t.expose("status", { type: IncidentStatusEnum, description: "Where they are in their life now." }),
    incidents: t.exposeInt("incidents", { description: many }),
  }),
});

const BySeverity = builder.objectRef<{ severity: Severity; incidents: number }>("IncidentSeverityCount").implement({
  description: "How many incidents are of one severity.",
  fields: (t) => ({
    severity: t.expose("severity", { type: SeverityEnum, description: "How bad they are." }),
    incidents: t.exposeInt("incidents", { description: many }),
  }),
});

const Quality = builder.objectRef<Judged>("DetectionQuality").implement({
  description: "What people said of incidents. DUPLICATE and INSUFFICIENT_INFORMATION judge nothing.",
  fields: (t) => ({
    truePositives: t.exposeInt("truePositives", { description: "Resolved as TRUE_POSITIVE or POLICY_VIOLATION." }),
    falsePositives: t.exposeInt("falsePositives", { description: "Resolved as FALSE_POSITIVE." }),
    benign: t.exposeInt("benign", { description: "Resolved as BENIGN or USER_CONFIRMED." }),
    precision: t.float({
      nullable: true,
      description: "The share of the judged ones that somebody had to act on, 0 to 1; null: none was judged.",
      resolve: (judged) => precisionOf(judged) ?? null,
    }),
  }),
});

const ByRule = builder.objectRef<RuleCount>("RuleCount").implement({
  description: "How many incidents one rule opened, and what they were.",
  fields: (t) => ({
    id: t.globalID({ description: "The rule's id.", resolve: ({ id }) => ({ id, type: "AlertRule" }) }),
    name: t.exposeString("name", { description: "The rule's title." }),
    incidents: t.exposeInt("incidents", { description: many }),
    open: t.exposeInt("open", { description: "How many of them are still open." }),
    quality: t.field({ type: Quality, description: "What people said of them.", resolve: (rule) => rule }),
  }),
});

const ByChannel = builder.objectRef<ChannelSuccess>("ChannelSuccess").implement({
  description: "What became of the alerts on one channel.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "The channel's name." }),
    kind: t.expose("kind", { type: ChannelKindEnum, description: "How it delivers." }),
    alerts: t.exposeInt("alerts", { description: "How many were decided." }),
    succeeded: t.exposeInt("succeeded", { description: "How many its provider took, or its receiver confirmed." }),
    failed: t.exposeInt("failed", { description: "How many were given up." }),
    successRate: t.float({
      nullable: true,
      description: "The share of those that ended that succeeded, 0 to 1; null: none has ended.",
      resolve: ({ succeeded, failed }) => (succeeded + failed === 0 ? null : succeeded / (succeeded + failed)),
    }),
  }),
});

const Took = builder.objectRef<Duration>("TimeTaken").implement({
  description: "How long something took from when the incidents were opened.",
  fields: (t) => ({
    incidents: t.exposeInt("incidents", { description: "To how many it happened." }),
    meanSeconds: t.exposeFloat("mean", { nullable: true, description: "The mean, in seconds; null: to none." }),
    p90Seconds: t.exposeFloat("p90", { nullable: true, description: "Nine of ten took no longer, in seconds." }),
  }),
});

const measures = {
  OPENED: ["Incidents opened.", ({ opened }) => opened],
  OPEN: ["Those of them that are still open.", ({ open }) => open],
  MEAN_TIME_TO_ACKNOWLEDGE: ["In seconds.", ({ acknowledge }) => acknowledge.mean],
  MEAN_TIME_TO_CONTAIN: ["In seconds.", ({ contain }) => contain.mean],
  MEAN_TIME_TO_RESOLVE: ["In seconds.", ({ resolve }) => resolve.mean],
  FALSE_POSITIVES: ["Incidents resolved as FALSE_POSITIVE.", ({ quality }) => quality.falsePositives],
  PRECISION: ["The share of the judged that had to be acted on.", ({ quality }) => precisionOf(quality) ?? null],
} as const satisfies Record<string, [string, (summary: Summary) => number | null]>;
type Measure = keyof typeof measures;

const MeasureEnum = describedEnum<Measure>(
  "TrendMeasure",
  "What is compared with the range before.",
  Object.fromEntries(Object.entries(measures).map(([name, [text]]) => [name, text])) as Record<Measure, string>,
);

interface Compared {
  measure: Measure;
  now: number | null;
  before: number | null;
}

const Trend = builder.objectRef<Compared>("StatisticsTrend").implement({
  description: "One number beside what it was in the range of the same length just before.",
  fields: (t) => ({
    measure: t.expose("measure", { type: MeasureEnum, description: "Which number." }),
    now: t.exposeFloat("now", { nullable: true, description: "What it is; null: nothing to measure." }),
    before: t.exposeFloat("before", { nullable: true, description: "What it was." }),
    change: t.float({
      nullable: true,
      description: "How much more it is: 0.5 is half as much again, -0.5 half; null: there was nothing before.",
      resolve: ({ now, before }) => growth(now, before),
    }),
  }),
});

/** Fields of one request that need the summary of one range share it. */
const summaries = batched<Summary>(async (context, keys) => {
  const read = async (key: string): Promise<[string, Summary]> => {
    const [from, to] = key.split(" ").map((ms) => new Date(Number(ms))) as [Date, Date];
    return [key, await summaryOf(context.services.db, viewerOf(context).organizationId, { from, to })];
  };
  return new Map(await Promise.all(keys.map(read)));
});

const summary = async (context: Context, { from, to }: Range): Promise<Summary> =>
  (await summaries(context, `${from.getTime()} ${to.getTime()}`)) as Summary;

async function trendsOf(context: Context, range: Range): Promise<Compared[]> {
  const [now, before] = await Promise.all([summary(context, range), summary(context, rangeBefore(range))]);
  return (Object.keys(measures) as Measure[]).map((measure) => {
    const [, read] = measures[measure];
    return { measure, now: read(now), before: read(before) };
  });
}

type FieldsOf = Parameters<
  Parameters<ReturnType<typeof builder.objectRef<Range & { step: number }>>["implement"]>[0]["fields"] & object
>[0];

/** The fields of Statistics that sum up. All are about incidents opened, and alerts decided, in the range itself. */
export function summaryFields(t: FieldsOf) {
  const took = (kind: "acknowledge" | "contain" | "resolve", description: string) =>
    t.field({
      type: Took,
      description,
      resolve: async (range, _args, context) => (await summary(context, range))[kind],
    });
  return {
    byStatus: t.field({
      type: [ByStatus],
      description: "Incidents opened, by the status they have now; none: no row.",
      resolve: async (range, _args, context) => (await summary(context, range)).statuses,
    }),
    bySeverity: t.field({
      type: [BySeverity],
      description: "Incidents opened, by severity, the least first; none: no row.",
      resolve: async (range, _args, context) => (await summary(context, range)).severities,
    }),
    byRule: t.field({
      type: [ByRule],
      description: "The rules that opened most incidents.",
      args: { first: t.arg.int({ required: true, defaultValue: 10, description: "How many, from 1 to 100." }) },
      resolve: (range, { first }, context) =>
        topRules(context.services.db, viewerOf(context).organizationId, range, most(first)),
    }),
    byChannel: t.field({
      type: [ByChannel],
      description: "What became of alerts, by channel.",
      resolve: (range, _args, context) => channelSuccess(context.services.db, viewerOf(context).organizationId, range),
    }),
    deliveryTimes: t.field({
      type: [DeliveryTimesType],
      description:
        "How long alerts took from what was detected to their receiver, the most urgent first; none taken: no row. Of changes of incidents; what was held or grouped on purpose counts with its wait.",
      resolve: (range, _args, context) => deliveryTimes(context.services.db, viewerOf(context).organizationId, range),
    }),
    timeToAcknowledge: took("acknowledge", "From opened to acknowledged."),
    timeToContain: took("contain", "From opened to contained."),
    timeToResolve: took("resolve", "From opened to resolved."),
    quality: t.field({
      type: Quality,
      description: "What people said of the incidents opened.",
      resolve: async (range, _args, context) => (await summary(context, range)).quality,
    }),
    trends: t.field({
      type: [Trend],
      description: "The range's numbers beside those of the range of the same length just before.",
      resolve: (range, _args, context) => trendsOf(context, range),
    }),
  };
}
