import { describe, expect, it } from "vitest";
import { subjectKey, type WatchedAmong } from "../../../src/detect/correlation/lower.ts";
import type { DetectionDraft } from "../../../src/detect/detection.ts";
import { correlation, detectorFor, failedLogin, failLogin } from "../rules.ts";

const counted = (condition: string, type = "event_count", field = "") =>
  correlation(`type: ${type}\ngroup-by: [user.name]\ntimespan: 1m\ncondition: { ${field}${condition} }`);

/** How many failures it takes until something is found about the user, event by event. */
async function neededBy(user: string, rules: string[], watchedAmong?: WatchedAmong): Promise<number | undefined> {
  const detector = detectorFor(...rules);
  for (let at = 0; at < 12; at++) {
    const event = failLogin(user, { at, from: `203.0.113.${at}` });
    if ((await detector.evaluate([event], watchedAmong)).detections.length > 0) return at + 1;
  }
  return undefined;
}

const eve: WatchedAmong = async () => new Set([subjectKey({ kind: "USER", key: "eve" })]);

describe("the threshold of whom is watched", () => {
  it("is half of a count, rounded up, and two at least; everybody else's is as it was", async () => {
    const needed = async (condition: string) => [
      await neededBy("eve", [failedLogin, counted(condition)], eve),
      await neededBy("ann", [failedLogin, counted(condition)], eve),
    ];
    expect(await needed("gte: 9")).toEqual([5, 9]);
    expect(await needed("gte: 3")).toEqual([2, 3]);
    expect(await needed("gte: 2")).toEqual([2, 2]);
    expect(await needed("gte: 1")).toEqual([1, 1]);
  });

  it("is lower for distinct values, and the same where fewer is worse or another rule counts what is found", async () => {
    const values = counted("gte: 6", "value_count", "field: source.ip, ");
    expect(await neededBy("eve", [failedLogin, values], eve)).toBe(3);
    expect(await neededBy("eve", [failedLogin, counted("gte: 4, lte: 8")], eve)).toBe(4);
    const inner = counted("gte: 6").replace("title: Many", "title: Burst\nname: burst");
    const outer = correlation("type: event_count\ngroup-by: [user.name]\ntimespan: 5m\ncondition: { gte: 1 }");
    expect(await neededBy("eve", [failedLogin, inner, outer.replace("failed_login", "burst")], eve)).toBe(6);
  });

  it("asks for each subject once for a batch, and for nobody where no count has a hit", async () => {
    const asked: string[][] = [];
    const among: WatchedAmong = async (subjects) => {
      asked.push(subjects.map(subjectKey));
      return new Set();
    };
    const detector = detectorFor(failedLogin, counted("gte: 9"));
    await detector.evaluate(
      ["ann", "ann", "bob"].map((user, at) => failLogin(user, { at })),
      among,
    );
    await detector.evaluate([{ ...failLogin("ann", { at: 9 }), outcome: "SUCCESS" }], among);
    expect(asked).toEqual([["USER:ann", "USER:bob"]]);
  });

  it("is told in the explanation, until there is enough for everybody", async () => {
    const detector = detectorFor(failedLogin, counted("gte: 4"));
    const drafts: DetectionDraft[] = [];
    for (let at = 0; at < 4; at++)
      drafts.push(...(await detector.evaluate([failLogin("eve", { at })], eve)).detections);
    expect(drafts.map(({ eventCount, lowered = false, opened }) => [eventCount, lowered, opened])).toEqual([
      [2, true, true],
      [3, true, false],
      [4, false, false],
    ]);
    expect(drafts[0]?.explanation).toContain("fires at 4 in 1 m, and at 2 for whom is under increased monitoring");
    expect(drafts[2]?.explanation).toMatch(/fires at 4 in 1 m$/);
  });
});
