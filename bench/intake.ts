/**
 * What the intake is like to whoever sends: how long an answer takes while a quarter, a half and three quarters of what the
 * server can take come in; what a second server adds; and whether what is stored already makes it slower. The servers are
 * processes of their own. VIGIL_BENCH_STORED: how many events are stored already in the latter (10 million).
 */
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { ownRedis } from "../test/support/redis.ts";
import type { ClinicEvent } from "./clinic/event.ts";
import { compared } from "./compared.ts";
import { clinicEvents } from "./ingest.ts";
import { median } from "./median.ts";
import { percentiles } from "./percentiles.ts";
import { postEvents } from "./post-events.ts";
import type { Figure } from "./run.ts";
import { type Ends, type Started, startPostgres, startServer } from "./servers.ts";
import { makeEvents } from "./statistics-events.ts";

const stored = Number(process.env.VIGIL_BENCH_STORED ?? 10_000_000);
const rounds = 5;
const perRound = 12_000; // events
const long = 20_000; // ms at a pace
const inRequest = 100; // events, of what comes at a pace
const bench = "intake";

export async function intakeBench(): Promise<Figure[]> {
  return [...(await withEnds(paced)), ...(await withEnds(twoServers)), ...(await withEnds(muchStored))];
}

async function withEnds<T>(work: (ends: Ends) => Promise<T>): Promise<T> {
  const ends: Ends = [];
  try {
    return await work(ends);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** Takes the next ones, so many a call. */
async function eventsInTurn(count: number): Promise<(next: number) => ClinicEvent[]> {
  const events = await clinicEvents(count);
  return (next) => {
    if (events.length < next) throw new Error("no events are left");
    return events.splice(0, next);
  };
}

const urlOf = ({ port }: Started): string => `http://127.0.0.1:${port}`;

/** Events a second, sent to these servers in turns by four senders, as fast as they take them. */
async function rateOf(servers: readonly Started[], events: ClinicEvent[]): Promise<number> {
  const { length } = events;
  const began = performance.now();
  const sender = async (_: unknown, place: number): Promise<void> => {
    const server = servers[place % servers.length] as Started;
    while (events.length > 0) await postEvents(urlOf(server), server.token, events.splice(0, 1_000));
  };
  await Promise.all(Array.from({ length: 4 }, sender));
  return length / ((performance.now() - began) / 1_000);
}

/** Those of one and of the other, round by round, after one that warms up. */
async function ratesInTurns(one: readonly Started[], other: readonly Started[]): Promise<[number[], number[]]> {
  const next = await eventsInTurn(2 * (rounds + 1) * perRound);
  const rates: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round++) {
    const [first, second] = [await rateOf(one, next(perRound)), await rateOf(other, next(perRound))];
    if (round < 0) continue;
    rates[0].push(first);
    rates[1].push(second);
  }
  return rates;
}

async function paced(ends: Ends): Promise<Figure[]> {
  const { directory } = await startPostgres(ends);
  const server = await startServer(ends, directory);
  const next = await eventsInTurn(300_000);
  await rateOf([server], next(perRound));
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) rates.push(await rateOf([server], next(perRound)));
  const capacity = median(rates);
  const alone: number[] = [];
  for (let n = 0; n < 200; n++) alone.push(await timeOf(server, next(inRequest)));
  const figures: Figure[] = [];
  for (const share of [0.25, 0.5, 0.75]) {
    const subject = `of an answer at ${share * 100} % of ${capacity.toFixed(0)} events/s`;
    const about = { bench, subject, baseline: "of one request after the other" };
    figures.push(...percentiles(about, await atPace(server, capacity * share, next), sorted(alone)));
  }
  return figures;
}

const sorted = (times: number[]): number[] => times.sort((one, other) => one - other);

async function timeOf(server: Started, events: ClinicEvent[]): Promise<number> {
  const began = performance.now();
  await postEvents(urlOf(server), server.token, events);
  return performance.now() - began;
}

/** On a fixed schedule, whether or not earlier requests were answered: a slow server gets no relief. In ascending order, ms. */
async function atPace(server: Started, perSecond: number, next: (count: number) => ClinicEvent[]): Promise<number[]> {
  const sent: Promise<number>[] = [];
  const began = performance.now();
  while (performance.now() - began < long) {
    const due = Math.floor(((performance.now() - began) * perSecond) / inRequest / 1_000);
    while (sent.length < due) sent.push(timeOf(server, next(inRequest)));
    await wait(2);
  }
  return sorted(await Promise.all(sent));
}

async function twoServers(ends: Ends): Promise<Figure[]> {
  const redis = await ownRedis();
  ends.push(() => redis.close());
  const { directory } = await startPostgres(ends);
  const one = await startServer(ends, directory, redis.url);
  const other = await startServer(ends, directory, redis.url);
  const [together, alone] = await ratesInTurns([one, other], [one]);
  const about = { bench, subject: "events of one organization to two servers", baseline: "to one of them" };
  return [compared({ ...about, unit: "events/s" }, together, alone)];
}

async function muchStored(ends: Ends): Promise<Figure[]> {
  const holding = async (count: number): Promise<Started> => {
    const { directory, postgres } = await startPostgres(ends);
    const server = await startServer(ends, directory);
    const owner = new pg.Pool({ connectionString: postgres.ownerUrl, max: 3 });
    await makeEvents(owner, server.organizationId, count);
    await owner.query(
      `INSERT INTO event_keys (organization_id, client_id, received_at)
       SELECT $1, md5(n::text), now() - n * interval '1 second' / 10 FROM generate_series(1, $2::int) n ORDER BY 2`,
      [server.organizationId, count],
    );
    await owner.query("VACUUM ANALYZE event_keys");
    await owner.query("CHECKPOINT");
    await owner.end();
    return server;
  };
  const [many, few] = [await holding(stored), await holding(stored / 10)];
  const [late, early] = await ratesInTurns([many], [few]);
  const named = (count: number): string => `${count / 1_000_000} M events stored`;
  const about = { bench, subject: `with ${named(stored)}`, baseline: `with ${named(stored / 10)}`, unit: "events/s" };
  return [compared(about, late, early)];
}
