import { describe, expect, it } from "vitest";
import { compileRules } from "../../src/detect/compile.ts";
import type { StoredException, StoredRule } from "../../src/detect/detection.ts";
import { createDetector } from "../../src/detect/detector.ts";
import { failedLogin, failLogin, second, start, threeFailures } from "./rules.ts";

const except = (user: string, more: Partial<StoredException> = {}): StoredException => ({
  id: `not-${user}`,
  yaml: `title: Not ${user}\nfilter:\n  sel: { user.name: ${user} }\n  condition: not sel\n`,
  from: 0,
  ...more,
});
const stored = (yaml: string, id: string, exceptions: StoredException[] = []): StoredRule => ({
  ...{ id, revision: 1, mode: "ACTIVE", yaml, exceptions },
});
function rulesOf(plain: StoredException[], counting: StoredException[] = [], correlation = threeFailures) {
  const { ruleSet, errors } = compileRules([
    stored(failedLogin, "failed", plain),
    stored(correlation, "three", counting),
  ]);
  expect(errors).toEqual([]);
  return ruleSet;
}
const failures = (user: string, times: number[]) => times.map((at) => failLogin(user, { at }));
const found = async (ruleSet: ReturnType<typeof rulesOf>, events: ReturnType<typeof failures>) =>
  (await createDetector({ ruleSet }).evaluate(events)).detections
    .map(({ subjects }) => subjects.find(({ kind }) => kind !== "ADDRESS")?.key)
    .sort();

describe("an exception", () => {
  it("keeps a rule from finding what it names, and only that", async () => {
    const { ruleSet } = compileRules([stored(failedLogin, "failed", [except("robot")])]);
    expect(await found(ruleSet, [...failures("robot", [1]), ...failures("ann", [1])])).toEqual(["ann"]);
  });

  it("of a counted rule, or of the correlation by its group, keeps the correlation quiet", async () => {
    const events = [...failures("robot", [1, 2, 3]), ...failures("ann", [1, 2, 3])];
    expect(await found(rulesOf([]), events)).toEqual(["ann", "robot"]);
    expect(await found(rulesOf([except("robot")]), events)).toEqual(["ann"]);
    expect(await found(rulesOf([], [except("robot")]), events)).toEqual(["ann"]);
  });

  it("of a correlation may name its aliases", async () => {
    const aliased = threeFailures
      .replace("group-by: [user.name]", "group-by: [who]")
      .replace("  timespan", "  aliases: { who: { failed_login: user.name } }\n  timespan");
    const byAlias = except("robot", { yaml: except("robot").yaml.replace("user.name", "who") });
    const events = [...failures("robot", [1, 2, 3]), ...failures("ann", [1, 2, 3])];
    expect(await found(rulesOf([], [byAlias], aliased), events)).toEqual(["who=ann"]);
  });

  it("of a correlation that counts another holds for what made the other one fire", async () => {
    const outer =
      "title: Outer\ncorrelation:\n  type: event_count\n  rules: [inner]\n  group-by: [user.name]\n  timespan: 1h\n  condition: { gte: 1 }\n";
    const inner = threeFailures.replace("title: Many", "title: Many\nname: inner");
    const chain = (exceptions: StoredException[]) =>
      compileRules([stored(failedLogin, "failed"), stored(inner, "inner"), stored(outer, "outer", exceptions)]).ruleSet;
    const events = [...failures("robot", [1, 2, 3]), ...failures("ann", [1, 2, 3])];
    expect(await found(chain([]), events)).toEqual(["ann", "robot"]);
    expect(await found(chain([except("robot")]), events)).toEqual(["ann"]);
  });

  it("holds for events that arrive from its beginning until before its end, whatever their own time", async () => {
    const { ruleSet } = compileRules([
      stored(failedLogin, "failed", [except("robot", { from: start + 10 * second, until: start + 20 * second })]),
    ]);
    const arrivals = async (...arrives: number[]) =>
      (
        await found(
          ruleSet,
          arrives.map((one) => failLogin("robot", { at: 0, arrives: one })),
        )
      ).length;
    expect(await arrivals(9.999)).toBe(1);
    expect(await arrivals(10, 15, 19.999)).toBe(0);
    expect(await arrivals(20)).toBe(1);
  });

  it("that is made or ended leaves half-full windows as they are, and a replay fills them the same", async () => {
    const detector = createDetector({ ruleSet: rulesOf([]) });
    const early = failures("ann", [1, 2]);
    await detector.evaluate(early);
    const until = start + 10 * second;
    detector.replaceRules(rulesOf([except("ann", { from: start + 5 * second, until })]));
    const hidden = failures("ann", [6, 7, 8]);
    expect((await detector.evaluate(hidden)).detections).toEqual([]);
    const last = failures("ann", [11]);
    const { detections } = await detector.evaluate(last);
    expect(detections.map(({ eventCount }) => eventCount)).toEqual([3]);
    const restarted = createDetector({ ruleSet: rulesOf([except("ann", { from: start + 5 * second, until })]) });
    await restarted.replay([...early, ...hidden]);
    expect((await restarted.evaluate(last)).detections).toEqual(detections);
  });

  it("that cannot be read is told, and its rule runs without it", () => {
    const { ruleSet, errors } = compileRules([
      stored(failedLogin, "failed", [{ id: "bad", yaml: failedLogin, from: 0 }]),
    ]);
    expect(errors).toEqual([{ ruleId: "failed", message: "exception bad: holds exactly one Sigma filter" }]);
    expect(ruleSet.firing.size).toBe(1);
  });
});
