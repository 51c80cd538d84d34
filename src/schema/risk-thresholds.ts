import type { RiskThresholds } from "../detect/risk/level.ts";
import { builder } from "./builder.ts";

const ThresholdsType = builder.objectRef<RiskThresholds>("RiskThresholds").implement({
  description:
    "From which threat score of a user or an address on its open incidents are at least so severe. A score that has passed one must fall 10 below it before it can pass it again.",
  fields: (t) => ({
    high: t.exposeInt("high", { description: "For HIGH." }),
    critical: t.exposeInt("critical", { description: "For CRITICAL." }),
  }),
});

builder.prismaObjectFields("Organization", (t) => ({
  riskThresholds: t.field({
    type: ThresholdsType,
    description: "Which threat scores raise incidents.",
    authScopes: { settled: true },
    select: { riskHighAt: true, riskCriticalAt: true },
    resolve: ({ riskHighAt: high, riskCriticalAt: critical }) => ({ high, critical }),
  }),
}));

export const RiskThresholdsInput = builder.inputType("RiskThresholdsInput", {
  description: "Which threat scores raise incidents: 0 < high < critical <= 100.",
  fields: (t) => ({
    high: t.int({ required: true, description: "From which score on they are at least HIGH." }),
    critical: t.int({ required: true, description: "From which score on they are CRITICAL." }),
  }),
});
