import { describe, expect, it } from "vitest";
import { backfill, moment } from "../../src/commands/backfill.ts";

describe("vigil rules backfill", () => {
  it.each([
    ["2026-11-20T08:00:00Z", Date.UTC(2026, 10, 20, 8)],
    ["2026-11-20T08:00:00-05:00", Date.UTC(2026, 10, 20, 13)],
    ["2026-11-20", Date.UTC(2026, 10, 20)],
  ])("takes the time %s", (text, at) => {
    expect(moment(text)).toBe(at);
  });

  it.each(["yesterday", "20.11.2026", "1795464894", "2026-13-40", ""])(
    "refuses the time %j and says how to write one",
    (text) => {
      expect(() => moment(text)).toThrow("Give a time like 2026-11-20T08:00:00Z.");
    },
  );

  it("refuses a range that ends before it begins, without looking at anything", async () => {
    const app = new Proxy({}, { get: () => expect.fail("nothing is to be asked") }) as Parameters<typeof backfill>[0];
    const range = { since: 2, until: 2, dryRun: true };
    await expect(backfill(app, "o", range, () => undefined)).rejects.toThrow("--until must be later than --since.");
  });
});
