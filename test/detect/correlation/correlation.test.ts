import { describe, expect, it } from "vitest";
import type { DetectionDraft } from "../../../src/detect/detection.ts";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import { compiled, correlation, detectorFor, event, failedLogin, failLogin, threeFailures } from "../rules.ts";

const day = 86_400;

/** Which of the events fired, evaluated one by one. */
async function firings(rules: string[], events: SecurityEvent[]): Promise<number[]> {
  const detector = detectorFor(...rules);
  const fired: number[] = [];
  for (const [n, one] of events.entries()) if ((await detector.evaluate([one])).detections.length > 0) fired.push(n);
  return fired;
}

const counting = (lines: string) => [failedLogin, correlation(`timespan: 1m\n${lines}`)];

describe("counting events", () => {
  it("fires in any window of the timespan, and one that begins when it ends is another", async () => {
    expect(
      await firings(
        [failedLogin, threeFailures],
        [0, 30, 59.999].map((at) => failLogin("ann", { at })),
      ),
    ).toEqual([2]);
    expect(
      await firings(
        [failedLogin, threeFailures],
        [0, 30, 60].map((at) => failLogin("ann", { at })),
      ),
    ).toEqual([]);
    expect(
      await firings(
        [failedLogin, threeFailures],
        [0, 30, 60, 80].map((at) => failLogin("ann", { at })),
      ),
    ).toEqual([3]);
  });

  it("counts each group for itself, and no event that lacks a field of the group", async () => {
    const events = ["ann", "bob", "ann", "bob", "ann"].map((user, at) => failLogin(user, { at }));
    expect(await firings([failedLogin, threeFailures], events)).toEqual([4]);
    const { actor: _, ...nobody } = failLogin("x");
    expect(
      await firings(
        [failedLogin, threeFailures],
        [1, 2, 3].map((n) => ({ ...nobody, id: `${n}` })),
      ),
    ).toEqual([]);
    const both = counting("type: event_count\ngroup-by: [user.name, source.ip]\ncondition: { gte: 2 }");
    const pairs = [
      failLogin("ann", { from: "192.0.2.1" }),
      failLogin("ann", { from: "192.0.2.2" }),
      failLogin("ann", { from: "192.0.2.1" }),
    ];
    expect(await firings(both, pairs)).toEqual([2]);
  });

  it("finds a window after a late event as well as before it", async () => {
    expect(
      await firings(
        [failedLogin, threeFailures],
        [40, 50, 0].map((at, n) => failLogin("ann", { at, arrives: 60 + n })),
      ),
    ).toEqual([2]);
    expect(
      await firings(
        [failedLogin, threeFailures],
        [0, 100, 50].map((at, n) => failLogin("ann", { at, arrives: 100 + n })),
      ),
    ).toEqual([]);
    expect(
      await firings(
        [failedLogin, threeFailures],
        [0, 59, 30].map((at, n) => failLogin("ann", { at, arrives: 60 + n })),
      ),
    ).toEqual([2]);
  });

  it("sees an attack in logs of years ago while the same user is active today", async () => {
    const old = [0, 1, 2].map((at, n) => failLogin("ann", { at: at - 900 * day, arrives: 2 * n }));
    const live = [0, 100, 200].map((at, n) => failLogin("ann", { at, arrives: 2 * n + 1 }));
    expect(
      await firings(
        [failedLogin, threeFailures],
        old.flatMap((one, n) => [one, live[n] as SecurityEvent]),
      ),
    ).toEqual([4]);
  });

  it("forgets what arrived longer ago than timespan and lateness, whatever its event time", async () => {
    const keptFor = 60 + 15 * 60;
    const late = (arrives: number) => [0, 1, 2].map((at, n) => failLogin("ann", { at, arrives: n < 2 ? 0 : arrives }));
    expect(await firings([failedLogin, threeFailures], late(keptFor))).toEqual([2]);
    expect(await firings([failedLogin, threeFailures], late(keptFor + 1))).toEqual([]);
  });

  it("takes bounds from either side, decided as each event arrives", async () => {
    const five = [0, 1, 2, 3, 4].map((at) => failLogin("ann", { at }));
    const range = (condition: string) =>
      firings(counting(`type: event_count\ngroup-by: [user.name]\ncondition: ${condition}`), five);
    expect(await range("{ gt: 1, lte: 3 }")).toEqual([1, 2]);
    expect(await range("{ gte: 2, lt: 4 }")).toEqual([1, 2]);
    expect(await range("{ eq: 3 }")).toEqual([2]);
    expect(await range("{ gte: 2, neq: 3 }")).toEqual([1, 3, 4]);
    expect(await range("{ gte: 1 }")).toEqual([0, 1, 2, 3, 4]);
  });

  it("without group-by counts all events together", async () => {
    const events = ["ann", "bob", "cyn"].map((user, at) => failLogin(user, { at }));
    expect(await firings(counting("type: event_count\ncondition: { gte: 3 }"), events)).toEqual([2]);
  });
});

