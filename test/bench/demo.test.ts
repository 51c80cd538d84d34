import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dueAt, mondayBefore } from "../../bench/demo/pace.ts";
import { play } from "../../bench/demo/play.ts";
import { type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

describe("the demo's pace", () => {
  const pace = { from: 0, began: 1_000_000, speed: 100 };
  it("lets the past go by in quick motion", () => expect(dueAt(pace, 50_000)).toBe(1_000_500));
  it("sends nothing before it has happened", () => expect(dueAt(pace, 2_000_000)).toBe(2_000_000));
  it("begins on a Monday", () => {
    expect(mondayBefore(Date.parse("2026-11-24T12:00:00Z"), 0)).toEqual({ year: 2026, month: 11, date: 23 });
    expect(mondayBefore(Date.parse("2026-11-22T12:00:00Z"), 3)).toEqual({ year: 2026, month: 10, date: 26 });
  });
});

describe("the demo", () => {
  it("sends the clinic's past up to now, tells the attacks in it, and waits for what is to come", async () => {
    const stop = new AbortController();
    const told: string[] = [];
    const upTo: number[] = [];
    let sent = 0;
    const now = Date.now();
    await play({
      url: server.url,
      key: server.key,
      seed: 1,
      staff: 4,
      weeks: 1,
      speed: 1e9,
      signal: stop.signal,
      now: () => {
        // All of the past is sent when it first asks how long to wait for the future.
        if (upTo.length > 0 && (upTo.at(-1) as number) > now - 3_600_000) stop.abort();
        return now;
      },
      onAttack: ({ kind }) => void told.push(kind),
      onSent: (state) => {
        sent = state.events;
        upTo.push(state.upTo);
      },
    });
    const [row] = await server.database.asOwner<{ events: number; late: number }>(
      "SELECT count(*)::int AS events, (count(*) FILTER (WHERE time > to_timestamp($1 / 1000.0)))::int AS late FROM realtime_monitoring",
      [now],
    );
    expect(sent).toBeGreaterThan(3_000);
    expect(row).toEqual({ events: sent, late: 0 });
    expect(told.length).toBeGreaterThanOrEqual(0);
  }, 60_000);
});
