import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Answer, asker } from "./ask.ts";

let test: TestDatabase;
let ask: ReturnType<typeof asker>;
let theirs: string;
const now = Date.now();
const start = now - (now % 3_600_000) - 7_200_000; // a full hour, two to three hours ago
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();
const range = { from: at(0), to: at(3600) };

beforeAll(async () => {
  test = await testDatabase();
  ask = asker(test);
  theirs = test.organizations[1]?.id as string;
});
afterAll(() => test.close());

const recordMetrics =
  "mutation ($values: [MetricValueInput!]!) { metricsRecord(input: {values: $values}) { recorded userErrors { code path } } }";
const metrics = `query ($range: TimeRangeInput!, $interval: Duration!, $names: [String!]!) { metrics(names: $names, range: $range, interval: $interval) {
  name labels points { at count sum min max mean last } } }`;

describe("metrics", () => {
  it("are rolled up by second, minute and hour, whatever the order of the values", async () => {
    const value = (seconds: number, amount: number) => ({
      name: "queue.length",
      labels: { queue: "alerts" },
      value: amount,
      at: at(seconds),
    });
    const first = await ask(recordMetrics, { values: [value(70, 5), value(10, 1), value(10.5, 3)] });
    expect(first.data.metricsRecord).toEqual({ recorded: 3, userErrors: [] });
    await ask(recordMetrics, { values: [value(30, 7), value(5, 100)] });
    const point = (seconds: number, count: number, sum: number, min: number, max: number, last: number) => ({
      at: at(seconds),
      count,
      sum,
      min,
      max,
      mean: sum / count,
      last,
    });
    const read = async (interval: string) =>
      (await ask(metrics, { names: ["queue.length"], range, interval })).data.metrics;
    expect(await read("PT1M")).toEqual([
      {
        name: "queue.length",
        labels: { queue: "alerts" },
        points: [point(0, 4, 111, 1, 100, 7), point(60, 1, 5, 5, 5, 5)],
      },
    ]);
    expect((await read("PT1H"))[0].points).toEqual([point(0, 5, 116, 1, 100, 5)]);
    expect((await read("PT10S"))[0].points).toHaveLength(4);
    const rows = await test.asOwner("SELECT DISTINCT resolution FROM security_metrics ORDER BY 1");
    expect(rows).toEqual([{ resolution: 1 }, { resolution: 60 }, { resolution: 3600 }]);
  });

  it("of a range that begins within an hour are whole hours, each said when it begins, and none is lost", async () => {
    const minutes = (count: number) => at(60 * count);
    const values = [10, 50, 70].map((count) => ({ name: "unaligned", value: count, at: minutes(count) }));
    await ask(recordMetrics, { values });
    const read = async (from: string, to: string, interval: string) => {
      const variables = { names: ["unaligned"], range: { from, to }, interval };
      const [series] = (await ask(metrics, variables)).data.metrics;
      return series.points.map(({ at, sum }: { at: string; sum: number }) => [at, sum]);
    };
    expect(await read(minutes(37), minutes(97), "PT1H")).toEqual([
      [minutes(0), 60],
      [minutes(60), 70],
    ]);
    expect(await read(at(49 * 60 + 30), minutes(80), "PT10M")).toEqual([
      [minutes(49), 50],
      [minutes(69), 70],
    ]);
  });

  it("keep series with other labels, other names and other organizations apart", async () => {
    await ask(recordMetrics, { values: [{ name: "apart", labels: { host: "a" }, value: 1, at: at(1) }] });
    await ask(recordMetrics, { values: [{ name: "apart", value: 2, at: at(1) }] });
    await ask(
      recordMetrics,
      { values: [{ name: "apart", value: 3, at: at(1) }] },
      { organizationId: theirs, kind: "API_KEY", role: "INGEST" },
    );
    const variables = { names: ["apart"], range, interval: "PT1M" };
    const sums = async (organizationId?: string) =>
      (await ask(metrics, variables, organizationId ? { organizationId } : {})).data.metrics.map(
        (series: { labels: object; points: { sum: number }[] }) => [series.labels, series.points[0]?.sum],
      );
    expect(await sums()).toEqual(
      expect.arrayContaining([
        [{}, 2],
        [{ host: "a" }, 1],
      ]),
    );
    expect(await sums()).toHaveLength(2);
    expect(await sums(theirs)).toEqual([[{}, 3]]);
  });

  it("lose no value to writers of the same series at the same time", async () => {
    const values = Array.from({ length: 20 }, (_, n) => ({ name: `busy${n % 4}`, value: 1, at: at(n) }));
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => ask(recordMetrics, { values: n % 2 ? values : values.toReversed() })),
    );
    const names = ["busy0", "busy1", "busy2", "busy3"];
    const series = (await ask(metrics, { names, range, interval: "PT1H" })).data.metrics;
    expect(series.map((one: { points: { count: number }[] }) => one.points[0]?.count)).toEqual([60, 60, 60, 60]);
  });

  it.each([
    [{ name: "no spaces", value: 1 }, "name"],
    [{ name: "a", labels: { b: 1 }, value: 1 }, "labels"],
    [{ name: "a", labels: ["b"], value: 1 }, "labels"],
    [{ name: "a", value: 1e300 }, "value"],
    [{ name: "a", value: 1, at: new Date(now + 86_400_000).toISOString() }, "at"],
  ])("refuse %j, naming the place, and record nothing", async (bad, key) => {
    const { data } = await ask(recordMetrics, { values: [{ name: "whole", value: 1 }, bad] });
    expect(data.metricsRecord).toEqual({
      recorded: 0,
      userErrors: [{ code: "BAD_USER_INPUT", path: ["input", "values", "1", key] }],
    });
    const rows = await test.asOwner("SELECT 1 FROM security_metrics WHERE name = 'whole'");
    expect(rows).toEqual([]);
  });

  it("are read and recorded only by those who may", async () => {
    const refused = await ask(recordMetrics, { values: [] }, { role: "VIEWER" });
    expect(refused.errors[0].extensions.code).toBe("FORBIDDEN");
    const key = { kind: "API_KEY", role: "INGEST" } as const;
    expect((await ask(metrics, { names: ["a"], range, interval: "PT1M" }, key)).errors[0].extensions.code).toBe(
      "FORBIDDEN",
    );
  });
});

