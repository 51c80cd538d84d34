import { describe, expect, it } from "vitest";
import { hysteresis, judgeLevel, type RiskLevel } from "../../../src/detect/risk/level.ts";
import fc from "../../support/property.ts";

const thresholds = { high: 70, critical: 90 };

describe("the level of a threat score", () => {
  it("rises at a threshold, and says which", () => {
    expect(judgeLevel(null, 69.9, thresholds)).toEqual({ move: "STAYS", level: null });
    expect(judgeLevel(null, 70, thresholds)).toEqual({ move: "RISES", level: "HIGH", threshold: 70 });
    expect(judgeLevel(null, 95, thresholds)).toEqual({ move: "RISES", level: "CRITICAL", threshold: 90 });
    expect(judgeLevel("HIGH", 90, thresholds)).toEqual({ move: "RISES", level: "CRITICAL", threshold: 90 });
  });

  it("is left only well below its threshold, so that a wavering score crosses it once", () => {
    expect(judgeLevel("HIGH", 61, thresholds)).toEqual({ move: "STAYS", level: "HIGH" });
    expect(judgeLevel("HIGH", 59, thresholds)).toEqual({ move: "FALLS", level: null });
    expect(judgeLevel("CRITICAL", 81, thresholds)).toEqual({ move: "STAYS", level: "CRITICAL" });
    expect(judgeLevel("CRITICAL", 79, thresholds)).toEqual({ move: "FALLS", level: "HIGH" });
    expect(judgeLevel("CRITICAL", 20, thresholds)).toEqual({ move: "FALLS", level: null });
  });

  it("rises at most once while the score stays within the hysteresis of the threshold", () => {
    const near = fc.double({ min: thresholds.high - hysteresis, max: 89.9, noNaN: true });
    fc.assert(
      fc.property(fc.array(near, { minLength: 1, maxLength: 50 }), (scores) => {
        let level: RiskLevel | null = null;
        let rises = 0;
        for (const score of scores) {
          const verdict = judgeLevel(level, score, thresholds);
          if (verdict.move === "RISES") rises++;
          level = verdict.level;
        }
        return rises <= 1;
      }),
    );
  });
});
