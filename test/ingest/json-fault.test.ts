import { describe, expect, it } from "vitest";
import { jsonFaultAt } from "../../src/ingest/json-fault.ts";
import fc from "../support/property.ts";

describe("the place where JSON is broken", () => {
  it.each([
    ["", 0],
    ["{", 1],
    ['{"a" 1}', 5],
    ['{"a":1,}', 7],
    ["[1 2]", 3],
    ["[1]]", 3],
    ["[}", 1],
    ["01", 1],
    ["nul", 0],
    ['["\n"]', 1],
    ['["\\x"]', 1],
    ["{1:2}", 1],
  ])("of %j is %i", (text, at) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(jsonFaultAt(text)).toBe(at);
  });

  it("is after the end for text that is JSON", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(jsonFaultAt(text)).toBe(text.length);
      }),
    );
  });

  it("is found in deep nesting and in long text", () => {
    expect(jsonFaultAt("[".repeat(1_000_000))).toBe(1_000_000);
    expect(jsonFaultAt(`["${"a".repeat(5_000_000)}`)).toBe(1);
    expect(jsonFaultAt(`["${'\\"'.repeat(1_000_000)}"x`)).toBe(2_000_003);
  });
});
