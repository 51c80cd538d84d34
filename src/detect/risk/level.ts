/** Which threshold of the organization an entity's threat score has passed. */
import type { Severity } from "../../ingest/event.ts";

/** From which threat score on an entity's open incidents are at least of this severity, 0 to 100. */
export interface RiskThresholds {
  high: number;
  critical: number;
}

export type RiskLevel = Extract<Severity, "HIGH" | "CRITICAL">;

/** A level is left when the score has fallen so far below its threshold: a score that wavers there crosses it once. */
export const hysteresis = 10;

export type LevelVerdict =
  | { move: "STAYS"; level: RiskLevel | null }
  /** It has crossed a threshold upward, and had been well below it. */
  | { move: "RISES"; level: RiskLevel; threshold: number }
  | { move: "FALLS"; level: RiskLevel | null };

const ranks = [null, "HIGH", "CRITICAL"] as const;

/** From which threat score on somebody has the level. */
export const thresholdOf = (level: RiskLevel, { high, critical }: RiskThresholds): number =>
  level === "CRITICAL" ? critical : high;

/** Pure: the level after `score`, where it was `before`. */
export function judgeLevel(before: RiskLevel | null, score: number, thresholds: RiskThresholds): LevelVerdict {
  const reached = score >= thresholds.critical ? 2 : score >= thresholds.high ? 1 : 0;
  const held = score >= thresholds.critical - hysteresis ? 2 : score >= thresholds.high - hysteresis ? 1 : 0;
  const was = ranks.indexOf(before);
  if (reached > was) {
    const level = ranks[reached] as RiskLevel;
    return { move: "RISES", level, threshold: thresholdOf(level, thresholds) };
  }
  const now = Math.max(reached, Math.min(held, was));
  return { move: now < was ? "FALLS" : "STAYS", level: ranks[now] as RiskLevel | null };
}
