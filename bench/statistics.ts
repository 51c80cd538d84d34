/**
 * The queries of the dashboard's overview over HTTP, one at a time, beside the same by SQL as the tables' owner would write it.
 * VIGIL_BENCH_ROWS: how many incidents there are, each with three alerts, two actions and a detection; ten seconds apart.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { createServer } from "../src/server/server.ts";
import { compared } from "./compared.ts";
import { loadRequest } from "./http-load.ts";
import { median } from "./median.ts";
import { makeIncidents } from "./query-data.ts";
import type { Figure } from "./run.ts";
import { unlimited } from "./unlimited.ts";

const incidents = Number(process.env.VIGIL_BENCH_ROWS ?? 200_000);
const rounds = 9;
const requests = 10; // a round
const week = 7 * 86_400_000;
const widgets = new URL("../src/dashboard/widgets/widgets.graphql", import.meta.url);
const rows = new URL("../src/dashboard/data/realtime.graphql", import.meta.url);

const isOpen = "status IN ('OPEN', 'ACKNOWLEDGED', 'INVESTIGATING', 'CONTAINED')";
const perHour = (column: string, table: string): string =>
  `SELECT date_bin('1 hour', ${column}, $2), count(*) FROM ${table}
   WHERE organization_id = $1 AND ${column} >= $2 AND ${column} < $3 GROUP BY 1`;

/** By hand, of organization $1 from $2 to $3. */
const byHand: Record<string, string[]> = {
  Steps: [
    perHour("opened_at", "security_incidents"),
    perHour("resolved_at", "security_incidents"),
    perHour("acknowledged_at", "security_incidents"),
    perHour("created_at", "detections"),
    perHour("created_at", "security_alerts"),
  ],
  BySeverity: [`SELECT severity, count(*) FROM security_incidents WHERE organization_id = $1 AND ${isOpen} GROUP BY 1`],
  LatestIncidents: [
    `SELECT i.*, u.name, u.email FROM security_incidents i LEFT JOIN users u ON u.organization_id = $1 AND u.id = i.assignee_id
     WHERE i.organization_id = $1 AND i.${isOpen} ORDER BY last_event_at DESC, i.created_at DESC, i.id DESC LIMIT 20`,
  ],
  TopSubjects: [
    `SELECT s ->> 'kind', s ->> 'key', count(*), max(threat_score) FROM security_incidents, jsonb_array_elements(subjects) s
     WHERE organization_id = $1 AND opened_at >= $2 AND opened_at < $3 GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 12`,
  ],
  DeliveryCounts: [
    `SELECT channel_id, status, count(*), min(created_at) FROM security_alerts
     WHERE organization_id = $1 AND created_at >= $2 AND created_at < $3 GROUP BY 1, 2`,
  ],
  RiskLeaders: ["SELECT * FROM entities WHERE organization_id = $1 AND risk > 0 ORDER BY risk DESC LIMIT 12"],
};

export async function statisticsBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const server = createServer(app, unlimited);
  const port = Number(new URL(await server.listen(0, "127.0.0.1")).port);
  const owner = new pg.Pool({ connectionString: app.embedded?.ownerUrl, max: 5 });
  try {
    const organizationId = await app.organizationBySlug("demo");
    await makeIncidents(owner, organizationId, incidents);
    await owner.query(
      `INSERT INTO detections (organization_id, id, rule_id, rule_revision, mode, severity, fingerprint, subjects, explanation,
         first_event_at, last_event_at, event_count, event_ids, incident_id, created_at, updated_at)
       SELECT $1, uuidv7(), r.id, 1, 'ACTIVE', i.severity, i.fingerprint, i.subjects, 'the bench', i.created_at, i.created_at, 5,
         '{}', i.id, i.created_at, i.created_at
       FROM security_incidents i, (SELECT id FROM alert_rules WHERE organization_id = $1 LIMIT 1) r WHERE i.organization_id = $1`,
      [organizationId],
    );
    await owner.query("VACUUM ANALYZE detections");
    const token = await app.tokens.sign({ organizationId, userId: "cli", name: "bench", role: "ADMIN" }, 36_000);
    const document = await documentOf();
    const [from, to] = [new Date(Date.now() - week), new Date()];
    const request = (operationName: string): string => {
      const variables = { range: { from, to }, interval: "PT1H" };
      const body = JSON.stringify({ query: document(operationName), operationName, variables });
      const head = `content-type: application/json\r\naccept: application/json\r\nauthorization: Bearer ${token}`;
      return `POST /graphql HTTP/1.1\r\nhost: vigil.example\r\n${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    };
    const figures: Figure[] = [];
    for (const [name, statements] of Object.entries(byHand)) {
      const [ours, theirs]: [number[], number[]] = [[], []];
      for (let round = -1; round < rounds; round++) {
        const times = await loadRequest(port, request(name), requests, 1);
        const handTimes = await hand(owner, statements, [organizationId, from, to]);
        if (round < 0) continue; // warms up
        ours.push(median(times));
        theirs.push(median(handTimes));
      }
      figures.push(compared({ bench: "statistics", subject: name, baseline: "by hand", unit: "ms" }, ours, theirs));
    }
    return figures;
  } finally {
    await owner.end();
    await server.close();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The dashboard's own words, with the fragments that an operation uses. */
async function documentOf(): Promise<(operation: string) => string> {
  const text = `${await readFile(widgets, "utf8")}\n${await readFile(rows, "utf8")}`;
  const parts = new Map(
    text.split(/^(?=(?:query|fragment|subscription) )/m).map((part) => [/^\w+ (\w+)/.exec(part)?.[1] ?? "", part]),
  );
  const withFragments = (name: string): string => {
    const part = parts.get(name) ?? "";
    return [part, ...[...part.matchAll(/\.\.\.(\w+)/g)].map(([, used]) => withFragments(used as string))].join("\n");
  };
  return withFragments;
}

/** The time of all statements at once, ms, so many times. */
async function hand(pool: pg.Pool, statements: readonly string[], values: readonly unknown[]): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < requests; n++) {
    const began = performance.now();
    await Promise.all(
      statements.map((text) => pool.query(text, values.slice(0, text.includes("$2") ? 3 : 1) as unknown[])),
    );
    times.push(performance.now() - began);
  }
  return times;
}
