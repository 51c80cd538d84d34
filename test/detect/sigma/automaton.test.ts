import { describe, expect, it } from "vitest";
import { searchFor } from "../../../src/detect/sigma/automaton.ts";
import fc from "../../support/property.ts";

function found(texts: string[], subject: string): string[] {
  const taken = new Set<number>();
  const { numbers, find } = searchFor(texts);
  find(subject, (text) => taken.add(text));
  return texts.filter((_, place) => taken.has(numbers[place] as number)).sort();
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

  it("finds texts of one end as one, so that a list of names below one domain costs as much as one of them", () => {
    const names = Array.from({ length: 40_000 }, (_, n) => `${(n * 2_654_435_761).toString(36)}.clinic.example`);
    const { numbers, find } = searchFor(names);
    let taken = 0;
    find("see www.clinic.example", () => taken++);
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(100);
    expect(new Set(numbers).size).toBeLessThan(names.length);
  });

  it("keeps its table small for any number of letters, and still finds every text that occurs", () => {
    const letter = (n: number) => String.fromCharCode(0x4e00 + (n % 20_000));
    const texts = Array.from({ length: 20_000 }, (_, n) => letter(n * 7) + letter(n * 13) + letter(n * 29) + letter(n));
    const before = process.memoryUsage().arrayBuffers;
    const { numbers, find } = searchFor(texts);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 27);
    const taken = new Set<number>();
    find(`\u67e5${texts[4_711]}\u67e5`, (text) => taken.add(text));
    expect(taken).toContain(numbers[4_711]);
  });
});
