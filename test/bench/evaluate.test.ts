import { describe, expect, it } from "vitest";
import { feed } from "../../bench/evaluate/feed.ts";
import { judge } from "../../bench/evaluate/judge.ts";
import { openPastServer } from "../../bench/evaluate/past-server.ts";

describe("an evaluation", () => {
  it("sends a small clinic's week through a server's own ingest and finds what lies in it", async () => {
    const server = await openPastServer(Date.parse("2025-01-01T00:00:00Z"));
    try {
      const run = await feed(server, { seed: 2, weeks: 1, staff: 4, learningWeeks: 0 });
      const judged = judge(run);
      expect(run.events).toBeGreaterThan(4_000);
      const { securityEvents } = await server.ask<{ securityEvents: { totalCount: number } }>(
        "{ securityEvents(first: 1) { totalCount } }",
      );
      expect(securityEvents.totalCount).toBe(run.events);
      expect(judged.attacks.length).toBeGreaterThan(5);
      const caught = judged.attacks.filter(({ rules }) => rules.length > 0);
      expect(caught.length).toBeGreaterThan(judged.attacks.length / 3);
      for (const { delay, label } of caught)
        expect(delay, label.kind).toBeLessThanOrEqual(label.to - label.from + 3_600_000);
      const { incidents } = await server.ask<{ incidents: { totalCount: number } }>(
        "{ incidents(first: 1) { totalCount } }",
      );
      expect(judged.trueIncidents + judged.falseIncidents.length).toBe(incidents.totalCount);
    } finally {
      await server.close();
    }
  }, 240_000);
});
