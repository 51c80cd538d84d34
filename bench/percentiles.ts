import type { Figure } from "./run.ts";

/** p50 and p99 of times beside those of a baseline; both of one length, in ms and in ascending order. */
export function percentiles(
  { bench, subject, baseline }: Pick<Figure, "bench" | "subject" | "baseline">,
  times: readonly number[],
  baselineTimes: readonly number[],
): Figure[] {
  const runs = times.length;
  return [0.5, 0.99].map((part) => {
    const place = Math.floor(part * (runs - 1));
    const [subjectValue, baselineValue] = [times[place], baselineTimes[place]] as [number, number];
    return {
      bench,
      subject: `p${part * 100} ${subject}`,
      baseline,
      ratio: subjectValue / baselineValue,
      subjectValue,
      baselineValue,
      unit: "ms",
      runs,
    };
  });
}
