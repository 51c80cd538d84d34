import { builder } from "./builder.ts";

export const RangeInput = builder.inputType("TimeRangeInput", {
  description: "A stretch of time of at most 400 days.",
  fields: (t) => ({
    from: t.field({ type: "DateTime", required: true, description: "Its beginning." }),
    to: t.field({ type: "DateTime", required: true, description: "Its end, which is no longer part of it." }),
  }),
});
