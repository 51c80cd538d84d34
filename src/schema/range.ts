import { VigilError } from "../errors.ts";
import { builder } from "./builder.ts";

export const RangeInput = builder.inputType("TimeRangeInput", {
  description: "A stretch of time of at most 400 days.",
  fields: (t) => ({
    from: t.field({ type: "DateTime", required: true, description: "Its beginning." }),
    to: t.field({ type: "DateTime", required: true, description: "Its end, which is no longer part of it." }),
  }),
});

const mostSteps = 1_000;
const longestDays = 400;
const day = 86_400_000; // ms

/** Refuses a range that runs backward or is too long to be read at once. */
export function checkRange({ from, to }: typeof RangeInput.$inferInput): void {
  const days = (to.getTime() - from.getTime()) / day;
  if (days > 0 && days <= longestDays) return;
  throw new VigilError("BAD_USER_INPUT", `A range ends after it begins, and within ${longestDays} days`, {
    path: ["range"],
  });
}

/** Refuses steps of no length, or too many of them. */
export function checkSteps({ from, to }: typeof RangeInput.$inferInput, step: number): void {
  const steps = (to.getTime() - from.getTime()) / step;
  if (step >= 1_000 && step <= longestDays * day && steps <= mostSteps) return;
  const message = `An interval is a second to ${longestDays} days, at most ${mostSteps} of them in the range`;
  throw new VigilError("BAD_USER_INPUT", message, { path: ["interval"] });
}

/** How many rows of a ranking. */
export function most(first: number): number {
  if (first >= 1 && first <= 100) return first;
  throw new VigilError("BAD_USER_INPUT", "first is from 1 to 100", { path: ["first"] });
}
