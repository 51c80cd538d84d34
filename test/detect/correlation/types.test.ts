import { describe, expect, it } from "vitest";
import type { SecurityEvent } from "../../../src/ingest/event.ts";
import { detectorFor, event, selectionRule } from "../rules.ts";

const step = (name: string) =>
  `name: ${name}\n${selectionRule(`s: { event.action: ${name} }\ncondition: s`, {}, name.toUpperCase())}`;
const steps = ["a", "b", "c"].map(step);
const counting = (lines: string, rules = "a, b, c") =>
  `title: Many\nlevel: high\ncorrelation:\n  rules: [${rules}]\n  group-by: [user.name]\n  timespan: 1m\n${lines.replace(/^/gm, "  ")}\n`;

/** "a0 b10": what happens, at which second. */
function story(text: string): SecurityEvent[] {
  return text.split(" ").map((word, n) => {
    const [, action = "", at = "", attributes = ""] = /^([a-z])(\d+)(?:=(.*))?$/.exec(word) ?? [];
    const bytes = attributes === "" ? {} : { bytes: JSON.parse(attributes) as unknown };
    return event({ action, at: Number(at), arrives: 100 + n, actor: { name: "ann" }, attributes: bytes });
  });
}

/** Which events of the story the rule fires at, evaluated one by one; and what it says last. */
async function firing(rule: string, text: string): Promise<{ at: string[]; says: string | undefined }> {
  const detector = detectorFor(...steps, rule);
  const at: string[] = [];
  let says: string | undefined;
  for (const [n, one] of story(text).entries())
    for (const { ruleName, explanation } of (await detector.evaluate([one])).detections)
      if (ruleName === "Many") [says] = [explanation, at.push(text.split(" ")[n]?.split("=")[0] ?? "")];
  return { at, says };
}

const at = async (rule: string, text: string) => (await firing(rule, text)).at;

describe("temporal", () => {
  it("fires when every rule was seen in one window, in any order", async () => {
    expect(await at(counting("type: temporal"), "b0 c10 b20 a59")).toEqual(["a59"]);
    expect(await at(counting("type: temporal"), "b0 c10 a60")).toEqual([]);
    expect(await at(counting("type: temporal"), "c50 a20 b40")).toEqual(["b40"]);
  });

  it("may ask for fewer of its rules", async () => {
    expect(await at(counting("type: temporal\ncondition: { gte: 2 }"), "b0 b10 c20")).toEqual(["c20"]);
    expect(await at(counting("type: temporal\ncondition: { eq: 2 }"), "b0 c20 a30")).toEqual(["c20"]);
  });

  it("may ask for a condition over them", async () => {
    const or = counting("type: temporal\ncondition: a and (b or c)");
    expect(await at(or, "b0 c10 a20")).toEqual(["a20"]);
    const not = counting("type: temporal\ncondition: a and b and not c");
    expect(await at(not, "a0 c10 b20")).toEqual([]);
    expect(await at(not, "a0 b20 c30 b40")).toEqual(["b20"]);
    expect(
      await at(counting("type: temporal\ncondition: a and b").replace("  rules: [a, b, c]\n", ""), "a0 b9"),
    ).toEqual(["b9"]);
  });
});

describe("temporal_ordered", () => {
  const ordered = counting("type: temporal_ordered");

  it("fires when the rules come one after another, whatever comes between and however late", async () => {
    expect(await at(ordered, "c0 b1 a2 a10 b11 c12")).toEqual(["c12"]);
    expect(await at(ordered, "a0 c1 b2 c61")).toEqual([]);
    expect(await at(ordered, "c30 a10 b20")).toEqual(["b20"]);
    expect(await at(ordered, "c20 b20 a20")).toEqual(["a20"]);
  });

  it("may ask for fewer of them in order", async () => {
    expect(await at(counting("type: temporal_ordered\ncondition: { gte: 2 }"), "c0 b1 a2 c3")).toEqual(["c3"]);
  });

  it("takes the parts of a condition one after another", async () => {
    const rule = counting("type: temporal_ordered\ncondition: c and (a or b)");
    expect(await at(rule, "c0 a10 c20")).toEqual(["c20"]);
  });

  it("finds its order in a storm that was compacted", async () => {
    const storm = Array.from({ length: 600 }, (_, n) => `${n % 2 ? "a" : "b"}${Math.floor(n / 20)}`).join(" ");
    expect(await at(ordered, `${storm} c31`)).toEqual(["c31"]);
    expect(await at(ordered, `${storm.replaceAll("a", "x")} a31 c32`)).toEqual([]);
  });
});

