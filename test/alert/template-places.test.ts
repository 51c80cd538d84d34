import { describe, expect, it } from "vitest";
import { checkTemplate } from "../../src/alert/template-check.ts";
import { placeIn } from "../../src/alert/template-places.ts";
import fc from "../support/property.ts";

/** Counted from the start, a character at a time. */
function counted(text: string, at: number): [number, number] {
  let [line, column] = [1, 1];
  for (const character of text.slice(0, at).split("")) {
    if (character === "\n") [line, column] = [line + 1, 1];
    else column++;
  }
  return [line, column];
}

const faultIn = (body: string): string => {
  try {
    checkTemplate({ subject: null, body, html: null });
    return "none";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("where something stands in a template", () => {
  it("is its line and column, whatever the text and wherever it is asked for", () => {
    const text = fc
      .array(fc.constantFrom("\n", "a", "{{", "\r\n", "é"), { maxLength: 40 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.nat(60)), { maxLength: 5 }), (asked) => {
        for (const [one, at] of asked) {
          const inside = Math.min(at, one.length);
          expect(placeIn(one, inside)).toEqual(counted(one, inside));
        }
      }),
    );
  });

  it("is told with a fault, after a template that is longer and one that has no lines", () => {
    expect(faultIn(`${"x\n".repeat(40)}{{ incident.titel | nothing }}`)).toMatch(
      /^Line 41, column 1: undefined filter/,
    );
    expect(faultIn("a {{ incident.title | nothing }}")).toMatch(/^Line 1, column 3: undefined filter/);
    expect(faultIn("a\nbc {% unknown %}")).toMatch(/^Line 2, column 4: /);
  });

  it("is told of what is nested too deep, in words", () => {
    expect(faultIn("{% if true %}".repeat(1_500))).toMatch(/: it is nested too deep\.$/);
  });
});
