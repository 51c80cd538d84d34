import { describe, expect, it } from "vitest";
import { markPassed } from "../../src/incident/correlate.ts";
import { incidentStatuses, isOpen, judgeMove } from "../../src/incident/state.ts";

describe("the lifecycle table", () => {
  it("lets an incident be resolved from every open status and from no other", () => {
    for (const status of incidentStatuses) expect(judgeMove(status, "RESOLVE").allowed).toBe(isOpen(status));
  });

  it("lets only an OPEN incident be acknowledged, and says why otherwise", () => {
    expect(judgeMove("OPEN", "ACKNOWLEDGE")).toEqual({ allowed: true, to: "ACKNOWLEDGED" });
    expect(judgeMove("RESOLVED", "ACKNOWLEDGE")).toEqual({
      allowed: false,
      reason: "An incident that is RESOLVED cannot become ACKNOWLEDGED; it must be OPEN.",
    });
  });
});

describe("a count worth a line on the timeline", () => {
  it.each([
    [5, 9, undefined],
    [9, 10, 10],
    [10, 99, undefined],
    [99, 1_234, 1_000],
    [1_000, 1_500, undefined],
  ])("from %i to %i passes %s", (before, after, mark) => expect(markPassed(before, after)).toBe(mark));
});
