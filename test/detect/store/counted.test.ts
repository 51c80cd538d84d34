import { describe, expect, it } from "vitest";
import { leftWithout } from "../../../src/detect/store/counted.ts";
import type { KnownRule } from "../../../src/detect/store/known.ts";

describe("which correlations would be left without a rule", () => {
  it("goes through none for a rule that is new, as imports bring thousands of", () => {
    let looks = 0;
    const correlation = {
      name: "Many",
      mode: "ACTIVE",
      get yaml() {
        looks++;
        return "title: Many\nname: many\ncorrelation: { type: event_count, rules: [one], timespan: 5m, condition: { gte: 2 } }\n";
      },
    } as KnownRule;
    const change = (before: string[], after: string[]) => leftWithout([correlation], { before, after, mode: "ACTIVE" });
    expect(change([], ["one"])).toBeUndefined();
    expect(looks).toBe(0);
    expect(change(["one"], ["other"])).toBe("the correlation `Many` counts this rule as `one`");
  });
});
