/** Measurements of systems' own speed or health. */
import { v7 as uuidv7 } from "uuid";
import type { Database, Tx } from "../db.ts";
import { VigilError } from "../errors.ts";

export interface Sample {
  name: string;
  value: number;
  unit: string;
  source: string;
  at: number;
}

const oldest = 7 * 86_400_000; // 7 days
const ahead = 300_000; // 5 minutes: clocks differ
const texts = { name: 128, unit: 32, source: 200 } as const;

/** Refuses samples that cannot be kept; the path names the place. */
export function checkSamples(samples: readonly Sample[], now: number): void {
  samples.forEach((sample, index) => {
    const refuse = (message: string, key: string): VigilError =>
      new VigilError("BAD_USER_INPUT", message, { path: ["input", "samples", String(index), key] });
    for (const [key, longest] of Object.entries(texts) as [keyof typeof texts, number][]) {
      if (sample[key] === "" || sample[key].length > longest || sample[key].includes("\0")) {
        throw refuse(`The ${key} has 1 to ${longest} characters`, key);
      }
    }
    if (!(Math.abs(sample.value) <= 1e100)) throw refuse("A value is a number between -1e100 and 1e100", "value");
    if (sample.at > now + ahead || sample.at < now - oldest) {
      throw refuse("A sample is at most 7 days old, and not of the future", "at");
    }
  });
}

/** Stores samples, in the caller's transaction. */
export async function recordSamples(tx: Tx, samples: readonly Sample[], now: number): Promise<void> {
  await tx.query({
    name: "record_samples",
    text: `INSERT INTO security_performance (organization_id, id, name, value, unit, source, at)
      SELECT $1, id, name, value, unit, source, at
      FROM unnest($2::uuid[], $3::text[], $4::float8[], $5::text[], $6::text[], $7::timestamptz[]) AS s(id, name, value, unit, source, at)`,
    values: [
      tx.organizationId,
      samples.map(() => uuidv7({ msecs: now })),
      samples.map(({ name }) => name),
      samples.map(({ value }) => value),
      samples.map(({ unit }) => unit),
      samples.map(({ source }) => source),
      samples.map(({ at }) => new Date(at)),
    ],
  });
}

export interface Summary {
  name: string;
  source: string;
  unit: string;
  count: number;
  mean: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

const mostSummaries = 1_000;

/** What the samples of a time amount to, by name, source and unit. */
export async function summarize(
  db: Pick<Database, "query">,
  organizationId: string,
  { from, to }: { from: Date; to: Date },
): Promise<Summary[]> {
  const { rows } = await db.query<Summary & Record<string, unknown>>(
    organizationId,
    `SELECT name, source, unit, count(*)::int AS count, avg(value) AS mean, max(value) AS max,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY value) AS p99
     FROM security_performance WHERE organization_id = $1 AND at >= $2 AND at < $3
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT ${mostSummaries}`,
    [organizationId, from, to],
  );
  return rows;
}
