/** How a threat score came about: what each contribution changed when it came. */
import { type Contribution, riskOf } from "../risk.ts";

export interface RiskChange<One extends Contribution> {
  contribution: One;
  /** By how many points the score rose through it, at its time. */
  points: number;
}

/** The last `most` contributions with what each added to what was there before it, the latest first. */
export function riskChanges<One extends Contribution>(
  contributions: readonly One[],
  criticality: number,
  most: number,
): RiskChange<One>[] {
  const inTime = [...contributions].sort((a, b) => a.at - b.at);
  const changes: RiskChange<One>[] = [];
  for (let index = inTime.length - 1; index >= 0 && changes.length < most; index--) {
    const contribution = inTime[index] as One;
    const before = riskOf(inTime.slice(0, index), contribution.at, criticality);
    const after = riskOf(inTime.slice(0, index + 1), contribution.at, criticality);
    changes.push({ contribution, points: after - before });
  }
  return changes;
}

const units = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
] as const;

/** "2 h ago" */
export function ago(at: number, now: number): string {
  const age = Math.max(0, now - at);
  for (const [ms, unit] of units) if (age >= ms) return `${Math.floor(age / ms)} ${unit} ago`;
  return "just now";
}

/** "+23: Impossible travel, 2 h ago" */
export function changeInWords(points: number, reason: string, at: number, now: number): string {
  const rounded = Math.round(points);
  return `${rounded === 0 ? "+<1" : `+${rounded}`}: ${reason}, ${ago(at, now)}`;
}
