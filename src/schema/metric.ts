import { audit } from "../access/audit.ts";
import { checkMetrics, type MetricPoint, type MetricSeries, readMetrics, recordMetrics } from "../board/metrics.ts";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { auditActorOf, viewerOf } from "./context.ts";
import { attempt, recordedPayload } from "./payload.ts";
import { checkRange, checkSteps, RangeInput } from "./range.ts";
import { milliseconds } from "./scalars.ts";

const most = 1_000; // values a call
const mostNames = 20;

const PointType = builder.objectRef<MetricPoint>("MetricPoint").implement({
  description: "All values of one interval.",
  fields: (t) => ({
    at: t.expose("at", { type: "DateTime", description: "When the interval begins." }),
    count: t.exposeFloat("count", { description: "How many values." }),
    sum: t.exposeFloat("sum", { description: "Their sum." }),
    min: t.exposeFloat("min", { description: "The smallest." }),
    max: t.exposeFloat("max", { description: "The largest." }),
    mean: t.float({ description: "Their mean.", resolve: ({ sum, count }) => sum / count }),
    last: t.exposeFloat("last", { description: "The latest." }),
  }),
});

export const SeriesType = builder.objectRef<MetricSeries>("MetricSeries").implement({
  description: "One time series: a name and its labels.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "What is measured." }),
    labels: t.field({
      type: "JSON",
      description: "Of what, e.g. `{host: …}`.",
      resolve: ({ labels }) => labels,
    }),
    points: t.field({
      type: [PointType],
      description: "The intervals that have values, oldest first.",
      resolve: ({ points }) => points,
    }),
  }),
});

builder.queryField("metrics", (t) =>
  t.field({
    type: [SeriesType],
    description: "Named time series.",
    authScopes: { permission: "metric.read" },
    args: {
      names: t.arg.stringList({ required: true, description: "Which: at most 20 names." }),
      range: t.arg({ type: RangeInput, required: true, description: "The stretch of time." }),
      interval: t.arg({
        type: "Duration",
        required: true,
        defaultValue: "PT1M",
        description:
          "The time between two points: a second or more, at most 1,000 in the range. If whole hours (or minutes), the first point is of the whole hour (minute) that holds the range's beginning.",
      }),
    },
    resolve: (_parent, { names, range, interval }, context) => {
      if (names.length > mostNames) {
        throw new VigilError("BAD_USER_INPUT", `metrics takes at most ${mostNames} names`, { path: ["names"] });
      }
      const step = milliseconds(interval);
      checkRange(range);
      checkSteps(range, step);
      return readMetrics(context.services.db, viewerOf(context).organizationId, { names, ...range, step });
    },
  }),
);

const ValueInput = builder.inputType("MetricValueInput", {
  description: "One value of a time series.",
  fields: (t) => ({
    name: t.string({ required: true, description: "What is measured, e.g. `queue.length`." }),
    labels: t.field({ type: "JSON", description: "Of what: at most 10 texts by name." }),
    value: t.float({ required: true, description: "The value." }),
    at: t.field({ type: "DateTime", description: "When it was measured; now unless told." }),
  }),
});

const RecordInput = builder.inputType("MetricsRecordInput", {
  description: "Values of time series.",
  fields: (t) => ({
    values: t.field({ type: [ValueInput], required: true, description: "At most 1,000 values." }),
  }),
});

const RecordPayload = recordedPayload("MetricsRecordPayload", "values");

builder.mutationField("metricsRecord", (t) =>
  t.field({
    type: RecordPayload,
    description: "Adds values to time series.",
    authScopes: { permission: "metric.write" },
    args: { input: t.arg({ type: RecordInput, required: true, description: "The values." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        if (input.values.length > most) {
          throw new VigilError("BAD_USER_INPUT", `At most ${most} values at once`, { path: ["input", "values"] });
        }
        const now = context.services.now();
        const values = input.values.map(({ name, labels, value, at }, index) => ({
          name,
          labels: labelsOf(labels, index),
          value,
          at: at?.getTime() ?? now,
        }));
        checkMetrics(values, now);
        await context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
          await recordMetrics(tx, values);
          const entry = { action: "METRICS_RECORDED", entityKind: "Metric", entityId: "" };
          await audit(tx, { ...entry, actor: auditActorOf(context), detail: { values: values.length } });
        });
        return values.length;
      }),
  }),
);

function labelsOf(labels: unknown, index: number): Record<string, string> {
  if (labels === null || labels === undefined) return {};
  if (typeof labels === "object" && !Array.isArray(labels)) return labels as Record<string, string>;
  throw new VigilError("BAD_USER_INPUT", "Labels are texts by name", {
    path: ["input", "values", String(index), "labels"],
  });
}
