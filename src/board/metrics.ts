/** Named time series: every value goes into its second, its minute and its hour. */
import type { Database, Tx } from "../db.ts";
import { VigilError } from "../errors.ts";

export interface MetricValue {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
  at: number;
}

const mostLabels = 10;
const oldest = 7 * 86_400_000; // 7 days
const ahead = 300_000; // 5 minutes: clocks differ
const largest = 1e100; // so that a sum of very many still is a number
const namePattern = /^[A-Za-z_][A-Za-z0-9_.:]{0,127}$/;

/** Refuses values that no series can hold; the path names the place. */
export function checkMetrics(values: readonly MetricValue[], now: number): void {
  values.forEach(({ name, labels, value, at }, index) => {
    const refuse = (message: string, key: string): VigilError =>
      new VigilError("BAD_USER_INPUT", message, { path: ["input", "values", String(index), key] });
    if (!namePattern.test(name)) throw refuse("A name has letters, digits, _ . and :, at most 128 characters", "name");
    if (name.startsWith("vigil.")) throw refuse("Names that begin with vigil. are Vigil's own", "name");
    const entries = Object.entries(labels);
    if (entries.length > mostLabels) throw refuse(`A series has at most ${mostLabels} labels`, "labels");
    for (const [label, text] of entries) {
      if (!namePattern.test(label) || typeof text !== "string" || text.length > 200 || text.includes("\0")) {
        throw refuse("A label is a name with a text of at most 200 characters", "labels");
      }
    }
    if (!(Math.abs(value) <= largest)) throw refuse(`A value is a number between -${largest} and ${largest}`, "value");
    if (at > now + ahead || at < now - oldest)
      throw refuse("A value is at most 7 days old, and not of the future", "at");
  });
}

// In the order of the key, so that two that record the same series never wait for each other.
const record = `INSERT INTO security_metrics AS m (organization_id, name, resolution, at, labels, count, sum, min, max, last, last_at)
  SELECT $1, name, resolution, bucket, labels, count(*), sum(value), min(value), max(value),
    (array_agg(value ORDER BY at DESC, n DESC))[1], max(at)
  FROM unnest($2::text[], $3::jsonb[], $4::float8[], $5::timestamptz[]) WITH ORDINALITY AS v(name, labels, value, at, n)
  CROSS JOIN LATERAL (VALUES (1, date_trunc('second', at)), (60, date_trunc('minute', at)), (3600, date_bin('1 hour', at, 'epoch')))
    AS b(resolution, bucket)
  GROUP BY name, resolution, bucket, labels ORDER BY name, resolution, bucket, md5(labels::text)
  ON CONFLICT (organization_id, name, resolution, at, labels_hash) DO UPDATE SET
    count = m.count + excluded.count, sum = m.sum + excluded.sum,
    min = least(m.min, excluded.min), max = greatest(m.max, excluded.max),
    last = CASE WHEN excluded.last_at >= m.last_at THEN excluded.last ELSE m.last END, last_at = greatest(m.last_at, excluded.last_at)`;

/** Adds values to their series, in the caller's transaction. */
export async function recordMetrics(tx: Tx, values: readonly MetricValue[]): Promise<void> {
  await tx.query({
    name: "record_metrics",
    text: record,
    values: [
      tx.organizationId,
      values.map(({ name }) => name),
      values.map(({ labels }) => JSON.stringify(labels)),
      values.map(({ value }) => value),
      values.map(({ at }) => new Date(at)),
    ],
  });
}

export interface MetricPoint {
  at: Date;
  count: number;
  sum: number;
  min: number;
  max: number;
  last: number;
}

export interface MetricSeries {
  name: string;
  labels: Record<string, string>;
  points: MetricPoint[];
}

const mostPoints = 20_000;

/**
 * The series of these names over a time, a point per `step` ms, read from the coarsest rollup that divides it. The first
 * point begins with the rollup's interval that holds `from`: what is in it cannot be parted.
 */
export async function readMetrics(
  db: Pick<Database, "query">,
  organizationId: string,
  { names, from, to, step }: { names: readonly string[]; from: Date; to: Date; step: number },
): Promise<MetricSeries[]> {
  const resolution = [3600, 60].find((seconds) => step % (seconds * 1000) === 0) ?? 1;
  const begin = new Date(Math.floor(from.getTime() / (resolution * 1000)) * resolution * 1000);
  const { rows } = await db.query<MetricPoint & { name: string; labels: Record<string, string> }>(
    organizationId,
    `SELECT name, labels, date_bin(make_interval(secs => $6), at, $4) AS at, sum(count)::float8 AS count, sum(sum) AS sum,
       min(min) AS min, max(max) AS max, (array_agg(last ORDER BY last_at DESC))[1] AS last
     FROM security_metrics
     WHERE organization_id = $1 AND name = ANY($2) AND resolution = $3 AND at >= $4 AND at < $5
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT ${mostPoints + 1}`,
    [organizationId, names, resolution, begin, to, step / 1000],
  );
  if (rows.length > mostPoints) {
    throw new VigilError("BAD_USER_INPUT", `More than ${mostPoints} points: ask for fewer names or longer intervals`, {
      path: ["interval"],
    });
  }
  const series = new Map<string, MetricSeries>();
  for (const { name, labels, ...point } of rows) {
    const key = `${name} ${JSON.stringify(labels)}`;
    const known = series.get(key) ?? { name, labels, points: [] };
    series.set(key, known);
    known.points.push(point);
  }
  return [...series.values()];
}