describe("numbers", () => {
  const sum = counting("type: value_sum\ncondition: { field: bytes, gt: 1000 }");

  it("are added up, as numbers or decimal text; an event without one is not counted", async () => {
    expect(await at(sum, 'a0=600 b1 c2="none" a3=[1,2] a4=400 b5="0.5"')).toEqual(["b5"]);
    expect(await at(sum, "a0=600 a60=600")).toEqual([]);
    expect(await at(sum, "a0=2000 a1=-1500 a2=10")).toEqual(["a0"]);
  });

  it("are averaged", async () => {
    expect(
      await at(counting("type: value_avg\ncondition: { field: bytes, gte: 15 }"), "a0=10 a1=20 a2=0 a3=5"),
    ).toEqual(["a1"]);
    expect(await at(counting("type: value_avg\ncondition: { field: bytes, gt: 1, lt: 2 }"), "a0=1 a1=2 a2=3")).toEqual([
      "a1",
    ]);
  });

  it("are ranked", async () => {
    const percentile = counting("type: value_percentile\ncondition: { field: bytes, percentile: 90, gte: 50 }");
    expect(await at(percentile, "a0=10 a1=20 a2=100 a3=1 a4=2 a5=1 a6=1 a7=1 a8=1")).toEqual([
      "a2",
      "a3",
      "a4",
      "a5",
      "a6",
    ]);
    expect(await at(counting("type: value_percentile\ncondition: { field: bytes, gt: 9 }"), "a0=1 a1=19 a2=2")).toEqual(
      ["a1"],
    );
  });

  it("of many thousand events need little memory, and their sum stays right", async () => {
    const detector = detectorFor(...steps, counting("type: value_sum\ncondition: { field: bytes, gte: 20000 }"));
    const storm = Array.from({ length: 20_000 }, (_, n) =>
      event({ action: "a", at: n / 1_000, actor: { name: "ann" }, attributes: { bytes: 1 } }),
    );
    expect((await detector.evaluate(storm.slice(0, -1))).detections).toEqual([]);
    const [found] = (await detector.evaluate(storm.slice(-1))).detections;
    expect(found).toMatchObject({ eventCount: 20_000 });
    expect(detector.windows.size().entries).toBeLessThanOrEqual(1_024);
  });
});

describe("conditions from above", () => {
  it("fire at an event whose window has no more, and are decided by what has arrived", async () => {
    const few = counting("type: event_count\ncondition: { lt: 3 }");
    expect(await at(few, "a0 a1 a2 a3 a100")).toEqual(["a0", "a1", "a100"]);
    const range = counting("type: event_count\ncondition: { gte: 2, lte: 3 }");
    expect(await at(range, "a0 a1 a2 a3")).toEqual(["a1", "a2"]);
    expect(await at(range, "a0 a50 a1 a2 a3")).toEqual(["a50", "a1", "a2"]);
    expect(await at(counting("type: event_count\ncondition: { neq: 2 }"), "a0 a1 a2")).toEqual(["a0", "a2"]);
  });
});

describe("what is said", () => {
  it.each([
    [
      "type: temporal",
      "b0 a4 c10",
      '"B" and "A" and "C" (3 events) for user ann in 10 s; the rule fires at all 3 rules in 1 m',
    ],
    [
      "type: temporal\ncondition: a and not b",
      "a0",
      '"A" (1 events) for user ann at one moment; the rule fires at `a and not b` in 1 m',
    ],
    [
      "type: temporal_ordered",
      "c0 a4 b5 c10",
      '"A", then "B", then "C" (4 events) for user ann in 10 s; the rule fires at all 3 rules one after another in 1 m',
    ],
    [
      "type: value_sum\ncondition: { field: bytes, gt: 1000 }",
      "a0=600 b5=500.5",
      'bytes of 2 × "A" or "B" or "C" adds up to 1100.5 for user ann in 5 s; the rule fires at a sum of more than 1000 in 1 m',
    ],
    [
      "type: value_avg\ncondition: { field: bytes, lte: 3 }",
      "a0=2",
      'bytes of 1 × "A" or "B" or "C" is 2 on average for user ann at one moment; the rule fires at an average of at most 3 in 1 m',
    ],
    [
      "type: value_percentile\ncondition: { field: bytes, percentile: 95, gte: 3 }",
      "a0=5",
      'percentile 95 of bytes of 1 × "A" or "B" or "C" is 5 for user ann at one moment; the rule fires at a percentile 95 of 3 in 1 m',
    ],
    [
      "type: event_count\ncondition: { gt: 1, lte: 4 }",
      "a0 a1",
      '2 × "A" or "B" or "C" for user ann in 1 s; the rule fires at 2 to 4 in 1 m',
    ],
  ])("of %s names what was counted, for whom, in what time and what is asked", async (lines, text, says) => {
    expect((await firing(counting(lines), text)).says).toBe(says);
  });
});
