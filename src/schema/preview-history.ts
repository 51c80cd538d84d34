import type { Backtest } from "../detect/backtest.ts";
import { builder } from "./builder.ts";

const CutEnum = builder.enumType("PreviewCut", {
  description: "What ended a preview before the end of its range.",
  values: {
    TIME: { description: "Half a minute was over." },
    DETECTIONS: { description: "More than 20,000 detections were found: the rule is too wide." },
  },
});

type Builder = Parameters<
  Parameters<ReturnType<typeof builder.objectRef<Backtest & { isWithheld: boolean }>>["implement"]>[0]["fields"] &
    object
>[0];

/** How much of the history was gone through, the same for everything that goes through it. */
export function historyFields(t: Builder) {
  return {
    eventsRead: t.int({
      description: "How many events were gone through.",
      resolve: ({ read }) => read,
    }),
    milliseconds: t.int({ description: "How long that took, ms.", resolve: ({ ms }) => Math.round(ms) }),
    eventsPerSecond: t.int({
      description: "How fast that was.",
      resolve: ({ read, ms }) => Math.round(read / Math.max(ms / 1_000, 0.001)),
    }),
    truncated: t.boolean({
      description: "Whether it ended before the end of the range.",
      resolve: ({ cut }) => cut !== undefined,
    }),
    truncatedBy: t.field({
      type: CutEnum,
      nullable: true,
      description: "What ended it before the end of the range.",
      resolve: ({ cut }) => cut ?? null,
    }),
    cursor: t.string({
      nullable: true,
      description: "How far it came: give it as `after` to go on from there.",
      resolve: ({ reached }) => reached ?? null,
    }),
    isWithheld: t.boolean({
      description: "You may not read patients' data, so the rule was run as if it had not been sent.",
      resolve: ({ isWithheld }) => isWithheld,
    }),
  };
}
