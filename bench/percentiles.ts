import type { Figure } from "./run.ts";

/** p50 and p99 of times beside those of a baseline; both in ms and in ascending order. */
export function percentiles(
  { bench, subject, baseline }: Pick<Figure, "bench" | "subject" | "baseline">,
  times: readonly number[],
  baselineTimes: readonly number[],
): Figure[] {
  const runs = times.length;
  return [0.5, 0.99].map((part) => {
    const at = (all: readonly number[]): number => all[Math.floor(part * (all.length - 1))] as number;
    const [subjectValue, baselineValue] = [at(times), at(baselineTimes)];
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
