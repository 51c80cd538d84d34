/** A correlation over 300,000 stored events, and, beside it, a bare SELECT of the same columns of the same rows. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { runBacktest } from "../src/detect/backtest.ts";
import { createLog } from "../src/log.ts";
import { compared } from "./compared.ts";
import type { Figure } from "./run.ts";
import { seed } from "./seed.ts";

const events = 300_000;
const runs = 5;
const shares = [
  ["every event matches", "event.category: authentication"],
  ["one event of three matches", "event.outcome: failure"],
  ["no event matches", "event.outcome: unknown"],
] as const;

export async function backtestBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const owner = new pg.Client({ connectionString: app.embedded?.ownerUrl });
  await owner.connect();
  try {
    const organizationId = await app.organizationBySlug("demo");
    const to = Date.now();
    const from = to - 3_600_000;
    await app.db.ensureEventPartitions(2);
    await owner.query("SELECT setseed($1)", [seed() / 2 ** 31]);
    await owner.query(
      `INSERT INTO realtime_monitoring
         (organization_id, id, time, received_at, action, category, outcome, actor_name, source_ip, message, attributes)
       SELECT $1, overlay(event_id_floor(at)::text PLACING lpad(to_hex(n), 12, '0') FROM 25)::uuid, at, at, 'login', 'AUTHENTICATION',
         (CASE WHEN n % 3 = 0 THEN 'FAILURE' ELSE 'SUCCESS' END)::event_outcome, 'user' || who, '10.0.0.0'::inet + n % 100000,
         'Failed password for user' || who, '{"port": 22}'
       FROM (SELECT n, floor(random() * 5000)::int AS who, $2::timestamptz + n * interval '10 milliseconds' AS at FROM generate_series(0, $3 - 1) n) rows`,
      [organizationId, new Date(from), events],
    );
    await owner.query("VACUUM ANALYZE realtime_monitoring");
    await bareRate();
    const figures: Figure[] = [];
    for (const [subject, selection] of shares) {
      const [rates, bare]: [number[], number[]] = [[], []];
      for (let run = 0; run < runs; run++) {
        rates.push(await rate(selection));
        bare.push(await bareRate());
      }
      const about = { bench: "backtest", baseline: "bare SELECT of the columns", unit: "events/s" };
      figures.push(compared({ ...about, subject: `events gone through, ${subject}` }, rates, bare));
    }
    return figures;

    async function rate(selection: string): Promise<number> {
      const rule = `title: r\nname: r\nlogsource: { category: authentication }\ndetection:\n  s: { ${selection} }\n  condition: s\n`;
      const many =
        "title: many\ncorrelation:\n  type: event_count\n  rules: [r]\n  group-by: [user.name]\n  timespan: 5m\n  condition: { gte: 1000 }\n";
      const { read, ms } = await runBacktest({
        variants: [[rule, many].map((yaml, n) => ({ id: `rule-${n}`, revision: 1, mode: "ACTIVE", yaml }))],
        placeholders: new Map(),
        timeZone: "UTC",
        from,
        to,
        source: { organizationId, query: (text, values) => app.db.query(organizationId, text, values) },
        pseudonym: (value) => value,
        clock: () => performance.now(),
        budgetMs: 600_000,
      });
      if (read !== events) throw new Error(`${read} events were read, not ${events}`);
      return read / (ms / 1_000);
    }

    async function bareRate(): Promise<number> {
      const began = performance.now();
      let after = "00000000-0000-0000-0000-000000000000";
      let read = 0;
      for (let size = 1; size > 0; ) {
        const { rows } = await app.db.query<{ id: string }>(
          organizationId,
          `SELECT id, time, product, service, log_category, category, outcome, actor_id, actor_name, actor_email, attributes
           FROM realtime_monitoring WHERE organization_id = $1 AND id > $2 ORDER BY id LIMIT 10000`,
          [organizationId, after],
        );
        size = rows.length;
        read += size;
        after = rows.at(-1)?.id ?? after;
      }
      return read / ((performance.now() - began) / 1_000);
    }
  } finally {
    await owner.end();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}
