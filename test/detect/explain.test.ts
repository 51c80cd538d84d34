import { describe, expect, it } from "vitest";
import { durationWords } from "../../src/detect/explain.ts";
import { correlation, detectorFor, event, failedLogin, failLogin, selectionRule } from "./rules.ts";

const explain = async (rules: string[], events: Parameters<ReturnType<typeof detectorFor>["evaluate"]>[0]) =>
  (await detectorFor(...rules).evaluate(events)).detections.map(({ explanation }) => explanation);

describe("an explanation", () => {
  it("says how many events, for whom, in what time, and what the rule asks", async () => {
    const rule = correlation("type: event_count\ngroup-by: [user.name]\ntimespan: 5m\ncondition: { gte: 10 }");
    const events = Array.from({ length: 11 }, (_, n) => failLogin("ann", { at: 25 * n }));
    expect(await explain([failedLogin, rule], events)).toEqual([
      '11 × "Failed log-in" for user ann in 4 m 10 s; the rule fires at 10 in 5 m',
    ]);
  });

  it("says how many different values there were", async () => {
    const rule = correlation(
      "type: value_count\ngroup-by: [source.ip]\ntimespan: 1h\ncondition: { field: user.name, gte: 2 }",
    );
    const events = ["ann", "bob", "ann"].map((user, at) => failLogin(user, { at }));
    expect(await explain([failedLogin, rule], events)).toEqual([
      '3 × "Failed log-in" with 2 different user.name for address 203.0.113.7 in 2 s; the rule fires at 2 different in 1 h',
    ]);
  });

  it("says of a plain rule how often it matched", async () => {
    const rule = selectionRule("s: { event.action: export }\ncondition: s", {}, "Export");
    const exports = [0, 90].map((at) => event({ at, action: "export", actor: { name: "ann" } }));
    expect(await explain([rule], exports.slice(0, 1))).toEqual(['"Export" matched once for user ann']);
    expect(await explain([rule], exports)).toEqual(['"Export" matched 2 times in 1 m 30 s for user ann']);
  });

  it.each([
    [250, "250 ms"],
    [1_000, "1 s"],
    [250_000, "4 m 10 s"],
    [300_000, "5 m"],
    [5_400_000, "1 h 30 m"],
    [86_405_000, "1 d"],
  ])("tells %d ms as %s", (ms, words) => {
    expect(durationWords(ms)).toBe(words);
  });
});
