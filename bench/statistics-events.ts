/** Events of the last two weeks, made in SQL by the tables' owner, and kept in partitions of a day as the server keeps them. */
import type pg from "pg";
import { seed } from "./seed.ts";

const days = 14;
const day = 86_400_000; // ms

const partitionOf = (midnight: number): string =>
  `event_partitions.realtime_monitoring_${new Date(midnight).toISOString().slice(0, 10).replaceAll("-", "")}`;

/**
 * So many events of a clinic, evenly up to now: people, addresses and pages, some more often than others, one event in
 * twelve a failure. None is about a patient: sealed data is what the sealing bench is about. The days are filled two at a time
 * before they have an index, and outside of the write-ahead log: nothing here outlives the bench.
 */
export async function makeEvents(owner: pg.Pool, organizationId: string, count: number): Promise<void> {
  const now = Date.now();
  const first = (Math.floor(now / day) - days + 1) * day;
  const before = (at: number): number => Math.round((count * (Math.min(at, now) - first)) / (now - first));
  const midnights = Array.from({ length: days }, (_, place) => first + place * day);
  await twoAtOnce(owner, midnights, async (client, midnight) => {
    await client.query(`DROP TABLE IF EXISTS ${partitionOf(midnight)}`); // the server has made those of these days, empty
    await client.query(`CREATE UNLOGGED TABLE ${partitionOf(midnight)} (LIKE realtime_monitoring INCLUDING DEFAULTS)`);
    await client.query(`CALL protect_tenant_table('${partitionOf(midnight)}')`);
    const end = new Date(Math.min(now, midnight + day));
    const [from, to] = [before(midnight), before(midnight + day)];
    await client.query("SELECT setseed($1)", [(seed() + from) / 2 ** 32]); // the same whoever made the day before
    await client.query(insert(partitionOf(midnight)), [organizationId, new Date(midnight), end, from, to]);
  });
  for (const midnight of midnights) {
    await owner.query(
      `DO $$ BEGIN EXECUTE format('ALTER TABLE realtime_monitoring ATTACH PARTITION ${partitionOf(midnight)}
         FOR VALUES FROM (%L) TO (%L)', event_id_floor(to_timestamp(${midnight / 1_000})),
         event_id_floor(to_timestamp(${(midnight + day) / 1_000}))); END $$`,
    );
  }
  await twoAtOnce(owner, midnights, async (client, midnight) => {
    await client.query(`VACUUM ANALYZE ${partitionOf(midnight)}`);
  });
  await owner.query("ANALYZE ONLY realtime_monitoring");
}

/** From $2 to $3, those of number $4 up to $5. */
const insert = (
  partition: string,
): string => `INSERT INTO ${partition} (organization_id, id, time, received_at, product, service,
    action, category, outcome, actor_id, actor_name, actor_email, actor_roles, source_ip, source_port, user_agent, session_id,
    target_type, target_id, http_method, http_path, http_status, message, attributes, enrichment)
  SELECT $1, uuidv7(at - clock_timestamp()), at - interval '0.2 seconds', at, 'clinic', 'web',
    (ARRAY['record.read', 'record.update', 'page.view', 'login', 'report.export'])[kind],
    (ARRAY['DATA', 'DATA', 'WEB', 'AUTHENTICATION', 'DATA'])[kind]::event_category,
    CASE n % 12 WHEN 0 THEN 'FAILURE' ELSE 'SUCCESS' END::event_outcome, 'u' || who, 'user' || who,
    'user' || who || '@clinic.example', ARRAY['nurse'], '8.0.0.0'::inet + 4099 * address, 1024 + n % 60000,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
    's' || who || '-' || n / 1000, 'Record', 'r' || n % 100000, 'GET', '/records/' || n % 100000, 200, 'GET /records by user' || who,
    jsonb_build_object('requestId', n, 'durationMs', n % 90),
    (ARRAY['["b1",["US","Monroe",32.5,-92.1,50],["R",3356,"Level 3"],["D","Linux","Chrome"]]',
      '["b1",["DE","Berlin",52.5,13.4,20],["R",3320,"Telekom"],["D","Linux","Chrome"]]'])[1 + n % 2]::jsonb
  FROM (SELECT n, $2::timestamptz + ($3::timestamptz - $2) * ((n - $4 + 0.5) / ($5 - $4)) AS at, 1 + n % 5 AS kind,
      floor(5000 * random() * random())::int AS who, floor(20000 * random() * random())::int AS address
    FROM generate_series($4::int, $5::int - 1) n) AS rows`;

/** Works on each, two at a time. */
async function twoAtOnce<Item>(
  owner: pg.Pool,
  items: readonly Item[],
  work: (client: pg.PoolClient, item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const lane = (): Promise<void> =>
    onQuickConnection(owner, async (client) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(client, item);
    });
  await Promise.all([lane(), lane()]);
}

/** A connection whose statements make indexes quickly, wait for no disk, and make up the same each time. */
export async function onQuickConnection(owner: pg.Pool, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await owner.connect();
  try {
    await client.query("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'");
    await client.query("SELECT setseed($1)", [seed() / 2 ** 31]);
    await work(client);
  } finally {
    client.release(true); // its settings go with it
  }
}
