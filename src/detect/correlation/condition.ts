/** The condition of a counting correlation, as bounds that can be decided when an event arrives. */
import type { Refusal } from "../sigma/modifiers.ts";
import { isShape } from "../sigma/shape.ts";

export interface CountCondition {
  /** At least 1: a condition that silence fulfils is refused, since nothing arrives to decide it. */
  min: number;
  max?: number;
  not?: number;
}

const operators = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;
const largestCount = 100_000; // a window may hold twice as many entries in memory

export function holds(condition: CountCondition, count: number): boolean {
  if (count < condition.min || count === condition.not) return false;
  return condition.max === undefined || count <= condition.max;
}

/** Beyond this count every count gives the same answer, so that a window need not know more. */
export function saturation({ min, max, not }: CountCondition): number {
  return Math.max(min, (max ?? 0) + 1, (not ?? 0) + 1);
}

export function parseCountCondition(written: unknown): CountCondition | Refusal {
  const invalid = (message: string): Refusal => ({ code: "INVALID", message });
  if (!isShape(written)) return invalid("condition must be a map such as `gte: 10`");
  const given = new Map<string, number>();
  for (const [key, value] of Object.entries(written)) {
    if (key === "field") continue;
    if (!(operators as readonly string[]).includes(key))
      return invalid(`there is no operator ${key}; use ${operators.join(", ")}`);
    const number = typeof value === "bigint" || typeof value === "number" ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(number) || number < 0) return invalid(`${key} takes a whole number`);
    if (number > largestCount) return { code: "UNSUPPORTED", message: `${key} may be at most ${largestCount}` };
    given.set(key, number);
  }
  const equal = given.get("eq");
  const lower = bounds(given.get("gte"), given.get("gt"), 1, equal);
  const upper = bounds(given.get("lte"), given.get("lt"), -1, equal);
  if (lower.length > 1 || upper.length > 1) return invalid("give one lower and at most one upper bound");
  const [min] = lower;
  const [max] = upper;
  if (min === undefined || min < 1) {
    const why =
      "silence fulfils this condition too, and nothing arrives then to decide it; give a lower bound of at least 1 (gte, gt or eq)";
    return given.size === 0
      ? invalid("condition needs a bound such as `gte: 10`")
      : { code: "UNSUPPORTED", message: why };
  }
  if (max !== undefined && max < min) return invalid("no count fulfils this condition");
  const condition: CountCondition = { min };
  if (max !== undefined) condition.max = max;
  const not = given.get("neq");
  if (not !== undefined) condition.not = not;
  return condition;
}

function bounds(
  inclusive: number | undefined,
  exclusive: number | undefined,
  step: number,
  equal: number | undefined,
): number[] {
  return [inclusive, exclusive === undefined ? undefined : exclusive + step, equal].filter(
    (bound) => bound !== undefined,
  );
}
