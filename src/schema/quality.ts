import { VigilError } from "../errors.ts";
import { precisionOf, qualityOf, type RuleQuality, type WeekQuality } from "../incident/quality.ts";
import { batched } from "./batched.ts";
import { builder } from "./builder.ts";
import { viewerOf } from "./context.ts";

const mostWeeks = 52;

const judged = {
  truePositives: "Incidents resolved, and detections in none judged, as TRUE_POSITIVE or POLICY_VIOLATION.",
  falsePositives: "As FALSE_POSITIVE.",
  benign: "As BENIGN or USER_CONFIRMED: it happened, and was harmless.",
  precision: "The share of what was judged that somebody had to act on, 0 to 1; null: nothing was.",
};

const Week = builder.objectRef<WeekQuality>("RuleQualityWeek").implement({
  description: "What became of the incidents that a rule opened in one week.",
  fields: (t) => ({
    from: t.expose("from", { type: "DateTime", description: "When the week begins." }),
    truePositives: t.exposeInt("truePositives", { description: judged.truePositives }),
    falsePositives: t.exposeInt("falsePositives", { description: judged.falsePositives }),
    benign: t.exposeInt("benign", { description: judged.benign }),
    precision: t.float({
      nullable: true,
      description: judged.precision,
      resolve: (week) => precisionOf(week) ?? null,
    }),
  }),
});

const Quality = builder.objectRef<RuleQuality>("RuleQuality").implement({
  description:
    "How good a rule is, from what people said of its incidents and of its detections in none (`detectionJudge`). DUPLICATE and INSUFFICIENT_INFORMATION judge nothing.",
  fields: (t) => ({
    truePositives: t.exposeInt("truePositives", { description: judged.truePositives }),
    falsePositives: t.exposeInt("falsePositives", { description: judged.falsePositives }),
    benign: t.exposeInt("benign", { description: judged.benign }),
    open: t.exposeInt("open", { description: "Incidents that are not resolved." }),
    precision: t.float({
      nullable: true,
      description: judged.precision,
      resolve: (quality) => precisionOf(quality) ?? null,
    }),
    trend: t.field({
      type: [Week],
      description: "The same by week, oldest first.",
      resolve: ({ weeks }) => weeks,
    }),
    monitorDetections: t.exposeInt("monitorDetections", { description: "What it found while in MONITOR mode." }),
    monitorIncidents: t.exposeInt("monitorIncidents", {
      description: "How many incidents those would have opened, one a subject.",
    }),
  }),
});

const quality = batched<RuleQuality>((context, ruleIds, weeks) =>
  qualityOf(context.services.db, viewerOf(context).organizationId, ruleIds, {
    now: context.services.now(),
    weeks: Number(weeks),
  }),
);

builder.prismaObjectFields("AlertRule", (t) => ({
  quality: t.field({
    type: Quality,
    description: "How good it is, from the incidents it opened in the last weeks.",
    authScopes: { permission: "incident.read" },
    args: { weeks: t.arg.int({ required: true, defaultValue: 12, description: "How many weeks back, 1 to 52." }) },
    resolve: async ({ id }, { weeks }, context) => {
      if (weeks < 1 || weeks > mostWeeks)
        throw new VigilError("BAD_USER_INPUT", `weeks is from 1 to ${mostWeeks}`, { path: ["weeks"] });
      return (await quality(context, id, String(weeks))) as RuleQuality;
    },
  }),
}));
