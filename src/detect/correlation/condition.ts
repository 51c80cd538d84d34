/**
 * The condition of a correlation, as bounds.
 *
 * What it means: every counted event e has a window, (e - timespan, e] in event time, which holds e itself. The rule
 * fires at e when the measure of that window fulfils the bounds. With a lower bound alone (`gte`, `gt`) this says "there is a window of
 * the timespan with so many", and events that come later can only add to it. Other conditions (`lt`, `lte`, `eq`, `neq`,
 * ranges) are decided from what has arrived: they fire at every e whose window fulfils them once everything is there, whatever the
 * order of arrival; and also at one that fulfilled them only until a late event came, since what was told is not taken
 * back. Silence is never decided: a window holds at least the event that is asked about.
 */
import type { Refusal } from "../sigma/document.ts";
import { isShape } from "../sigma/shape.ts";

/** Counts use min, max (whole numbers, min at least 1) and not; numbers use all of them. */
export interface Bounds {
  min?: number;
  above?: number;
  max?: number;
  below?: number;
  not?: number;
}

const operators = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;
type Operator = (typeof operators)[number];
const besides = ["field", "percentile"];
const largestCount = 100_000; // a window may hold twice as many entries in memory

export function holds({ min, above, max, below, not }: Bounds, measured: number): boolean {
  if (min !== undefined && measured < min) return false;
  if (above !== undefined && measured <= above) return false;
  if (max !== undefined && measured > max) return false;
  if (below !== undefined && measured >= below) return false;
  return measured !== not;
}

/** Beyond this count every count gives the same answer, so that a window need not know more. */
export function saturation({ min = 1, max = 0, not = 0 }: Bounds): number {
  return Math.max(min, max + 1, not + 1);
}

/** More events never make it untrue. */
export function onlyGrows({ max, not }: Bounds): boolean {
  return max === undefined && not === undefined;
}

/** COUNT: of events, values or rules. NUMBER: a sum, an average, a percentile; any finite number. */
export function parseBounds(written: unknown, of: "COUNT" | "NUMBER"): Bounds | Refusal {
  if (!isShape(written)) return invalid("condition must be a map such as `gte: 10`");
  const given = new Map<Operator, number>();
  for (const [key, value] of Object.entries(written)) {
    if (besides.includes(key)) continue;
    if (!isOperator(key)) return invalid(`there is no operator ${key}; use ${operators.join(", ")}`);
    const number = typeof value === "bigint" || typeof value === "number" ? Number(value) : Number.NaN;
    if (!Number.isFinite(number)) return invalid(`${key} takes a number`);
    if (of === "COUNT" && (!Number.isSafeInteger(number) || number < 0)) return invalid(`${key} takes a whole number`);
    if (of === "COUNT" && number > largestCount)
      return { code: "UNSUPPORTED", message: `${key} may be at most ${largestCount}` };
    given.set(key, number);
  }
  if (given.size === 0) return invalid("condition needs a bound such as `gte: 10`");
  const equal = given.get("eq");
  const lower = [given.get("gte"), given.get("gt"), equal].filter((bound) => bound !== undefined);
  const upper = [given.get("lte"), given.get("lt"), equal].filter((bound) => bound !== undefined);
  if (lower.length > 1 || upper.length > 1) return invalid("give at most one lower and one upper bound");
  return of === "COUNT" ? countBounds(given) : numberBounds(given);
}

function countBounds(given: ReadonlyMap<Operator, number>): Bounds | Refusal {
  const above = given.get("gt");
  const below = given.get("lt");
  const min = given.get("eq") ?? given.get("gte") ?? (above === undefined ? undefined : above + 1);
  const max = given.get("eq") ?? given.get("lte") ?? (below === undefined ? undefined : below - 1);
  const bounds: Bounds = { min: Math.max(1, min ?? 1) };
  if (max !== undefined && max < 1)
    return {
      code: "UNSUPPORTED",
      message: "only silence fulfils this condition, and nothing arrives then to decide it",
    };
  if (max !== undefined && max < (bounds.min ?? 1)) return invalid("no count fulfils this condition");
  if (max !== undefined) bounds.max = max;
  return withNot(bounds, given);
}

function numberBounds(given: ReadonlyMap<Operator, number>): Bounds | Refusal {
  const bounds: Bounds = {};
  for (const [operator, bound] of given) {
    if (operator === "gte" || operator === "eq") bounds.min = bound;
    if (operator === "lte" || operator === "eq") bounds.max = bound;
    if (operator === "gt") bounds.above = bound;
    if (operator === "lt") bounds.below = bound;
  }
  const { min, above, max, below } = bounds;
  const least = min ?? above;
  const most = max ?? below;
  const open = above !== undefined || below !== undefined;
  if (least !== undefined && most !== undefined && (open ? least >= most : least > most))
    return invalid("no number fulfils this condition");
  return withNot(bounds, given);
}

function withNot(bounds: Bounds, given: ReadonlyMap<Operator, number>): Bounds {
  const not = given.get("neq");
  if (not !== undefined) bounds.not = not;
  return bounds;
}

function isOperator(key: string): key is Operator {
  return (operators as readonly string[]).includes(key);
}

function invalid(message: string): Refusal {
  return { code: "INVALID", message };
}
