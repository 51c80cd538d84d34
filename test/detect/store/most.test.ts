import { describe, expect, it } from "vitest";
import { compileRules } from "../../../src/detect/compile.ts";
import { beyondMost } from "../../../src/detect/store/most.ts";

const big = "x".repeat(1_000_000);
const rule = (id: string, yaml: string) => ({ id, yaml });
const draft = (id: string, yaml: string, before?: string) => ({
  id,
  document: { yaml },
  before: before === undefined ? undefined : rule(id, before),
});
const none = new Map<string, number>();
const nineteen = Array.from({ length: 19 }, (_, n) => rule(`old ${n}`, big));

describe("how much an organization's rules may be together", () => {
  it("takes drafts in their order, up to twenty million characters", () => {
    const drafts = [draft("one", big), draft("two", big), draft("three", "short")];
    const beyond = beyondMost(nineteen, drafts, none);
    expect([...beyond.keys()].map(({ id }) => id)).toEqual(["two", "three"]);
    expect(beyond.get(drafts[1] as never)).toBe(
      "all rules of an organization may have 20000000 characters together, and with this one they have more; remove some first",
    );
  });

  it("takes what makes a rule no larger, however much there is", () => {
    const full = [...nineteen, rule("old 19", big), rule("old 20", big)];
    const drafts = [draft("one", `${big}!`, big), draft("two", "short", big), draft("three", "b", "a")];
    expect([...beyondMost(full, drafts, none).keys()].map(({ id }) => id)).toEqual(["one"]);
  });

  it("takes two million characters of regular expressions, and rules without any beyond that", () => {
    const sizes = new Map([...nineteen.map(({ id }) => [id, 100_000] as const), ["one", 100_000], ["two", 1]]);
    const others = nineteen.map(({ id }) => rule(id, "r"));
    const drafts = [draft("one", "a"), draft("two", "b"), draft("three", "c")];
    const beyond = beyondMost(others, drafts, sizes);
    expect([...beyond].map(([{ id }, why]) => [id, why.slice(0, 83)])).toEqual([
      ["two", "the regular expressions of all rules of an organization may have 2000000 characters"],
    ]);
  });

  it("knows how much the expressions of a rule are, also those that stand in lists", () => {
    const yaml = (detection: string) =>
      `title: t\nlogsource: { product: p }\ndetection: { sel: { ${detection} }, condition: sel }\n`;
    const texts = ["f: plain", `f|re: '${"a.".repeat(50)}'`, "f|re|expand: '%listed%'"];
    const stored = texts.map((text, n) => ({ id: `${n}`, revision: 1, mode: "ACTIVE" as const, yaml: yaml(text) }));
    const placeholders = new Map([["listed", ["b.".repeat(50), "c.".repeat(50)]]]);
    const { errors, expressions } = compileRules(stored, { placeholders });
    expect(errors).toEqual([]);
    expect([...expressions.keys()]).toEqual(["1", "2"]);
    expect(expressions.get("2")).toBe(2 * (expressions.get("1") as number));
  });
});
