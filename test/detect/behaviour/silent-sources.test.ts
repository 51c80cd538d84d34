import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventDraft } from "../../../src/ingest/event.ts";
import { createSweep } from "../../../src/sweep.ts";
import { quiet } from "../../support/database.ts";
import { type TestServer, testServer } from "../../support/server.ts";

const minute = 60_000;
const hour = 60 * minute;
const begin = Math.floor(Date.now() / hour) * hour - 26 * 24 * hour;

let server: TestServer;
let now = Date.now();

beforeAll(async () => {
  server = await testServer({ now: () => now });
});
afterAll(() => server.close());

const monitor = () =>
  server.app.db.query<{ target_id: string; behaviour: Record<string, { reason: string }> | null }>(
    server.ours,
    "SELECT target_id, behaviour FROM realtime_monitoring WHERE organization_id = $1 AND product = 'vigil'",
    [server.ours],
  );

describe("a log source that goes silent", { timeout: 120_000 }, () => {
  it("is told of once a silence, and its rule fires", async () => {
    const last = begin + 25 * 24 * hour;
    const drafts = [];
    for (let time = begin; time <= last; time += hour / 4)
      drafts.push({
        time,
        logsource: { product: "linux", service: "sshd" },
        action: "login",
        category: "AUTHENTICATION" as const,
        outcome: "SUCCESS" as const,
        attributes: {},
      });
    for (let from = 0; from < drafts.length; from += 500)
      await server.app.pipeline.accept(server.ours, drafts.slice(from, from + 500));
    expect((await monitor()).rows).toEqual([]);
    now = last + 40 * hour; // what came late is waited for, a day at most
    await server.app.sweep.silence();
    await server.app.sweep.silence();
    const { rows } = await monitor();
    expect(rows).toHaveLength(1);
    expect(rows[0]?.target_id).toBe("linux/sshd");
    expect(Object.values(rows[0]?.behaviour ?? {})[0]?.reason).toContain("no event of log source linux/sshd for");
    const found = await server.app.db.query(
      server.theirs,
      "SELECT FROM detections d JOIN alert_rules r ON r.id = d.rule_id WHERE r.name = 'Log source gone silent'",
    );
    expect(found.rows).toEqual([]);
  });

  it("is waited for when Vigil itself was down: who sends to it will have to notice that it is back", async () => {
    const told: EventDraft[] = [];
    const accept = async (_: string, drafts: readonly EventDraft[]) => void told.push(...drafts);
    const afresh = createSweep(server.app.db, { log: quiet, now: () => now, accept } as Parameters<
      typeof createSweep
    >[1]);
    await afresh.silence();
    now += 14 * minute;
    await afresh.silence();
    expect(told).toEqual([]);
    now += minute;
    await afresh.silence();
    expect(told.map(({ target }) => target?.id)).toEqual(["linux/sshd"]);
  });
});
