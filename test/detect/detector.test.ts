import { describe, expect, it } from "vitest";
import { builtinRules } from "../../src/detect/builtin.ts";
import { compileRules } from "../../src/detect/compile.ts";
import { createDetector } from "../../src/detect/detector.ts";
import { threatScore } from "../../src/detect/risk.ts";
import { parseSigma } from "../../src/detect/sigma/parse.ts";
import type { SecurityEvent } from "../../src/ingest/event.ts";
import fc from "../support/property.ts";

const start = Date.UTC(2026, 10, 24);
const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const fail = (
  n: number,
  second: number,
  user = "ann",
  ip = "203.0.113.7",
  extra: Partial<SecurityEvent> = {},
): SecurityEvent => ({
  id: id(n),
  time: start + second * 1_000,
  receivedAt: start + n,
  logsource: { category: "authentication" },
  action: "login",
  category: "AUTHENTICATION",
  outcome: "FAILURE",
  actor: { name: user },
  source: { ip },
  attributes: {},
  ...extra,
});
const detectorOf = (...yamls: string[]) => {
  const rules = yamls.map((yaml, n) => ({ id: id(900 + n), revision: 1, mode: "ACTIVE" as const, yaml }));
  const { ruleSet, errors } = compileRules(rules);
  expect(errors).toEqual([]);
  return createDetector({ ruleSet });
};
const builtin = () => detectorOf(...builtinRules().map(({ yaml }) => yaml));
const names = async (detector: ReturnType<typeof builtin>, events: SecurityEvent[]) =>
  (await detector.evaluate(events)).detections.map(({ ruleName }) => ruleName).sort();
const many = (count: number, make: (n: number) => SecurityEvent) => Array.from({ length: count }, (_, n) => make(n));

describe("the built-in rules", () => {
  it("fire at ten failed log-ins for one account within five minutes, not at nine", async () => {
    const spread = (n: number) => fail(n, n * 20, "ann", `198.51.100.${n}`);
    expect(await names(builtin(), many(9, spread))).toEqual([]);
    const { detections } = await builtin().evaluate(many(10, spread));
    expect(detections).toMatchObject([
      { severity: "HIGH", opened: true, eventCount: 10, subjects: [{ kind: "USER", key: "ann" }] },
    ]);
    expect(detections[0]?.explanation).toMatch(/10 .*ann/);
  });

  it("fire at fifteen failures from one address, and at eight accounts tried from it", async () => {
    const detected = await names(
      builtin(),
      many(15, (n) => fail(n, n, `user${n % 9}`)),
    );
    expect(detected).toHaveLength(2);
    expect(
      await names(
        builtin(),
        many(14, (n) => fail(n, n, `user${n % 7}`)),
      ),
    ).toEqual([]);
  });

  it("do not fire on successes, nor when the failures lie too far apart", async () => {
    expect(
      await names(
        builtin(),
        many(30, (n) => fail(n, n, "ann", "203.0.113.7", { outcome: "SUCCESS" })),
      ),
    ).toEqual([]);
    expect(
      await names(
        builtin(),
        many(30, (n) => fail(n, n * 60)),
      ),
    ).toEqual([]);
  });
});

