/**
 * Threat score of an entity or an incident, 0 to 100, from its contributions (one a detection).
 *
 * A rank-damped sum: the largest risk counts whole, the second through 2^1.5, the third through 3^1.5, so that a hundred
 * small findings do not outweigh one grave one. Divided by zeta(1.5) = 2.612, the sum of all the weights, endlessly many
 * equal risks r come to a score of r, and 100 cannot be passed. A contribution counts for 30 days and halves every 7.
 * The criticality of the entity multiplies the odds score : (100 - score), so that the bounds stay. The same formula
 * stands in SQL as threat_score().
 */
import type { Severity } from "../ingest/event.ts";

export const riskBySeverity: Readonly<Record<Severity, number>> = {
  INFO: 5,
  LOW: 21,
  MEDIUM: 47,
  HIGH: 73,
  CRITICAL: 99,
};

/** 7 days: what a contribution counts halves. A week is the rhythm of people, and of whoever looks through incidents. */
export const halfLifeMs = 604_800_000;
/** 30 days: then a contribution counts no longer (5 % of it would be left). */
export const windowMs = 2_592_000_000;
/** So many contributions count, the greatest: all beyond them would add 2.5 % of the greatest one. */
export const mostContributions = 1_000;

const damping = 1.5;
const zetaOfDamping = 2.612;

/** What one detection adds. */
export interface Contribution {
  /** 0 to 100, when it was new. */
  weight: number;
  /** The time of its last event, epoch ms. */
  at: number;
}

/** The rank-damped sum of risks, 0 to 100. */
export function threatScore(risks: readonly number[]): number {
  const sorted = risks.filter((risk) => Number.isFinite(risk) && risk > 0).sort((a, b) => b - a);
  const sum = sorted.reduce((total, risk, index) => total + risk / (index + 1) ** damping, 0);
  return bounded(sum / zetaOfDamping);
}

/** What is left of a contribution at `now`, 0 to 100. */
export function leftOf({ weight, at }: Contribution, now: number): number {
  const age = Math.max(0, now - at);
  return age >= windowMs ? 0 : Math.min(100, weight) * 2 ** (-age / halfLifeMs);
}

/** A score whose odds are multiplied. */
export function inOdds(score: number, criticality: number): number {
  const part = score / 100;
  return bounded((100 * part * criticality) / (1 - part + part * criticality));
}

/** The score of these contributions at `now`, 0 to 100. */
export function riskOf(contributions: readonly Contribution[], now: number, criticality = 1): number {
  const risks = contributions.map((one) => leftOf(one, now)).sort((a, b) => b - a);
  return inOdds(threatScore(risks.slice(0, mostContributions)), criticality);
}

/** How much of the score each contribution makes up at `now`, in points: they add up to `riskOf`. */
export function pointsOf(contributions: readonly Contribution[], now: number, criticality = 1): number[] {
  const score = riskOf(contributions, now, criticality);
  const ranked = contributions
    .map((one, index) => ({ index, left: leftOf(one, now) }))
    .sort((a, b) => b.left - a.left)
    .slice(0, mostContributions)
    .map(({ index, left }, rank) => ({ index, part: left / (rank + 1) ** damping }));
  const sum = ranked.reduce((total, { part }) => total + part, 0);
  const points = contributions.map(() => 0);
  for (const { index, part } of ranked) if (sum > 0) points[index] = (score * part) / sum;
  return points;
}

function bounded(score: number): number {
  return Math.min(100, Math.max(0, score));
}
