import { describe, expect, it } from "vitest";
import { compilePattern, parsePattern } from "../../../src/detect/sigma/pattern.ts";
import fc from "../../support/property.ts";

const matches = (pattern: string, text: string) => compilePattern(parsePattern(pattern), true)(text);

describe("a Sigma string", () => {
  it.each([
    [String.raw`C:\Windows`, String.raw`C:\Windows`, true],
    [String.raw`C:\\Windows`, String.raw`C:\Windows`, true],
    [String.raw`a\*b`, "a*b", true],
    [String.raw`a\*b`, "axb", false],
    [String.raw`a\?b`, "a?b", true],
    [String.raw`a\\*`, String.raw`a\anything`, true],
    [String.raw`a\\*`, "anything", false],
    [String.raw`a\\\*`, String.raw`a\*`, true],
    [String.raw`a\\\\b`, String.raw`a\\b`, true],
    [String.raw`a\\\b`, String.raw`a\\b`, true],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["*", "", true],
    ["", "", true],
    ["", "x", false],
    ["a**b", "a--b", true],
    ["*a*b*", "xxaxxbxx", true],
    ["*a*b*", "xxbxxaxx", false],
    ["ab*ba", "aba", false],
    ["*.ex?", "notes.exe", true],
  ])("%s says of %s: %s", (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  it("matches what the same pattern matches as a regular expression", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 });
    fc.assert(
      fc.property(letters, text, (pattern, value) => {
        const expression = new RegExp(`^${pattern.replaceAll("*", "[^]*").replaceAll("?", "[^]")}$`);
        expect(matches(pattern, value)).toBe(expression.test(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes no longer for a pattern that is made to be slow", () => {
    const test = compilePattern(parsePattern(`${"*a".repeat(40)}*b`), true);
    expect(test("a".repeat(20_000))).toBe(false);
  });
});
