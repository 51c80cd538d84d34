import { median } from "./median.ts";
import type { Figure } from "./run.ts";

/** A figure of values that were measured in turns: the medians, and from the lowest to the highest of the ratios of a turn. */
export function compared(
  about: Pick<Figure, "bench" | "subject" | "baseline" | "unit">,
  own: readonly number[],
  others: readonly number[],
): Figure {
  const [subjectValue, baselineValue] = [median(own), median(others)];
  const inTurns = own.length === others.length;
  const ratios = own.map((value, turn) => value / (inTurns ? (others[turn] as number) : baselineValue));
  return {
    ...about,
    ratio: subjectValue / baselineValue,
    range: [Math.min(...ratios), Math.max(...ratios)],
    subjectValue,
    baselineValue,
    runs: own.length,
  };
}
