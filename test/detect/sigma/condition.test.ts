import { describe, expect, it } from "vitest";
import { parseCondition } from "../../../src/detect/sigma/condition.ts";
import type { Condition } from "../../../src/detect/sigma/document.ts";

const names = ["a", "b", "sel_one", "sel_two", "filter_main_x", "_private"];

function shape(condition: Condition): string {
  if (condition.kind === "SELECTION") return condition.name;
  if (condition.kind === "NOT") return `!${shape(condition.part)}`;
  return `(${condition.parts.map(shape).join(condition.kind === "AND" ? "&" : "|")})`;
}

function read(text: string): string {
  const parsed = parseCondition(text, names);
  return "code" in parsed ? parsed.message : shape(parsed);
}

describe("a condition", () => {
  it.each([
    ["a", "a"],
    ["a or b and sel_one", "(a|(b&sel_one))"],
    ["(a or b) and sel_one", "((a|b)&sel_one)"],
    ["not a and b", "(!a&b)"],
    ["not (a and b)", "!(a&b)"],
    ["not not a", "!!a"],
    ["A and NOT 1 OF filter_*".replace("A", "a"), "(a&!filter_main_x)"],
    ["1 of sel_*", "(sel_one|sel_two)"],
    ["any of sel_*", "(sel_one|sel_two)"],
    ["all of sel*", "(sel_one&sel_two)"],
    ["all of *_*o*", "(sel_one&sel_two)"],
    ["1 of them", "(a|b|sel_one|sel_two|filter_main_x)"],
    ["1 of _*", "_private"],
    ["a and all of sel_* or b", "((a&(sel_one&sel_two))|b)"],
  ])("%s is read as %s", (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    ["", "the condition ends too early"],
    ["a and", "the condition ends too early"],
    ["a b", "did not expect `b` here"],
    ["(a", "a closing parenthesis is missing"],
    ["a)", "did not expect `)` here"],
    ["c", "there is no selection `c`"],
    ["1 of c*", "no selection matches `c*`"],
    ["some of a", "`some of`: write `1 of` or `all of`"],
  ])("%s is refused: %s", (text, message) => {
    expect(read(text)).toBe(message);
  });
});
