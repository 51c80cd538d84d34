import { audit } from "../access/audit.ts";
import { checkSamples, recordSamples, type Summary, summarize } from "../board/performance.ts";
import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";
import { auditActorOf, prismaOf, viewerOf } from "./context.ts";
import { listOf } from "./list.ts";
import { paged, rowKey } from "./page.ts";
import { attempt, recordedPayload } from "./payload.ts";
import { checkRange, RangeInput } from "./range.ts";

const most = 1_000; // samples a call
const list = listOf("PerformanceSample", "security_performance", { field: "at", direction: "desc" });

const SampleType = builder.prismaNode("PerformanceSample", {
  id: { resolve: (sample) => sample.id, description: "The sample's id." },
  findUnique: rowKey,
  nullable: true, // no such row: null, not an error
  authScopes: { permission: "metric.read" },
  fields: (t) => ({
    name: t.exposeString("name"),
    value: t.exposeFloat("value", { description: "The measured value." }),
    unit: t.exposeString("unit"),
    source: t.exposeString("source"),
    at: t.expose("at", { type: "DateTime", description: "When it was measured." }),
  }),
});

const SummaryType = builder.objectRef<Summary>("PerformanceSummary").implement({
  description: "What the samples of one name, source and unit amount to.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "What was measured." }),
    source: t.exposeString("source", { description: "The system that was measured." }),
    unit: t.exposeString("unit", { description: "The unit of the values." }),
    count: t.exposeInt("count", { description: "How many samples." }),
    mean: t.exposeFloat("mean", { description: "Their mean." }),
    p50: t.exposeFloat("p50", { description: "Half of them are at most this." }),
    p95: t.exposeFloat("p95", { description: "95 of 100 are at most this." }),
    p99: t.exposeFloat("p99", { description: "99 of 100 are at most this." }),
    max: t.exposeFloat("max", { description: "The largest." }),
  }),
});

const PerformanceType = builder.objectRef<typeof RangeInput.$inferInput>("Performance").implement({
  description: "Measurements of systems' own speed or health over a stretch of time.",
  fields: (t) => ({
    summaries: t.field({
      type: [SummaryType],
      description: "By name, source and unit; at most 1,000.",
      resolve: (range, _args, context) => summarize(context.services.db, viewerOf(context).organizationId, range),
    }),
    samples: t.prismaConnection({
      ...paged,
      type: SampleType,
      description: "The samples, the latest first.",
      totalCount: (range, _args, context) => list.count(context, within(range)),
      resolve: (query, range, _args, context) =>
        list.page(context, query, { filter: within(range) }, (rows) =>
          prismaOf(context).performanceSample.findMany(rows),
        ),
    }),
  }),
});

const within = ({ from, to }: { from: Date; to: Date }) => ({ at: { gte: from, lt: to } });

builder.queryField("performance", (t) =>
  t.field({
    type: PerformanceType,
    description: "Measurements of systems' own speed or health.",
    authScopes: { permission: "metric.read" },
    args: { range: t.arg({ type: RangeInput, required: true, description: "The stretch of time." }) },
    resolve: (_parent, { range }) => {
      checkRange(range);
      return range;
    },
  }),
);

const SampleInput = builder.inputType("PerformanceSampleInput", {
  description: "One measurement.",
  fields: (t) => ({
    name: t.string({ required: true, description: "What was measured, e.g. `http.request.duration`." }),
    value: t.float({ required: true, description: "The measured value." }),
    unit: t.string({ required: true, description: "Its unit (UCUM), e.g. `ms`." }),
    source: t.string({ required: true, description: "The system that was measured." }),
    at: t.field({ type: "DateTime", description: "When; now unless told." }),
  }),
});

const RecordInput = builder.inputType("PerformanceRecordInput", {
  description: "Measurements.",
  fields: (t) => ({
    samples: t.field({ type: [SampleInput], required: true, description: "At most 1,000 measurements." }),
  }),
});

const RecordPayload = recordedPayload("PerformanceRecordPayload", "measurements");

builder.mutationField("performanceRecord", (t) =>
  t.field({
    type: RecordPayload,
    description: "Stores measurements.",
    authScopes: { permission: "metric.write" },
    args: { input: t.arg({ type: RecordInput, required: true, description: "The measurements." }) },
    resolve: (_parent, { input }, context) =>
      attempt(async () => {
        if (input.samples.length > most) {
          throw new VigilError("BAD_USER_INPUT", `At most ${most} samples at once`, { path: ["input", "samples"] });
        }
        const now = context.services.now();
        const samples = input.samples.map(({ at, ...sample }) => ({ ...sample, at: at?.getTime() ?? now }));
        checkSamples(samples, now);
        await context.services.db.inOrganization(viewerOf(context).organizationId, async (tx) => {
          await recordSamples(tx, samples, now);
          const entry = { action: "PERFORMANCE_RECORDED", entityKind: "PerformanceSample", entityId: "" };
          await audit(tx, { ...entry, actor: auditActorOf(context), detail: { samples: samples.length } });
        });
        return samples.length;
      }),
  }),
);