describe("windows", () => {
  it("slide in event time: neither the order of arrival nor how events are batched matters", async () => {
    const order = fc.shuffledSubarray(
      many(10, (n) => fail(n, n * 20)),
      { minLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(order, fc.integer({ min: 1, max: 9 }), async (events, cut) => {
        const detector = builtin();
        const arrived = events.map((event, n) => ({ ...event, receivedAt: start + n }));
        const first = await detector.evaluate(arrived.slice(0, cut));
        const second = await detector.evaluate(arrived.slice(cut));
        expect([...first.detections, ...second.detections]).toMatchObject([{ eventCount: 10 }]);
      }),
      { numRuns: 50 },
    );
  });

  it("count an event once, however often it comes", async () => {
    const nine = many(9, (n) => fail(n, n));
    const detector = builtin();
    for (let times = 0; times < 3; times++) expect(await names(detector, nine)).toEqual([]);
  });

  it("forget a batch that was not committed", async () => {
    const detector = builtin();
    await detector.evaluate(many(9, (n) => fail(n, n)));
    const lost = await detector.evaluate([fail(9, 9)]);
    expect(lost.detections).toHaveLength(1);
    lost.undo();
    const again = await detector.evaluate([fail(10, 10)]);
    expect(again.detections).toMatchObject([{ opened: true, eventCount: 10 }]);
  });

  it("give the same detection, id included, when history is replayed after a restart", async () => {
    const events = many(12, (n) => fail(n, n));
    const whole = builtin();
    await whole.evaluate(events.slice(0, 9));
    const [expected] = (await whole.evaluate(events.slice(9))).detections;
    const restarted = builtin();
    await restarted.replay(events.slice(0, 9));
    expect((await restarted.evaluate(events.slice(9))).detections[0]).toEqual(expected);
  });

  it("keep one storm one detection", async () => {
    const detector = builtin();
    const ids = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const { detections } = await detector.evaluate(many(10, (n) => fail(round * 10 + n, round * 10 + n)));
      for (const detection of detections) if (detection.ruleName.includes("account")) ids.add(detection.id);
    }
    expect(ids.size).toBe(1);
  });
});

describe("a Sigma rule", () => {
  const rule = (detection: string) => `title: t\nlogsource:\n  category: authentication\ndetection:\n${detection}`;
  it.each([
    ["equality without regard to case", "  s:\n    user.name: ANN\n  condition: s", true],
    ["a list as alternatives", "  s:\n    user.name: [bob, ann]\n  condition: s", true],
    ["contains", "  s:\n    user.name|contains: nn\n  condition: s", true],
    ["startswith", "  s:\n    user.name|startswith: nn\n  condition: s", false],
    ["endswith", "  s:\n    user.name|endswith: nn\n  condition: s", true],
    ["and", "  a:\n    user.name: ann\n  b:\n    source.ip: 192.0.2.1\n  condition: a and b", false],
    ["or binding weaker than and", "  a:\n    user.name: ann\n  b:\n    source.ip: x\n  condition: a or b and b", true],
    ["not", "  a:\n    user.name: bob\n  condition: not a", true],
    ["a wildcard", "  a:\n    user.name: a*\n  condition: a", true],
    ["another logsource", "  a:\n    user.name: ann\n  condition: a", true],
  ])("matches by %s", async (_, detection, expected) => {
    expect(await names(detectorOf(rule(detection)), [fail(1, 1)])).toHaveLength(expected ? 1 : 0);
  });

  it("is refused with line, path and cause when it is faulty or not supported, and the good documents are kept", () => {
    const good = rule("  s:\n    user.name: ann\n  condition: s");
    const { documents, errors } = parseSigma(
      `${good}\n---\n${rule("  s:\n    user.name|nonsense: a\n  condition: s")}`,
    );
    expect(documents).toHaveLength(1);
    expect(errors).toMatchObject([{ document: 1, path: expect.stringContaining("nonsense") }]);
    expect(errors[0]?.line).toBeGreaterThan(8);
  });

  it("never throws, whatever the text", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseSigma(text)));
    const shape = fc.record({
      title: fc.jsonValue(),
      logsource: fc.jsonValue(),
      detection: fc.jsonValue(),
      correlation: fc.jsonValue(),
    });
    fc.assert(fc.property(shape, (value) => void parseSigma(JSON.stringify(value))));
  });
});

describe("the threat score", () => {
  it("is a rank-damped sum between 0 and 100", () => {
    expect(threatScore([])).toBe(0);
    expect(threatScore([73])).toBeCloseTo(73 / 2.612, 1);
    expect(threatScore([10, 99])).toBeCloseTo((99 + 10 / 2 ** 1.5) / 2.612, 1);
    expect(threatScore(Array(10_000).fill(100))).toBeLessThanOrEqual(100);
  });
});
