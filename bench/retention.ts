/** A day of 300,000 events removed by dropping its partition, and, beside it, by DELETE of an equal day's rows. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { compared } from "./compared.ts";
import type { Figure } from "./run.ts";

const events = 300_000;
const runs = 5;
const day = 86_400_000;

export async function retentionBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const owner = new pg.Client({ connectionString: app.embedded?.ownerUrl });
  await owner.connect();
  try {
    const organizationId = await app.organizationBySlug("demo");
    const dropped: number[] = [];
    const deleted: number[] = [];
    const vacuumed: number[] = [];
    for (let run = 0; run < runs; run++) {
      // Later days each time: what was dropped is gone from the range below them.
      const midnight = Math.floor(Date.now() / day) * day - (100 - 2 * run) * day;
      for (const start of [midnight, midnight + day]) await fill(owner, organizationId, start);
      await owner.query("VACUUM ANALYZE realtime_monitoring");
      deleted.push(
        await time(async () => {
          const { rowCount } = await owner.query(
            "DELETE FROM realtime_monitoring WHERE organization_id = $1 AND id >= event_id_floor($2) AND id < event_id_floor($3)",
            [organizationId, new Date(midnight), new Date(midnight + day)],
          );
          if (rowCount !== events) throw new Error(`${rowCount} events were deleted, not ${events}`);
        }),
      );
      vacuumed.push(
        (deleted.at(-1) as number) +
          (await time(async () => void (await owner.query(`VACUUM ${partitionOf(midnight)}`)))),
      );
      await owner.query(`DROP TABLE ${partitionOf(midnight)}`);
      dropped.push(
        await time(async () => {
          const { rowCount } = await app.db.query(
            organizationId,
            "SELECT drop_event_partitions(event_partitions_bound(now()))",
          );
          if (rowCount !== 1) throw new Error(`${rowCount} partitions were dropped, not 1`);
        }),
      );
    }
    return [
      { baseline: "DELETE of an equal day", values: deleted },
      { baseline: "DELETE and VACUUM of an equal day", values: vacuumed },
    ].map(({ baseline, values }) => {
      const subject = `a day of ${events.toLocaleString("en")} events dropped`;
      return compared({ bench: "retention", subject, baseline, unit: "ms" }, dropped, values);
    });
  } finally {
    await owner.end();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function time(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const partitionOf = (midnight: number): string =>
  `event_partitions.realtime_monitoring_${new Date(midnight).toISOString().slice(0, 10).replaceAll("-", "")}`;

/** A partition of that day, full of failed log-ins. */
async function fill(owner: pg.Client, organizationId: string, midnight: number): Promise<void> {
  const name = partitionOf(midnight);
  await owner.query(`CREATE TABLE ${name} (LIKE realtime_monitoring INCLUDING DEFAULTS)`);
  await owner.query(`CALL protect_tenant_table('${name}')`);
  const floor = async (at: number): Promise<string> =>
    (await owner.query<{ floor: string }>("SELECT event_id_floor($1) AS floor", [new Date(at)])).rows[0]?.floor ?? "";
  await owner.query(`ALTER TABLE realtime_monitoring ATTACH PARTITION ${name}
    FOR VALUES FROM ('${await floor(midnight)}') TO ('${await floor(midnight + day)}')`);
  await owner.query(
    `INSERT INTO realtime_monitoring
       (organization_id, id, time, received_at, action, category, outcome, actor_name, source_ip, message, attributes)
     SELECT $1, overlay(event_id_floor(at)::text PLACING lpad(to_hex(n), 12, '0') FROM 25)::uuid, at, at, 'login', 'AUTHENTICATION',
       'FAILURE', 'user' || n % 5000, '10.0.0.0'::inet + n % 100000, 'Failed password for user' || n % 5000, '{"port": 22}'
     FROM (SELECT n, $2::timestamptz + n * interval '0.25 second' AS at FROM generate_series(0, $3 - 1) n) rows`,
    [organizationId, new Date(midnight), events],
  );
}
