import { describe, expect, it } from "vitest";
import type { DetectionDraft } from "../../../src/detect/detection.ts";
import { takeWaiting } from "../../../src/detect/waiting.ts";
import type { LoadedCorrelation } from "../../../src/detect/wire.ts";
import { compiled, correlation, detectorFor, event, failedLogin, failLogin, selectionRule } from "../rules.ts";

const named = (name: string, lines: string, rules = "failed_login") =>
  `name: ${name}\n${correlation(lines).replace("[failed_login]", `[${rules}]`)}`.replace("Many", name);
const success = `name: success\n${selectionRule("s: { event.outcome: success }\ncondition: s", {}, "Log-in")}`;
const burst = named("burst", "type: event_count\ngroup-by: [user.name]\ntimespan: 1m\ncondition: { gte: 3 }");
const breach = named("breach", "type: temporal_ordered\ngroup-by: [user.name]\ntimespan: 10m", "burst, success");
const names = (drafts: DetectionDraft[]) => drafts.map(({ ruleName }) => ruleName).sort();
const storm = (at: number, user = "ann", count = 3) =>
  Array.from({ length: count }, (_, n) => failLogin(user, { at: at + n }));
const logIn = (at: number, user = "ann") => event({ at, outcome: "SUCCESS", actor: { name: user } });

