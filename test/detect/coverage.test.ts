import { describe, expect, it } from "vitest";
import { tacticNames, techniqueNames } from "../../src/detect/attack-names.ts";
import { builtinRules } from "../../src/detect/builtin.ts";
import { coverageOf } from "../../src/detect/coverage.ts";

const rule = (tags: string[], mode: "ACTIVE" | "MONITOR" | "DISABLED" = "ACTIVE", detections = 0) => ({
  tags,
  mode,
  detections,
});
const of = (rules: Parameters<typeof coverageOf>[0], tactic: string) =>
  coverageOf(rules).find(({ name }) => name === tactic);

describe("the ATT&CK coverage", () => {
  it("counts rules by mode, and what they detected, per tactic and technique", () => {
    const spraying = ["attack.credential-access", "attack.t1110.003"];
    const rules = [rule(spraying, "ACTIVE", 2), rule(spraying, "MONITOR", 1), rule(spraying, "DISABLED")];
    const counts = { active: 1, monitor: 1, disabled: 1, detections: 3 };
    expect(of(rules, "Credential Access")).toEqual({
      id: "TA0006",
      name: "Credential Access",
      ...counts,
      techniques: [{ id: "T1110.003", name: "Password Spraying", ...counts }],
    });
  });

  it("shows tactics that nothing covers", () => {
    expect(coverageOf([])).toHaveLength(14);
    expect(of([], "Exfiltration")).toMatchObject({ active: 0, techniques: [] });
  });

  it("puts a technique of several tactics under those that the rule names", () => {
    const rules = [rule(["attack.initial-access", "attack.t1078"])];
    expect(of(rules, "Initial Access")?.techniques).toHaveLength(1);
    expect(of(rules, "Persistence")?.techniques).toHaveLength(0);
    expect(of([rule(["attack.t1078"])], "Persistence")?.techniques).toHaveLength(1);
  });

  it("keeps a technique that it has no name for under the rule's tactic, and counts a rule once per tactic", () => {
    const rules = [rule(["attack.impact", "attack.t9999", "attack.t1485", "attack.T1485"])];
    expect(of(rules, "Impact")).toMatchObject({ active: 1, techniques: [{ id: "T1485" }, { id: "T9999" }] });
  });

  it("has a name for every technique and tactic of the built-in rules, and each serves a tactic that its rule names", () => {
    for (const { file, document } of builtinRules()) {
      const named = document.tags.filter((tag) => tag.startsWith("attack.")).map((tag) => tag.slice(7));
      const tactics = named.filter((name) => !/^t\d/.test(name));
      for (const tactic of tactics) expect(tacticNames.has(tactic), `${file} ${tactic}`).toBe(true);
      for (const name of named.filter((one) => /^t\d/.test(one))) {
        const served = techniqueNames.get(name.toUpperCase())?.tactics ?? [];
        expect(
          served.some((tactic) => tactics.includes(tactic)),
          `${file} ${name}: ${served}`,
        ).toBe(true);
      }
    }
  });
});
