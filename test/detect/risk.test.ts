import { describe, expect, it } from "vitest";
import {
  type Contribution,
  halfLifeMs,
  inOdds,
  leftOf,
  pointsOf,
  riskBySeverity,
  riskOf,
  windowMs,
} from "../../src/detect/risk.ts";
import fc from "../support/property.ts";

const now = 1_790_000_000_000;
const contribution = fc.record({
  weight: fc.double({ min: 0, max: 100, noNaN: true }),
  at: fc.integer({ min: now - 2 * windowMs, max: now }),
});
const several = fc.array(contribution, { maxLength: 40 });
const criticality = fc.constantFrom(0.5, 1, 1.5, 2);
const less = (a: number, b: number): boolean => a <= b + 1e-9;

describe("the threat score", () => {
  it("is 0 to 100, and 0 without contributions", () => {
    expect(riskOf([], now)).toBe(0);
    fc.assert(
      fc.property(several, criticality, (all, times) => {
        const score = riskOf(all, now, times);
        return score >= 0 && score <= 100;
      }),
    );
    expect(riskOf(Array<Contribution>(5_000).fill({ weight: 100, at: now }), now, 2)).toBeLessThanOrEqual(100);
  });

  it("never falls by one more contribution, nor by a greater or a newer one, nor by a higher criticality", () => {
    fc.assert(
      fc.property(several, contribution, criticality, fc.nat({ max: 50 }), (all, one, times, more) => {
        const score = riskOf([...all, one], now, times);
        return (
          less(riskOf(all, now, times), score) &&
          less(score, riskOf([...all, { ...one, weight: one.weight + more }], now, times)) &&
          less(score, riskOf([...all, { ...one, at: Math.min(now, one.at + more * 3_600_000) }], now, times)) &&
          less(riskOf(all, now, 0.5), riskOf(all, now, 1)) &&
          less(riskOf(all, now, 1), riskOf(all, now, times + 1))
        );
      }),
    );
  });

  it("does not depend on the order of its contributions", () => {
    fc.assert(
      fc.property(several, criticality, (all, times) => {
        expect(riskOf([...all].reverse(), now, times)).toBeCloseTo(riskOf(all, now, times), 9);
      }),
    );
  });

  it("never rises by time alone: it halves in a week without criticality, and is 0 after thirty days", () => {
    fc.assert(
      fc.property(several, criticality, fc.nat({ max: windowMs }), (all, times, later) =>
        less(riskOf(all, now + later, times), riskOf(all, now, times)),
      ),
    );
    const one = [{ weight: 99, at: now }];
    expect(riskOf(one, now + halfLifeMs)).toBeCloseTo(riskOf(one, now) / 2, 9);
    expect(riskOf(one, now + windowMs - 1)).toBeGreaterThan(0);
    expect(riskOf(one, now + windowMs)).toBe(0);
  });

  it("is the sum of the points of its contributions", () => {
    fc.assert(
      fc.property(several, criticality, (all, times) => {
        const points = pointsOf(all, now, times);
        expect(points.reduce((a, b) => a + b, 0)).toBeCloseTo(riskOf(all, now, times), 6);
        expect(points.every((one) => one >= 0)).toBe(true);
      }),
    );
  });

  it("puts one grave finding above a hundred small ones", () => {
    const small = Array.from({ length: 100 }, () => ({ weight: riskBySeverity.INFO, at: now }));
    expect(riskOf([{ weight: riskBySeverity.CRITICAL, at: now }], now)).toBeGreaterThan(riskOf(small, now));
  });

  it("multiplies the odds by the criticality", () => {
    expect(inOdds(50, 2)).toBeCloseTo(100 * (2 / 3), 9); // 1 : 1 becomes 2 : 1
    expect(inOdds(50, 0.5)).toBeCloseTo(100 / 3, 9);
    expect(inOdds(40, 1)).toBeCloseTo(40, 9);
    expect([inOdds(0, 2), inOdds(100, 0.5)]).toEqual([0, 100]);
  });

  it("takes an event of the future for one of now", () => {
    expect(leftOf({ weight: 47, at: now + halfLifeMs }, now)).toBe(47);
  });
});
