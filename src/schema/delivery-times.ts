import { type DeliveryTimes, objectiveMs } from "../alert/delivery-times.ts";
import { builder } from "./builder.ts";
import { AlertPriorityEnum } from "./enums.ts";

export const DeliveryTimesType = builder.objectRef<DeliveryTimes>("AlertDeliveryTimes").implement({
  description:
    "How long alerts took from what was detected to their receiver's confirmation, or, where none confirms, to their provider.",
  fields: (t) => ({
    priority: t.expose("priority", { type: AlertPriorityEnum, description: "How urgent they are." }),
    alerts: t.exposeInt("alerts", { description: "How many were taken." }),
    p50Ms: t.exposeFloat("p50Ms", { description: "Half of them took no longer, in milliseconds." }),
    p99Ms: t.exposeFloat("p99Ms", { description: "99 of 100 took no longer, in milliseconds." }),
    withinObjective: t.exposeFloat("withinObjective", {
      description: "The share of them that took no longer than the objective, 0 to 1.",
    }),
    objectiveMs: t.float({
      description: "The objective for 99 of 100 that are CRITICAL, in milliseconds.",
      resolve: () => objectiveMs,
    }),
    isMet: t.boolean({
      description: "Whether 99 of 100 took no longer than the objective.",
      resolve: ({ p99Ms }) => p99Ms <= objectiveMs,
    }),
  }),
});
