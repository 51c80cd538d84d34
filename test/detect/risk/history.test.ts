import { expect, it } from "vitest";
import { ago, changeInWords, riskChanges } from "../../../src/detect/risk/history.ts";
import { riskOf } from "../../../src/detect/risk.ts";

const now = 1_790_000_000_000;
const hour = 3_600_000;

it("says of each contribution by how much the score rose through it, the latest first", () => {
  const travel = { weight: 73, at: now - 2 * hour, reason: "Impossible travel" };
  const country = { weight: 47, at: now - 50 * hour, reason: "New country" };
  const [last, first, ...none] = riskChanges([country, travel], 1, 10);
  expect(none).toEqual([]);
  expect(first?.contribution).toBe(country);
  expect(first?.points).toBeCloseTo(riskOf([country], country.at), 9);
  expect(last?.contribution).toBe(travel);
  expect(last?.points).toBeCloseTo(riskOf([country, travel], travel.at) - riskOf([country], travel.at), 9);
  expect(riskChanges([country, travel], 1, 1).map(({ contribution }) => contribution)).toEqual([travel]);
});

it("tells a change in words", () => {
  expect(changeInWords(23.4, "Impossible travel", now - 2 * hour, now)).toBe("+23: Impossible travel, 2 h ago");
  expect(changeInWords(0.2, "Failed log-in", now - 1, now)).toBe("+<1: Failed log-in, just now");
  expect([ago(now - 5 * 60_000, now), ago(now - 72 * hour, now), ago(now + hour, now)]).toEqual([
    "5 min ago",
    "3 d ago",
    "just now",
  ]);
});
