/** What the processes, PostgreSQL and Redis hold, as it is now; and whether it grows. */
import { readdirSync, readFileSync } from "node:fs";
import type pg from "pg";
import type { Stand } from "../crash/stand.ts";

/** By name; MiB where it says so. */
export type Sample = Readonly<Record<string, number>>;

/** What must not grow, from the second quarter of a run to its last: by how many times, and by how much beside that. */
const bounds: readonly { name: RegExp; times: number; more: number }[] = [
  { name: /MiB$/, times: 1.3, more: 32 },
  { name: /open files$/, times: 1.2, more: 20 },
  { name: /connections$/, times: 1.2, more: 10 },
  { name: /^Redis keys$/, times: 1.2, more: 200 },
  { name: /^bytes an event/, times: 1.2, more: 0 },
  { name: /^dead rows/, times: 1.5, more: 20_000 },
];

export async function sample(stand: Stand, owner: pg.Client): Promise<Sample> {
  const values: Record<string, number> = {};
  for (const { process } of stand.members) {
    if (process.pid === undefined) continue;
    const status = readFileSync(`/proc/${process.pid}/status`, "utf8");
    values[`${process.name} resident MiB`] = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1_024;
    values[`${process.name} open files`] = readdirSync(`/proc/${process.pid}/fd`).length;
  }
  const { rows } = await owner.query<{ events: number; heap: number; indexes: number; dead: number; backends: number }>(
    `SELECT (SELECT greatest(1, sum(n_live_tup)) FROM pg_stat_user_tables WHERE relname ~ '^realtime_monitoring')::float8 AS events,
       sum(pg_table_size(relid)) FILTER (WHERE relname ~ '^realtime_monitoring')::float8 AS heap,
       sum(pg_indexes_size(relid)) FILTER (WHERE relname ~ '^realtime_monitoring')::float8 AS indexes,
       sum(n_dead_tup)::float8 AS dead,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int AS backends
     FROM pg_stat_user_tables`,
  );
  const { events = 1, heap = 0, indexes = 0, dead = 0, backends = 0 } = rows[0] ?? {};
  values["bytes an event, table"] = heap / events;
  values["bytes an event, indexes"] = indexes / events;
  values["dead rows of all tables"] = dead;
  values["PostgreSQL connections"] = backends;
  values["Redis keys"] = await stand.redis.client.dbsize();
  const memory = await stand.redis.client.info("memory");
  values["Redis used MiB"] = Number(/^used_memory:(\d+)/m.exec(memory)?.[1]) / 2 ** 20;
  return values;
}

export interface Course {
  name: string;
  first: number;
  /** Medians of the second and of the last quarter; of Redis, of those of the time in which as much leaves as comes. */
  early: number;
  late: number;
  most: number;
  /** Whether it has grown by more than it may; undefined: there were too few samples to say so. */
  hasGrown: boolean | undefined;
}

/** How each value went; in as many samples as `settled` Redis fills. Pure. */
export function courses(samples: readonly Sample[], settled: number): Course[] {
  return Object.keys(samples[0] ?? {}).map((name) => {
    const values = samples.map((one) => one[name] ?? 0);
    const judged = name.startsWith("Redis") ? values.slice(settled) : values;
    const quarter = Math.floor(judged.length / 4);
    const median = (some: number[]): number => some.sort((a, b) => a - b)[Math.floor(some.length / 2)] ?? 0;
    const [early, late] = [median(judged.slice(quarter, 2 * quarter)), median(judged.slice(-quarter))];
    const { times, more } = bounds.find((bound) => bound.name.test(name)) ?? { times: 1.2, more: 0 };
    return {
      name,
      first: values[0] ?? 0,
      early,
      late,
      most: Math.max(...values),
      hasGrown: quarter === 0 ? undefined : late > early * times + more,
    };
  });
}
