import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMeasures } from "../../src/measures.ts";
import { seriesOf } from "../../src/metric-history.ts";
import { createServer } from "../../src/server/server.ts";
import { ndjson, type TestServer, testServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await testServer({});
});
afterAll(() => server.close());

const read = (headers: Record<string, string> = {}, url = server.url) => fetch(`${url}/metrics`, { headers });
async function valueOf(series: string): Promise<number> {
  const line = (await (await read()).text()).split("\n").find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1) ?? Number.NaN);
}

describe("GET /metrics", () => {
  it("counts what became of events, and how the parts of the server do", async () => {
    await server.failLogins("ann", { times: 12 });
    await server.ingest(ndjson([{ action: "login", id: "twice" }, { action: "login", id: "twice" }, { action: 7 }]));
    expect(await valueOf('vigil_events_total{result="accepted"}')).toBe(13);
    expect(await valueOf('vigil_events_total{result="duplicate"}')).toBe(1);
    expect(await valueOf('vigil_events_total{result="rejected"}')).toBe(1);
    expect(await valueOf("vigil_detections_total")).toBeGreaterThan(0);
    expect(await valueOf("vigil_batch_duration_seconds_count")).toBe(2);
    expect(await valueOf('vigil_http_request_duration_seconds_count{route="POST /ingest",status="200"}')).toBe(2);
    expect(await valueOf('vigil_part_ok{part="database"}')).toBe(1);
    expect(await valueOf("vigil_ingest_lag_seconds")).toBe(0);
    expect(await valueOf('vigil_database_connections{state="waiting"}')).toBe(0);
    expect(await valueOf("nodejs_eventloop_lag_seconds")).toBeGreaterThanOrEqual(0);
  });

  it("says how many alerts wait and how late the latest is, as the organization's own numbers do", async () => {
    expect(await valueOf("vigil_alerts_waiting")).toBe(0);
    await server.database.asOwner(
      `WITH channel AS (INSERT INTO alert_channels (organization_id, id, kind, name, suspended_at, suspended_reason)
         VALUES ($1, gen_random_uuid(), 'WEBHOOK', 'late', now(), 'off') RETURNING id)
       INSERT INTO security_alerts (organization_id, id, channel_id, kind, status, due_at)
       SELECT $1, gen_random_uuid(), id, 'TEST', 'QUEUED', now() - interval '90 seconds' FROM channel`,
      [server.ours],
    );
    expect(await valueOf("vigil_alerts_waiting")).toBe(1);
    expect(await valueOf("vigil_alerts_late_seconds")).toBe(0); // nobody is to send it before the channel is resumed
    await server.database.asOwner("UPDATE alert_channels SET suspended_at = NULL WHERE name = 'late'");
    expect(await valueOf("vigil_alerts_late_seconds")).toBeGreaterThanOrEqual(90);
    const { alertsQueued, alertsLateMs, ...others } = await server.app.gauges.now(server.ours);
    expect({ alertsQueued, alertsLateMs: alertsLateMs >= 90_000 }).toEqual({ alertsQueued: 1, alertsLateMs: true });
    expect(seriesOf({ alertsQueued, alertsLateMs, ...others }).map(({ name }) => name)).toContain("vigil.alertsLateMs");
  });

  it("tells what it knows where something cannot be read, such as a database that is away", async () => {
    const measures = createMeasures();
    let isAway = false;
    measures.watch("vigil_far", "Of the database.", async () => {
      if (isAway) throw new Error("away");
      return 1;
    });
    measures.watch("vigil_near", "Of the process.", () => 2);
    expect((await measures.text()).body).toMatch(/^vigil_far 1$/m);
    isAway = true;
    const { body } = await measures.text();
    expect(body).toMatch(/^vigil_near 2$/m);
    expect(body).not.toMatch(/^vigil_far \d/m);
  });

  it("is Prometheus' text, tells nothing of whom it counts, and makes no series of paths that somebody made up", async () => {
    await fetch(`${server.url}/ann/secret`);
    const answer = await read();
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    expect(text).not.toMatch(/ann|secret/);
    for (const line of text.split("\n"))
      expect(line).toMatch(/^(|# (HELP|TYPE) \w+ .+|[a-z_]\w*(\{([a-z_]\w*="[^"]*",?)+\})? (-?[\d.e+-]+|NaN|\+Inf))$/i);
  });

  it("answers programs of this machine only, and nothing that a proxy passes on, unless there is a token", async () => {
    expect((await read({ "x-forwarded-for": "203.0.113.7" })).status).toBe(401);
    const token = "0123456789abcdef";
    const guarded = createServer(server.app, { metricsToken: token });
    const url = await guarded.listen(0, "127.0.0.1");
    try {
      expect((await read({}, url)).status).toBe(401);
      expect((await read({ authorization: "Bearer 0123456789abcdeg" }, url)).status).toBe(401);
      const passed = { authorization: `Bearer ${token}`, "x-forwarded-for": "203.0.113.7" };
      expect((await read(passed, url)).status).toBe(200);
    } finally {
      await guarded.close();
    }
  });
});
