import { describe, expect, it } from "vitest";
import { parseTime } from "../../src/ingest/time.ts";
import fc from "../support/property.ts";

describe("a time", () => {
  it.each([
    ["2026-02-03T04:05:06Z", "2026-02-03T04:05:06.000Z"],
    ["2026-02-03T04:05:06.789123456+05:30", "2026-02-02T22:35:06.789Z"],
    ["2026-02-03 04:05:06,5", "2026-02-03T04:05:06.500Z"],
    ["2026-02-03T04:05", "2026-02-03T04:05:00.000Z"],
    ["2026-02-03", "2026-02-03T00:00:00.000Z"],
    ["2026-06-30T23:59:60Z", "2026-07-01T00:00:00.000Z"],
    ["1770091506000", "2026-02-03T04:05:06.000Z"],
    [1_770_091_506_000.7, "2026-02-03T04:05:06.000Z"],
    [1_770_091_506, "2026-02-03T04:05:06.000Z"], // seconds, which many programs send
    [1_770_091_506.5, "2026-02-03T04:05:06.500Z"],
    [999_999_999, "1970-01-12T13:46:39.999Z"],
  ])("%s is read as %s", (sent, iso) => {
    expect(new Date(parseTime(sent) ?? Number.NaN).toISOString()).toBe(iso);
  });

  it.each([
    "yesterday",
    "",
    "2026-02-30T00:00:00Z",
    "2026-02-30T00:00:00.000Z",
    "2025-02-29T00:00:00.000Z",
    "2026-01-01T24:00:00.000Z",
    "2026-01-01T24:00:00Z",
    "2026-13-01",
    "26-01-01",
    "1969-12-31T23:59:59Z",
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    true,
    null,
  ])("%s is none", (sent) => {
    expect(parseTime(sent)).toBeUndefined();
  });

  it("comes back from ISO 8601 as it went in", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
        (date) => {
          expect(parseTime(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });
});
