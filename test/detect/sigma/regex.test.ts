import { describe, expect, it } from "vitest";
import { parseSigma } from "../../../src/detect/sigma/parse.ts";
import { compileRegex, regexFault, regexLiterals } from "../../../src/detect/sigma/regex.ts";
import fc from "../../support/property.ts";

/** Expressions that make a backtracking engine exponential or polynomial, and the text that does it, of any size. */
const slow: [string, (n: number) => string][] = [
  ["^(a+)+$", (n) => `${"a".repeat(n)}!`],
  ["^(a|a)*$", (n) => `${"a".repeat(n)}!`],
  ["^(a|aa)+$", (n) => `${"a".repeat(n)}!`],
  ["(x+x+)+y", (n) => "x".repeat(n)],
  ["^(.*a){12}$", (n) => `${"a".repeat(n)}!`],
  ["(.*)*=.*;", (n) => "=".repeat(n)],
  ["\\s+$", (n) => `${" ".repeat(n)}x`],
  ["^([a-zA-Z0-9_.-]+)+@([a-z]+\\.)+[a-z]+$", (n) => "a.".repeat(n / 2)],
  ["(?:\\w+\\s?)+:$", (n) => "word ".repeat(n / 5)],
  ["<!--.*?-->.*?<!--", (n) => "<!---->".repeat(n / 7)],
];

describe("a regular expression", () => {
  it.each(slow)("%s takes time that grows with the text and no faster", (source, text) => {
    const test = compileRegex(source, "");
    const time = (size: number) => {
      const subject = text(size);
      const runs = Array.from({ length: 5 }, () => {
        const began = performance.now();
        test(subject);
        return performance.now() - began;
      });
      return Math.min(...runs);
    };
    time(10_000); // warms up
    // Eight times the text: eight times the time. Quadratic growth would be seconds here, exponential has no end.
    expect(time(80_000)).toBeLessThan(Math.max(32 * time(10_000), 300));
  });

  it("that repeats more than can be gone through for each character is refused; a long one is not", () => {
    expect(regexFault("\\pL{99}".repeat(150), "i")).toMatch(/too large/);
    expect(regexFault("\\w{1,1000}-\\w{1,1000}-\\w{1000}", "")).toBeUndefined();
    const names = Array.from({ length: 900 }, (_, n) => `evil-${(n * 7_919).toString(36)}[.]`).join("|");
    expect(regexFault(names.slice(0, 9_999), "i")).toBeUndefined();
  });

  it.each([
    ["^evil$", "", "evil\n", true],
    ["^evil$", "", "evil", true],
    ["^evil$", "", "evil\n\n", false],
    ["^evil$", "", "evil\nx", false],
    ["^evil$", "m", "evil\nx", true],
    ["(?m)^evil$", "", "evil\nx", true],
    ["(?:a$|b)c?", "", "a\n", true],
    ["a\\$", "", "a\n", false],
    ["a\\$", "", "a$b", true],
    ["a[$]b", "", "a$b", true],
    ["a[]$]$", "", "a]\n", true],
    ["a[[:digit:]$]b", "", "a$b", true],
    ["\\Qa$\\E", "", "a$b", true],
  ])("%j with the flags %j on %j: %s", (source, flags, text, expected) => {
    expect(compileRegex(source, flags)(text)).toBe(expected);
  });

  it.each([
    ["foo.*bar", "", ["foo"]],
    ["Foo|BARR", "", ["foo", "barr"]],
    ["Foo|BARR", "i", ["foo", "barr"]],
    ["foo|.", "", undefined],
    ["(foo)?", "", undefined],
    ["a+", "", ["a"]],
    ["passwd", "i", ["pa"]],
    ["[ab]x", "", ["x"]],
    ["caf\u00e9 au", "", ["caf"]],
    ["(?i)foo", "", undefined],
  ])("%s with the flags %j needs one of %j", (source, flags, expected) => {
    expect(regexLiterals(source, flags)).toEqual(expected);
  });

  it("is refused with the rule whose text has too many, or too costly ones, before they are compiled", () => {
    const faultsOf = (key: string, expressions: readonly string[]) => {
      const values = expressions.map((one) => `      - '${one}'\n`).join("");
      const yaml = `title: Many\nlogsource: { product: a }\ndetection:\n  s:\n    f|${key}:\n${values}  condition: s\n`;
      return parseSigma(yaml).errors.map(({ line, message }) => `${line}: ${message}`);
    };
    const many = (count: number, text: string) => Array.from({ length: count }, (_, n) => `${text}${n}`);
    expect(faultsOf("re", many(1_000, "powershell"))).toEqual([]);
    for (const [key, expressions] of [
      ["re", many(36_000, "powershell")],
      ["re", many(300, ".{990}")],
      ["re|i", many(50, "[\u00c0-\uffff]".repeat(1_000))],
    ] as const)
      expect(faultsOf(key, expressions)).toEqual([
        "5: the regular expression cannot be evaluated: it is too much beside those before it: together they may have 200000 characters, each repeated as it says; split the text",
      ]);
    expect(faultsOf("re", many(1_000, "powershell"))).toEqual([]);
  });

  it("never matches a text that holds none of what it needs", () => {
    const piece = fc.oneof(
      fc.constantFrom("a", "bc", "S", "k", "\u017f", "\u212a", ".", "[ab]", "[^a]", "\\w", "^", "$", "\\b"),
      fc.constantFrom("(a|bs)", "(?:K|sa)", "(?i:ks)", "b?", "s*", "a+", "(ab){2}", "k{0,2}"),
    );
    const source = fc
      .array(fc.array(piece, { maxLength: 4 }), { minLength: 1, maxLength: 3 })
      .map((branches) => branches.map((pieces) => pieces.join("")).join("|"));
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", "s", "S", "k", "K", "\u017f", "\u212a", " ") });
    fc.assert(
      fc.property(source, letters, fc.constantFrom("", "i"), (expression, text, flags) => {
        const needed = regexLiterals(expression, flags);
        if (!needed || !compileRegex(expression, flags)(text)) return;
        expect(needed.some((one) => text.toLowerCase().includes(one))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
