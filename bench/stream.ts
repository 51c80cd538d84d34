/**
 * From POST /ingest to the frame on a WebSocket: 1,000 events a second come in, and 1,000 sockets follow the incidents that are
 * opened of them and the tail of what failed; all in one process, and by two servers that share Redis, of which one takes the
 * events and the other one serves the sockets. Beside a bare server that takes the same requests and broadcasts the same
 * frames through `ws`. The servers and the sockets are processes of their own.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ownRedis } from "../test/support/redis.ts";
import { compared } from "./compared.ts";
import type { Figure } from "./run.ts";
import { type Ends, ended, type Started, startPostgres, startServer } from "./servers.ts";

const rate = 1_000; // events a second
const slice = 50; // ms between two requests
const sockets = 1_000;
const rounds = 5;
const long = 10_000; // ms a round
const deciding = 10; // requests: each tenth of them opens an incident, which makes two a second

/** Times from the request to the frame, ms: of incidents, and of events in the tail. */
export interface Heard {
  incidents: number[];
  events: number[];
}

interface Way {
  takes: Started;
  followers: ChildProcess;
  /** p50 and p99 of each round. */
  incidents: [number, number][];
  events: [number, number][];
}

export async function streamBench(): Promise<Figure[]> {
  const redis = await ownRedis();
  const ends: Ends = [() => redis.close()];
  try {
    const one = await way(ends, undefined);
    const two = await way(ends, redis.url);
    const plain = await startServer(ends);
    const bare: Way = { takes: plain, followers: await follow(ends, plain), incidents: [], events: [] };
    for (const each of [one, two, bare]) await flood(each, 3_000); // warms up
    for (let round = 0; round < rounds; round++) for (const each of [one, two, bare]) await flood(each, long);
    const named = { "in one process": one, "through Redis, by two servers": two };
    return Object.entries(named).flatMap(([how, each]) => [
      ...figures(`to the frame of an incident, ${how}`, each.incidents, bare.incidents),
      ...figures(`to the frame of the tail, ${how}`, each.events, bare.incidents),
    ]);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function way(ends: Ends, redisUrl: string | undefined): Promise<Way> {
  const { directory } = await startPostgres(ends);
  const takes = await startServer(ends, directory, redisUrl);
  const serves = redisUrl ? await startServer(ends, directory, redisUrl) : takes;
  return { takes, followers: await follow(ends, serves), incidents: [], events: [] };
}

async function follow(ends: Ends, { port, token }: Started): Promise<ChildProcess> {
  const script = join(import.meta.dirname, "stream-followers.ts");
  const child = fork(script, [String(port), token, String(sockets)], { execArgv: ["--import", "tsx"] });
  ends.push(() => ended(child));
  await once(child, "message");
  return child;
}

/** Sends on a fixed schedule, whether or not earlier requests were answered: a slow server gets no relief. */
async function flood({ takes, followers, incidents, events }: Way, milliseconds: number): Promise<void> {
  const isWarm = milliseconds === long;
  const headers = { authorization: `Bearer ${takes.token}`, "content-type": "application/x-ndjson" };
  const sent: Promise<void>[] = [];
  const began = performance.now();
  async function send(n: number): Promise<void> {
    const body = batch(n).map((event) => JSON.stringify(event));
    const answer = await fetch(`http://127.0.0.1:${takes.port}/ingest`, {
      method: "POST",
      headers,
      body: body.join("\n"),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`/ingest answered ${answer.status}: ${text}`);
  }
  while (performance.now() - began < milliseconds) {
    const due = Math.floor((performance.now() - began) / slice);
    while (sent.length < due) sent.push(send(sent.length));
    await wait(5);
  }
  await Promise.all(sent);
  await wait(1_000); // the last frames arrive
  followers.send("tell");
  const [heard] = (await once(followers, "message")) as [Heard];
  const opened = Math.floor(sent.length / deciding);
  if (heard.incidents.length !== opened * sockets)
    throw new Error(`${heard.incidents.length} frames of ${opened} incidents came to ${sockets} sockets`);
  if (!isWarm) return;
  incidents.push(parts(heard.incidents));
  if (heard.events.length > 0) events.push(parts(heard.events));
}

/** Of one request; those that decide name the time at which they were sent, for the frame to be known by. */
function batch(n: number): object[] {
  const at = `t${process.hrtime.bigint()}`; // one clock for all processes of a machine
  const count = (rate * slice) / 1_000;
  const isDeciding = n % deciding === deciding - 1;
  return Array.from({ length: count }, (_, k) => {
    if (isDeciding && k < 10)
      return {
        action: "login",
        category: "authentication",
        outcome: "failure",
        actor: { name: at },
        source: { ip: `198.51.100.${k}` },
      };
    const isFailure = k === count - 1;
    return {
      action: isFailure ? "record.export" : "record.read",
      outcome: isFailure ? "failure" : "success",
      actor: { name: `user${(n * count + k) % 500}` },
      source: { ip: `203.0.113.${(n + k) % 250}` },
      target: { type: "record", id: isFailure ? at : `r${k}` },
    };
  });
}

function parts(times: number[]): [number, number] {
  const sorted = Float64Array.from(times).sort();
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] as number;
  return [at(0.5), at(0.99)];
}

function figures(subject: string, ours: [number, number][], theirs: [number, number][]): Figure[] {
  return (["p50", "p99"] as const).map((part, place) => {
    const of = (rounds: [number, number][]): number[] => rounds.map((round) => round[place] as number);
    const about = { bench: "stream", subject: `${part} ${subject}`, unit: "ms" };
    return compared({ ...about, baseline: "bare ws broadcast of the same requests" }, of(ours), of(theirs));
  });
}
