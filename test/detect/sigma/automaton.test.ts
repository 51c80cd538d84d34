import { describe, expect, it } from "vitest";
import { searchFor } from "../../../src/detect/sigma/automaton.ts";
import fc from "../../support/property.ts";

function found(texts: string[], subject: string): string[] {
  const taken = new Set<number>();
  searchFor(texts)(subject, (text) => taken.add(text));
  return [...taken].map((text) => texts[text] as string).sort();
}

describe("the search for many texts at once", () => {
  it("finds each text that occurs, also within and across others", () => {
    expect(found(["he", "she", "his", "hers", "x"], "ushers")).toEqual(["he", "hers", "she"]);
    expect(found(["\u00e9t\u00e9", "t"], "un \u00e9t\u00e9")).toEqual(["t", "\u00e9t\u00e9"]);
  });

  it("finds what includes() finds, whatever the texts", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "\u017f", "\u00e9"), minLength: 1, maxLength: 5 });
    const subject = fc.string({ unit: fc.constantFrom("a", "b", "c", "d", "\u017f", "\u00e9"), maxLength: 30 });
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 12 }), subject, (texts, value) => {
        expect(found(texts, value)).toEqual(texts.filter((one) => value.includes(one)).sort());
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps its table small for very many texts, and still finds every one that occurs", () => {
    const texts = Array.from({ length: 60_000 }, (_, n) => `${(n * 7919).toString(36)}-${"x".repeat(40)}-${n}`);
    expect(found(texts, `see ${texts[4_711]} there`)).toContain(texts[4_711]);
  });
});
