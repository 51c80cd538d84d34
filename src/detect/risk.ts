/**
 * Threat score of a subject or an incident, from its risks (0-100 each).
 *
 * A rank-damped sum (DESIGN, section 3): the largest risk counts whole, the second through 2^1.5, the third through
 * 3^1.5, so that a hundred small findings do not outweigh one grave one. Divided by zeta(1.5) = 2.612, the sum of all the
 * weights, endlessly many equal risks r come to a score of r, and 100 cannot be passed.
 */
import type { Severity } from "../ingest/event.ts";

export const riskBySeverity: Readonly<Record<Severity, number>> = {
  INFO: 5,
  LOW: 21,
  MEDIUM: 47,
  HIGH: 73,
  CRITICAL: 99,
};

const damping = 1.5;
const zetaOfDamping = 2.612;

export function threatScore(risks: readonly number[]): number {
  const sorted = risks.filter((risk) => Number.isFinite(risk) && risk > 0).sort((a, b) => b - a);
  const sum = sorted.reduce((total, risk, index) => total + risk / (index + 1) ** damping, 0);
  return Math.min(100, Math.max(0, sum / zetaOfDamping));
}
