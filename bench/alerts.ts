/** From the event that decides to the receiver's socket: CRITICAL alerts at 100 a second beside queued bulk, and bare HTTP. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createSink } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { createServer } from "../src/server/server.ts";
import { percentiles } from "./percentiles.ts";
import type { Figure } from "./run.ts";

const rate = 100; // alerts a second
const samples = 1_000;
const longest = 300_000; // ms until an alert counts as lost
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
  /** Resolved when the sink has read a body that names the key. */
  const waiting = new Map<string, (at: number) => void>();
  let bulkCalls = 0;
  const sink = createSink(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const at = performance.now();
    response.writeHead(204).end();
    const key = /"key":"(10\.[\d.]+)"/.exec(body)?.[1];
    if (key && waiting.has(key)) waiting.get(key)?.(at);
    else bulkCalls++;
  }).listen(0, "127.0.0.1");
  await once(sink, "listening");
  const sinkUrl = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
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

    let keys = 0;
    /** `count` times at the rate, on a fixed schedule: a slow server gets no relief. In ms, sorted. */
    async function paced(count: number, send: (key: string) => Promise<unknown>): Promise<number[]> {
      const begun = performance.now();
      const all: Promise<number>[] = [];
      for (let n = 0; n < count; n++) {
        await wait(Math.max(0, begun + (n * 1_000) / rate - performance.now()));
        const key = `10.${(keys >> 16) & 255}.${(keys >> 8) & 255}.${keys++ & 255}`;
        const started = performance.now();
        const arrived = new Promise<number>((resolve, reject) => {
          waiting.set(key, resolve);
          setTimeout(
            () => reject(new Error(`no alert about ${key} within ${longest / 60_000} minutes`)),
            longest,
          ).unref();
        });
        all.push(Promise.all([arrived, send(key)]).then(([at]) => at - started));
      }
      return (await Promise.all(all)).sort((a, b) => a - b);
    }
    const event = (key: string) =>
      post("/ingest", [{ action: "attacked", logsource: { category: "attack" }, source: { ip: key } }]);
    const bare = (key: string) =>
      fetch(sinkUrl, { method: "POST", body: JSON.stringify({ subjects: [{ key }] }) }).then((answer) => answer.text());
    await paced(50, event); // warms up
    await paced(50, bare);
    await app.db.query(
      organizationId,
      `INSERT INTO security_alerts (organization_id, id, incident_id, channel_id, recipient, status, priority, due_at, group_key)
       SELECT $1, gen_random_uuid(), (SELECT id FROM security_incidents WHERE organization_id = $1 ORDER BY number LIMIT 1),
         (SELECT id FROM alert_channels WHERE organization_id = $1), '', 'QUEUED', 'LOW', now(), 'bulk ' || n FROM generate_series(1, $2::int) n`,
      [organizationId, bulk],
    );
    const beside = await paced(samples, event);
    const sentMeanwhile = bulkCalls;
    const alone = await paced(samples, bare);
    const subject = `from event to receiver of CRITICAL at ${rate}/s beside ${bulk} LOW (${sentMeanwhile} sent meanwhile)`;
    return percentiles({ bench: "alerts", subject, baseline: "bare HTTP POST at the same rate" }, beside, alone);
  } finally {
    await server.close();
    await app.close();
    sink.close();
    await rm(directory, { recursive: true, force: true });
  }
}
