import { describe, expect, it } from "vitest";
import { compileRules } from "../../src/detect/compile.ts";
import type { KnownRule } from "../../src/detect/store/known.ts";
import { prepareTrial } from "../../src/detect/trial.ts";
import { failedLogin, failLogin } from "./rules.ts";

const stored: KnownRule = {
  ...{ id: "failed", revision: 1, mode: "ACTIVE", yaml: failedLogin, name: "Failed log-in", reference: "failed_login" },
  ...{ sigmaId: null, kind: "DETECTION", builtin: false, settings: { mode: "ACTIVE" } },
};
const loaded = { rules: [stored], placeholders: new Map(), timeZone: "UTC" };
const organizationId = "00000000-0000-4000-8000-000000000000";
const filter = (rules: string, field = "user.name") =>
  `title: Not the robot\nlogsource: { category: authentication }\nfilter:\n  rules: ${rules}\n  sel: { ${field}: robot }\n  condition: not sel\n`;
const finds = (rules: ReturnType<typeof prepareTrial>["rules"], user: string) => {
  const event = failLogin(user, { at: 1 });
  return compileRules(rules)
    .ruleSet.candidates(event)
    .some((rule) => rule.matches(event));
};

describe("a trial", () => {
  it("of a stored rule takes draft exceptions, which the rule as it is stored does not have", () => {
    const trial = prepareTrial({ organizationId, loaded, ruleId: "failed", yaml: filter("[failed_login]") });
    expect(trial.faults).toEqual([]);
    expect([finds(trial.rules, "robot"), finds(trial.rules, "ann")]).toEqual([false, true]);
    expect(finds(trial.stored, "robot")).toBe(true);
  });

  it("of a draft takes draft exceptions beside it, also on any rule", () => {
    const draft = failedLogin.replaceAll("failed_login", "new_rule").replace("title: Failed log-in", "title: New");
    for (const rules of ["[new_rule]", "any"]) {
      const trial = prepareTrial({ organizationId, loaded, yaml: `${draft.trim()}\n---\n${filter(rules)}` });
      expect([finds(trial.rules, "robot"), finds(trial.rules, "ann")]).toEqual([false, true]);
    }
  });

  it("says where a draft exception is faulty, and that one alone is no rule", () => {
    const tried = (yaml: string, ruleId?: string) => () => prepareTrial({ organizationId, loaded, ruleId, yaml });
    expect(tried(filter("[nobody]"), "failed")).toThrow("document 1, line 1: filter.rules: there is no rule");
    expect(tried(filter("[failed_login]", "user.nam"), "failed")).toThrow("did you mean `user.name`");
    expect(tried(filter("any"))).toThrow("alertRuleExceptionPreview tries it");
  });

  it("refuses a draft with misspelt fields, as storing it would, and takes a stored rule as it is", () => {
    const tried = (yaml: string) => () => prepareTrial({ organizationId, loaded, yaml });
    const named = failedLogin.replaceAll("failed_login", "new_rule").replace("title: Failed log-in", "title: New");
    expect(tried(named.replace("event.outcome", "event.outcom"))).toThrow("did you mean `event.outcome`");
    const counts = `title: Burst\ncorrelation:\n  type: event_count\n  rules: [failed_login]\n  group-by: [user.nam]\n  timespan: 5m\n  condition: { gte: 4 }\n`;
    expect(tried(counts)).toThrow("document 1, line 5: correlation.group-by.0: ");
    const old = { ...stored, yaml: failedLogin.replace("event.outcome", "event.outcom") };
    expect(() => prepareTrial({ organizationId, loaded: { ...loaded, rules: [old] }, ruleId: "failed" })).not.toThrow();
  });
});
