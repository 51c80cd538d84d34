import { describe, expect, it } from "vitest";
import { builtinRules } from "../../src/detect/builtin.ts";
import { compileRules } from "../../src/detect/compile.ts";

describe("the rules that come with Vigil", () => {
  const rules = builtinRules();

  it("say what they find, when they are wrong, how grave it is, and keep their ids", () => {
    for (const { file, document } of rules) {
      expect(document.sigmaId, file).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(document.description, file).toBeTruthy();
      expect(document.falsepositives.length, file).toBeGreaterThan(0);
      expect(
        document.tags.some((tag) => tag.startsWith("attack.")),
        file,
      ).toBe(true);
      expect(document.author, file).toBe("Vigil");
    }
    expect(new Set(rules.map(({ document }) => document.sigmaId)).size).toBe(rules.length);
  });

  it("compile together, and those that are only counted make no detections", () => {
    const stored = rules.map(({ file, yaml }) => ({ id: file, revision: 1, mode: "ACTIVE" as const, yaml }));
    const { ruleSet, errors } = compileRules(stored);
    expect(errors).toEqual([]);
    expect(ruleSet.firing.has("authentication/failed-login.yml@1")).toBe(false);
    expect(ruleSet.horizonMs).toBeLessThanOrEqual(2 * 3_600_000); // what a restart has to read again
  });
});
