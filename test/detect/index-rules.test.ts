import { describe, expect, it } from "vitest";
import { compiled, event, selectionRule } from "./rules.ts";

const titles = (yamls: string[], wish: Parameters<typeof event>[0]) =>
  compiled(yamls)
    .ruleSet.candidates(event(wish))
    .map(({ document }) => document.title);

describe("the rule index", () => {
  it("shows an event only the rules that ask for what it has, however many there are", () => {
    const rules = Array.from({ length: 2_000 }, (_, n) =>
      selectionRule(`s: { event.outcome: failure, event.action: act${n} }\ncondition: s`, {}, `t${n}`),
    );
    expect(titles(rules, { action: "ACT7", outcome: "FAILURE" })).toEqual(["t7"]);
    expect(titles(rules, { action: "none", outcome: "FAILURE" })).toEqual([]);
  });

  it("shows an event only the rules of its logsource", () => {
    const rules = ["okta", "aws"].map((product) =>
      selectionRule("s: { f|contains: x }\ncondition: s", { product }, product),
    );
    expect(titles(rules, { logsource: { product: "AWS" }, attributes: { f: "x" } })).toEqual(["aws"]);
  });

  it.each([
    ["s: { f: [7, x] }\ncondition: s", { f: "7.0" }],
    ["s: { f: '7' }\ncondition: s", { f: 7 }],
    ["s: { f: true }\ncondition: s", { f: "TRUE" }],
    ["s: { f|cased: X }\ncondition: s", { f: "X" }],
    ["s: { f: x }\ncondition: s", { f: ["y", ["X"]] }],
    ["a: { f: x }\nb: { f: y }\ncondition: 1 of them", { f: "y" }],
    ["a: { f: x }\nb: { g: y }\ncondition: a or b", { g: "y" }],
    ["a: { f: x }\ncondition: not a", { f: "y" }],
    ["a: { f: x, g|contains: z }\ncondition: a", { f: "x", g: "zz" }],
    ["a: { f: [x, 'y*'] }\ncondition: a", { f: "yes" }],
    ["a: { f: [x, null] }\ncondition: a", {}],
    ["a: { f|all: ['x*', xy] }\ncondition: a", { f: "xy" }],
    ["a: [{ f: x }, { f: y }]\nb: { g: z }\ncondition: a and not b", { f: "y" }],
  ])("never hides a rule that matches: %j", (detection, attributes) => {
    const { ruleSet } = compiled([selectionRule(detection), selectionRule("s: { f: other }\ncondition: s")]);
    const sent = event({ attributes });
    const candidates = ruleSet.candidates(sent);
    expect(candidates.filter((rule) => rule.matches(sent))).toHaveLength(1);
  });

  it("shows a rule once, though two elements of a list lead to it", () => {
    expect(titles([selectionRule("s: { f: [x, y] }\ncondition: s")], { attributes: { f: ["x", "y"] } })).toHaveLength(
      1,
    );
  });
});
