/** From the event that decides to the receiver's socket: CRITICAL alerts at 100 a second beside queued bulk, and bare HTTP. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { createServer } from "../src/server/server.ts";
import type { Measured, Round } from "./alerts-load.ts";
import { percentiles } from "./percentiles.ts";
import type { Figure } from "./run.ts";

const rate = 100; // alerts a second
const samples = 1_000;
const warmUp = 500;
const bulk = 3_000; // alerts of priority LOW that are due on the same channel

const rule = `title: Attacked
name: bench_attacked
logsource: { category: attack }
detection:
  s: { event.action: attacked }
  condition: s
level: informational
---
title: Attack
name: bench_attack
correlation:
  type: event_count
  rules: [bench_attacked]
  group-by: [source.ip]
  timespan: 1m
  condition: { gte: 1 }
level: critical
`;

export async function alertsBench(): Promise<Figure[]> {
  const load = fork(join(import.meta.dirname, "alerts-load.ts"), { execArgv: ["--import", "tsx"] });
  const [sinkUrl] = (await once(load, "message")) as [string];
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const config = parseConfig({ VIGIL_DATA_DIR: directory, VIGIL_ALLOW_PRIVATE_WEBHOOKS: "true" });
  const app = await openApp(config, { log: createLog("silent") });
  const server = createServer(app);
  const url = await server.listen(0, "127.0.0.1");
  try {
    const organizationId = await app.organizationBySlug("demo");
    const token = await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 3_600);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const post = async (path: string, body: unknown): Promise<unknown> => {
      const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
      return answer.json();
    };
    for (const [yaml, mode] of rule.split("---\n").map((one, n) => [one, n === 0 ? "MONITOR" : "ACTIVE"])) {
      const query = "mutation ($input: AlertRulesImportInput!) { alertRulesImport(input: $input) { imported } }";
      await post("/graphql", { query, variables: { input: { yaml, mode } } });
    }
    const input = {
      name: "sink",
      kind: "WEBHOOK",
      webhook: { url: sinkUrl },
      coveredByBaa: true,
      perMinute: 10_000,
      test: false,
    };
    const query =
      "mutation ($input: AlertChannelCreateInput!) { alertChannelCreate(input: $input) { alertChannel { id } } }";
    await post("/graphql", { query, variables: { input } });

    const events = { url, token };
    await measure(load, { count: warmUp, rate, events });
    await measure(load, { count: warmUp, rate });
    await app.db.query(
      organizationId,
      `INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, recipient, status, priority, due_at, group_key)
       SELECT $1, gen_random_uuid(), (SELECT id FROM security_incidents WHERE organization_id = $1 ORDER BY number LIMIT 1),
         (SELECT id FROM alert_channels WHERE organization_id = $1), '', 'QUEUED', 'LOW', now(), 'bulk ' || n FROM generate_series(1, $2::int) n`,
      [organizationId, bulk],
    );
    const beside = await measure(load, { count: samples, rate, events });
    const alone = await measure(load, { count: samples, rate });
    const subject = `from event to receiver of CRITICAL at ${rate}/s beside ${bulk} LOW (${beside.bulk} sent meanwhile)`;
    return percentiles(
      { bench: "alerts", subject, baseline: "bare HTTP POST at the same rate" },
      beside.times,
      alone.times,
    );
  } finally {
    await server.close();
    await app.close();
    load.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(load: ChildProcess, round: Round): Promise<Measured> {
  load.send(round);
  const [answer] = (await Promise.race([once(load, "message"), once(load, "exit")])) as [Measured | number];
  if (typeof answer === "number") throw new Error("the load broke off");
  return answer;
}