describe("performance", () => {
  const record =
    "mutation ($samples: [PerformanceSampleInput!]!) { performanceRecord(input: {samples: $samples}) { recorded userErrors { code path } } }";
  const query = `query ($range: TimeRangeInput!, $after: String) { performance(range: $range) {
    summaries { name source unit count mean p50 p95 p99 max }
    samples(first: 30, after: $after) { totalCount nodes { value } pageInfo { hasNextPage endCursor } } } }`;

  it("is summarized by name, source and unit, and listed page by page", async () => {
    const samples = Array.from({ length: 101 }, (_, n) => ({
      name: "http.request.duration",
      value: n,
      unit: "ms",
      source: "clinic",
      at: at(n),
    }));
    expect((await ask(record, { samples })).data.performanceRecord).toEqual({ recorded: 101, userErrors: [] });
    const { performance } = (await ask(query, { range })).data;
    expect(performance.summaries).toEqual([
      {
        name: "http.request.duration",
        source: "clinic",
        unit: "ms",
        count: 101,
        mean: 50,
        p50: 50,
        p95: 95,
        p99: 99,
        max: 100,
      },
    ]);
    expect(performance.samples.totalCount).toBe(101);
    const seen: number[] = [];
    let after: string | null = null;
    do {
      const page: Answer = (await ask(query, { range, after })).data.performance.samples;
      seen.push(...page.nodes.map((node: { value: number }) => node.value));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(Array.from({ length: 101 }, (_, n) => 100 - n));
    const theirOwn = (await ask(query, { range }, { organizationId: theirs })).data.performance;
    expect(theirOwn).toEqual({
      summaries: [],
      samples: { totalCount: 0, nodes: [], pageInfo: { hasNextPage: false, endCursor: null } },
    });
  });

  it("refuses a sample without a unit, naming the place", async () => {
    const { data } = await ask(record, { samples: [{ name: "a", value: 1, unit: "", source: "s" }] });
    expect(data.performanceRecord.userErrors).toEqual([
      { code: "BAD_USER_INPUT", path: ["input", "samples", "0", "unit"] },
    ]);
  });
});