describe("a correlation of correlations", () => {
  it("counts the detections of the inner one, which itself stays silent", async () => {
    const detector = detectorFor(failedLogin, success, burst, breach);
    expect((await detector.evaluate(storm(0))).detections).toEqual([]);
    expect((await detector.evaluate([logIn(30, "bob")])).detections).toEqual([]);
    const { detections } = await detector.evaluate([logIn(40)]);
    expect(detections).toMatchObject([{ ruleName: "breach", subjects: [{ kind: "USER", key: "ann" }] }]);
    expect(detections[0]?.explanation).toBe(
      '"burst", then "Log-in" (2 events) for user ann in 38 s; the rule fires at all 2 rules one after another in 10 m',
    );
  });

  it("does not fire in the wrong order, nor when it is over before", async () => {
    expect(
      names((await detectorFor(failedLogin, success, burst, breach).evaluate([logIn(0), ...storm(1)])).detections),
    ).toEqual([]);
    expect(
      names((await detectorFor(failedLogin, success, burst, breach).evaluate([...storm(0), logIn(603)])).detections),
    ).toEqual([]);
  });

  it("knows a storm that goes on for longer than its own timespan", async () => {
    const detector = detectorFor(failedLogin, success, burst, breach);
    await detector.evaluate(Array.from({ length: 200 }, (_, n) => failLogin("ann", { at: 20 * n })));
    expect(names((await detector.evaluate([logIn(4_100)])).detections)).toEqual(["breach"]);
  });

  it("knows every moment at which a late event makes the inner one hold", async () => {
    const detector = detectorFor(failedLogin, success, burst, breach);
    const late = [0, 58, 117, 59].map((at) => failLogin("ann", { at, arrives: 120 }));
    expect(names((await detector.evaluate([...late, logIn(700)])).detections)).toEqual(["breach"]);
    expect(names((await detector.evaluate([logIn(718)])).detections)).toEqual([]);
  });

  it("does not let the end of a long batch, as of a replay, outdate its beginning", async () => {
    const detector = detectorFor(failedLogin, success, burst, breach);
    const batch = [...storm(0), logIn(9), failLogin("bob", { at: 9_000 })];
    expect(names((await detector.evaluate(batch)).detections)).toEqual(["breach"]);
  });

  it("makes detections of the inner one too when it says generate", async () => {
    const detector = detectorFor(
      failedLogin,
      success,
      burst,
      breach.replace("correlation:", "generate: true\ncorrelation:"),
    );
    expect(names((await detector.evaluate([...storm(0), logIn(9)])).detections)).toEqual(["Log-in", "breach", "burst"]);
  });

  it("counts a storm once, and groups by what the inner one groups by or by what the event says", async () => {
    const wave = named(
      "wave",
      "type: event_count\ngroup-by: [source.ip]\ntimespan: 10m\ncondition: { gte: 3 }",
      "burst",
    );
    const users = named(
      "users",
      "type: value_count\ngroup-by: [source.ip]\ntimespan: 10m\ncondition: { field: user.name, gte: 3 }",
      "burst",
    );
    const detector = detectorFor(failedLogin, burst, wave, users);
    expect((await detector.evaluate([...storm(0, "ann", 30), ...storm(40, "bob")])).detections).toEqual([]);
    const { detections } = await detector.evaluate(storm(50, "cyn"));
    expect(names(detections)).toEqual(["users", "wave"]);
    expect(detections.at(-1)).toMatchObject({ eventCount: 3, subjects: [{ kind: "ADDRESS", key: "203.0.113.7" }] });
  });

  it("may lie on others several deep, all in one batch", async () => {
    const one = named("one", "type: event_count\ngroup-by: [user.name]\ntimespan: 1m\ncondition: { gte: 1 }", "burst");
    const two = named("two", "type: temporal\ngroup-by: [user.name]\ntimespan: 5m", "one, success, burst");
    const detector = detectorFor(two, one, success, burst, failedLogin);
    const batch = await detector.evaluate([...storm(0), logIn(5)]);
    expect(names(batch.detections)).toEqual(["two"]);
    batch.undo();
    expect(names((await detector.evaluate([logIn(6)])).detections)).toEqual([]);
    expect(names((await detector.evaluate(storm(7))).detections)).toEqual(["two"]);
  });

  it("goes on after a restart as if there had been none", async () => {
    const { ruleSet } = compiled([failedLogin, success, burst, breach]);
    expect(ruleSet.horizonMs).toBe(60_000 + 600_000 + 2 * 15 * 60_000);
    const restarted = detectorFor(failedLogin, success, burst, breach);
    await restarted.replay(storm(0));
    await restarted.restore([]);
    expect(names((await restarted.evaluate([logIn(40)])).detections)).toEqual(["breach"]);
  });

  it("is refused by name where correlations count each other, or themselves, or lie too deep", () => {
    const count = "type: event_count\ntimespan: 1m\ncondition: { gte: 2 }";
    const faults = (...yamls: string[]) => compiled([failedLogin, ...yamls]).errors.map(({ message }) => message);
    expect(faults(named("self", count, "self"))).toEqual([
      "correlations may not count each other in a circle: `self` counts `self`",
    ]);
    expect(faults(named("x", count, "y"), named("y", count, "x"), burst)).toEqual(
      expect.arrayContaining(["correlations may not count each other in a circle: `x` counts `y` counts `x`"]),
    );
    const tower = Array.from({ length: 10 }, (_, n) =>
      named(`level${n}`, count, n === 0 ? "failed_login" : `level${n - 1}`),
    );
    for (const ordered of [tower, tower.toReversed(), tower.toSorted(() => 1)])
      expect(faults(...ordered).sort()).toEqual([
        "correlations may lie at most 8 above each other: above `level7` this one would be number 9",
        "correlations may lie at most 8 above each other: above `level8` this one would be number 10",
      ]);
    expect(faults(...tower.slice(0, 8))).toEqual([]);
  });

  it("asks for the correlation that it counts when that is disabled or cannot run", () => {
    const { errors } = compiled([failedLogin, success, burst, breach], { 2: "DISABLED" });
    expect(errors).toEqual([{ ruleId: "rule-3", message: "the correlation `burst`, which it counts, is disabled" }]);
    const broken = compiled([success, burst, breach]).errors;
    expect(broken).toContainEqual({
      ruleId: "rule-2",
      message: "the correlation `burst`, which it counts, cannot run",
      waiting: true,
    });
  });

  it("waits in a chain of any length, whose links are looked at a few times each", () => {
    let looks = 0;
    const link = (n: number): LoadedCorrelation => {
      const rules = [`link ${n + 1}`];
      const body = {
        get rules() {
          looks++;
          return rules;
        },
      };
      const stored = { id: `${n}` };
      return { stored, document: { name: `link ${n}`, body } } as unknown as LoadedCorrelation;
    };
    const links = Array.from({ length: 500 }, (_, n) => link(n));
    const { correlations, waiting } = takeWaiting(links, []);
    expect(correlations).toEqual([]);
    expect(waiting.map(({ ruleId }) => Number(ruleId))).toEqual(links.map((_, n) => 499 - n));
    expect(waiting.slice(0, 2).map(({ message }) => message)).toEqual([
      "there is no rule with the id or name `link 500`",
      "the correlation `link 499`, which it counts, cannot run",
    ]);
    expect(looks).toBeLessThan(10 * links.length);
  });

  it("lets the inner one tell what it finds while it is on trial itself, and an inner one on trial serves it", () => {
    const told = (modes: Parameters<typeof compiled>[1]) =>
      [...compiled([failedLogin, success, burst, breach], modes).ruleSet.firing.values()]
        .filter(({ silent }) => !silent)
        .map(({ stored }) => stored.id);
    expect(told({ 3: "MONITOR" })).toEqual(["rule-2", "rule-3", "rule-1"]);
    expect(told({ 2: "MONITOR" })).toEqual(["rule-3"]);
  });

  it("leaves the inner one silent, and at rest, when it is switched off itself", () => {
    const { ruleSet, errors } = compiled([failedLogin, success, burst, breach], { 3: "DISABLED" });
    expect(errors).toEqual([]);
    expect(ruleSet.firing.size).toBe(0);
  });
});