describe("counting values", () => {
  const spraying = counting("type: value_count\ngroup-by: [source.ip]\ncondition: { field: user.name, gte: 3 }");
  const tries = (...users: string[]) => users.map((user, at) => failLogin(user, { at }));

  it("counts distinct ones", async () => {
    expect(await firings(spraying, tries("ann", "ann", "bob", "ann", "bob", "cyn", "ann"))).toEqual([5, 6]);
  });

  it("counts them in one window, in whichever order they come", async () => {
    const at = (user: string, time: number) => failLogin(user, { at: time, arrives: 200 });
    expect(await firings(spraying, [at("ann", 0), at("bob", 70), at("cyn", 100), at("ann", 50)])).toEqual([3]);
    expect(await firings(spraying, [at("ann", 0), at("bob", 70), at("cyn", 140), at("dan", 71)])).toEqual([]);
  });

  it("counts all events of the window, though few of them were kept before there were enough values", async () => {
    const detector = detectorFor(...spraying);
    const users = Array.from({ length: 1_000 }, (_, n) => (n % 2 ? "ann" : "bob"));
    const before = users.map((user, n) => failLogin(user, { at: n / 100 }));
    expect((await detector.evaluate(before)).detections).toEqual([]);
    expect(detector.windows.size().entries).toBeLessThan(50);
    const { detections } = await detector.evaluate([failLogin("cyn", { at: 11 })]);
    expect(detections).toMatchObject([{ eventCount: 1_001, firstEventAt: before[0]?.time }]);
  });

  it("counts tuples of several fields", async () => {
    const tuples = counting(
      "type: value_count\ngroup-by: [logsource.category]\ncondition: { field: [user.name, source.ip], gte: 3 }",
    );
    const logsource = { category: "authentication" };
    const from = (user: string, ip: string, at: number) => failLogin(user, { from: ip, at, logsource });
    expect(
      await firings(tuples, [from("ann", "1", 0), from("ann", "2", 1), from("ann", "2", 2), from("bob", "2", 3)]),
    ).toEqual([3]);
  });
});

describe("rules that correlations refer to", () => {
  const other = `title: Locked\nid: locked-1\nname: locked\nlogsource: { category: authentication }\ndetection: { s: { event.action: lock }, condition: s }\n`;
  const generating = threeFailures.replace("correlation:", "generate: true\ncorrelation:");
  const names = (drafts: DetectionDraft[]) => drafts.map(({ ruleName }) => ruleName).sort();
  const storm = () => [0, 1, 2].map((at) => failLogin("ann", { at }));

  it("make no detections of their own, unless the correlation says generate", async () => {
    expect(names((await detectorFor(failedLogin, threeFailures).evaluate(storm())).detections)).toEqual(["Many"]);
    expect(names((await detectorFor(failedLogin, generating).evaluate(storm())).detections)).toEqual([
      "Failed log-in",
      "Many",
    ]);
    expect(names((await detectorFor(failedLogin, generating, threeFailures).evaluate(storm())).detections)).toEqual([
      "Failed log-in",
      "Many",
      "Many",
    ]);
    expect(names((await detectorFor(failedLogin).evaluate(storm())).detections)).toEqual(["Failed log-in"]);
  });

  it("stay silent when the correlation is switched off", () => {
    const { ruleSet, errors } = compiled([failedLogin, threeFailures], { 1: "DISABLED" });
    expect(errors).toEqual([]);
    expect(ruleSet.firing.size).toBe(0);
  });

  it("make detections while the correlation is on trial, unless they are on trial too or informational", () => {
    const keys = (yamls: string[], modes: Parameters<typeof compiled>[1]) =>
      [...compiled(yamls, modes).ruleSet.firing.values()]
        .filter(({ silent }) => !silent)
        .map(({ stored }) => stored.id);
    const informational = failedLogin.replace("title:", "level: informational\ntitle:");
    expect(keys([failedLogin, threeFailures], { 1: "MONITOR" })).toEqual(["rule-1", "rule-0"]);
    expect(keys([failedLogin, threeFailures], { 0: "MONITOR", 1: "MONITOR" })).toEqual(["rule-1"]);
    expect(keys([informational, threeFailures], { 1: "MONITOR" })).toEqual(["rule-1"]);
    expect(keys([failedLogin, threeFailures, threeFailures], { 1: "MONITOR" })).toEqual(["rule-1", "rule-2"]);
  });

  it("may be several, and an event that matches two of them counts once", async () => {
    const two = threeFailures.replace("[failed_login]", "[failed_login, locked-1]");
    const events = [0, 1, 2].map((at) => failLogin("ann", { at, action: at < 2 ? "lock" : "login" }));
    expect(await firings([failedLogin, other, two], events)).toEqual([2]);
  });

  it("may call the same thing by different names, through aliases", async () => {
    const aliased = correlation(
      "type: event_count\ngroup-by: [who]\ntimespan: 1m\ncondition: { gte: 3 }\naliases:\n  who: { failed_login: user.name, locked: victim }",
    ).replace("[failed_login]", "[failed_login, locked]");
    const lock = event({ category: "AUTHENTICATION", action: "lock", attributes: { victim: "ann" } });
    expect(await firings([failedLogin, other, aliased], [failLogin("ann"), lock, failLogin("ann")])).toEqual([2]);
    const partial = aliased.replace(", locked: victim", "");
    expect(compiled([failedLogin, other, partial]).errors).toMatchObject(
      [{ ruleId: "rule-2", message: /alias `who`/ }].map((e) => ({ ...e, message: expect.stringMatching(e.message) })),
    );
  });

  it.each([
    ["are missing", [threeFailures], {}, "there is no rule with the id or name `failed_login`"],
    [
      "are ambiguous",
      [failedLogin, failedLogin, threeFailures],
      {},
      "several rules have the id or name `failed_login`",
    ],
    [
      "are disabled",
      [failedLogin, threeFailures],
      { 0: "DISABLED" },
      "the rule `Failed log-in`, which it counts, is disabled",
    ],
  ] as const)("are asked for when they %s, and the other rules run", (_, rules, modes, message) => {
    const { ruleSet, errors } = compiled(rules, modes);
    expect(errors).toMatchObject([{ ruleId: `rule-${rules.length - 1}`, message }]);
    expect(ruleSet.firing.has(`rule-${rules.length - 1}@1`)).toBe(false);
  });
});
