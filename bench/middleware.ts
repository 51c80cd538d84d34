/**
 * What the SDK costs its host: the same Express and Fastify applications bare, with helmet, with express-rate-limit, and
 * with ours following 100,000 decisions. Each is a process of its own; they are asked in turns of a few hundred requests,
 * so that what disturbs the machine disturbs all of them; the load comes from this process. What is added is a turn's CPU
 * time less that of the bare application's turn beside it. Ours waits until its events have arrived: sending them counts.
 * A second bare application says how much of a figure is noise.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as rest } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import { blockOf, ListServer } from "../test/sdk/list-server.ts";
import { load } from "./http-load.ts";
import { median } from "./median.ts";
import type { Figure } from "./run.ts";

const rounds = 25;
const warming = 8_000; // requests: what runs for ever is compiled by then
const requests = 500; // a round, by 8 connections
const singles = 200; // a round, one after the other, for latency …
const waking = 20; // … behind those that wake it up: it waited for its turn
const resting = 600; // ms: as long as ours waits for its events to go
const path = "/patients/p-1";
const middlewares = ["bare", "nothing", "helmet", "rate-limit", "vigil"] as const;

interface Subject {
  name: string;
  child: ChildProcess;
  port: number;
  cpu: number[]; // µs a request, by round
  p99: number[]; // ms, by round
}
/** What the applications have: themselves, bundled as hosts have the SDK, and a Vigil. */
interface Stand {
  script: string;
  url: string;
  publicKey: string;
  /** Resolves when so many more events have arrived than were waited for before. */
  arrived(more: number): Promise<void>;
}
interface Memory {
  heldMiB: number;
  rssMiB: number;
}

export async function middlewareBench(): Promise<Figure[]> {
  const vigil = await standIn();
  const script = fileURLToPath(new URL("../node_modules/.cache/vigil-bench/middleware.mjs", import.meta.url));
  const source = fileURLToPath(new URL("./middleware-child.ts", import.meta.url));
  const like = { bundle: true, platform: "node", target: "node20.19", format: "esm", packages: "external" } as const;
  await build({ ...like, entryPoints: [source], outfile: script });
  const stand = { ...vigil, script };
  const figures: Figure[] = [];
  try {
    for (const framework of ["express", "fastify"]) figures.push(...(await measure(framework, stand)));
  } finally {
    vigil.close();
  }
  return figures;
}

async function measure(framework: string, stand: Stand): Promise<Figure[]> {
  const subjects: Subject[] = [];
  for (const name of middlewares) subjects.push(await start(framework, name, stand));
  const turn = async (subject: Subject, count: number, connections: number): Promise<[number, number[]]> => {
    const before = await ask<{ cpu: number }>(subject.child, "cpu");
    const times = await load(subject.port, path, count, connections);
    if (subject.name === "vigil") await stand.arrived(count);
    // The others rest within what is measured, too: an idle process collects its garbage, whosever it is.
    else await rest(resting);
    const after = await ask<{ cpu: number }>(subject.child, "cpu");
    return [(after.cpu - before.cpu) / count, times.slice(waking)];
  };
  for (const subject of subjects) await turn(subject, warming, 8);
  for (let round = 0; round < rounds; round++) {
    // Another one begins each round, so that none is always behind the same neighbour.
    const from = round % subjects.length;
    for (const subject of [...subjects.slice(from), ...subjects.slice(0, from)]) {
      const [cpu] = await turn(subject, requests, 8);
      const [, times] = await turn(subject, waking + singles, 1);
      subject.cpu.push(cpu);
      subject.p99.push(times.sort((a, b) => a - b)[Math.floor(singles * 0.99)] as number);
    }
  }
  const [bare, ...others] = subjects as [Subject, ...Subject[]];
  const memory = new Map<Subject, Memory>();
  for (const subject of subjects) memory.set(subject, await ask<Memory>(subject.child, "memory"));
  for (const { child } of subjects) child.disconnect();
  return others.flatMap((subject) => {
    const added = (of: "cpu" | "p99"): number =>
      median(subject[of].map((value, at) => value - (bare[of][at] as number)));
    const figure = (what: string, unit: string, more: number, base: number): Figure => ({
      bench: "middleware",
      subject: `${framework} with ${subject.name}: ${what} added`,
      baseline: "bare",
      ratio: (base + more) / base,
      subjectValue: more,
      baselineValue: base,
      unit,
      runs: rounds,
    });
    if (process.env.RAW) console.log(subject.name, JSON.stringify({ cpu: subject.cpu, bare: bare.cpu }));
    const [ours, theirs] = [memory.get(subject), memory.get(bare)] as [Memory, Memory];
    return [
      figure("CPU a request", "µs", added("cpu"), median(bare.cpu)),
      figure("p99", "ms", added("p99"), median(bare.p99)),
      figure("memory held", "MiB", ours.heldMiB - theirs.heldMiB, theirs.heldMiB),
      figure("resident memory", "MiB", ours.rssMiB - theirs.rssMiB, theirs.rssMiB),
    ];
  });
}

async function start(framework: string, name: string, stand: Stand): Promise<Subject> {
  const child = fork(stand.script, [framework, name, stand.url, stand.publicKey], { execArgv: ["--expose-gc"] });
  const { port } = await answer<{ port: number }>(child);
  return { name, child, port, cpu: [], p99: [] };
}

function ask<T>(child: ChildProcess, what: string): Promise<T> {
  const reply = answer<T>(child);
  child.send(what);
  return reply;
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`an application ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as T);
    });
  });
}

/** A Vigil that takes every event and has a list of 100,000 blocked addresses. */
async function standIn(): Promise<Omit<Stand, "script"> & { close(): void }> {
  let due = 0; // events waited for that have not arrived
  let whenAll = (): void => undefined;
  const lists = new ListServer();
  const expiresAt = Date.now() + 86_400_000;
  lists.load(
    Array.from({ length: 100_000 }, (_, n) =>
      blockOf(n, `${60 + Math.floor(n / 65_536)}.${(n >> 8) & 255}.${n & 255}.1`, expiresAt),
    ),
  );
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? "/", "http://stand-in");
    if (url.pathname === "/enforce/decisions") {
      const after = url.searchParams.get("after");
      if (after !== null) return; // nothing changes: the line is held
      response.end(JSON.stringify(lists.answer(undefined, Date.now())));
      return;
    }
    const parts: Buffer[] = [];
    incoming.on("data", (part) => parts.push(part));
    incoming.on("end", () => {
      if (url.pathname !== "/ingest") return void response.writeHead(204).end();
      const sent = Buffer.concat(parts);
      const text = incoming.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
      const accepted = text.toString().split("\n").length;
      response.end(JSON.stringify({ accepted, duplicates: 0, rejected: [] }));
      due -= accepted;
      if (due <= 0) whenAll();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    publicKey: lists.publicKey,
    arrived: (more) =>
      new Promise((resolve) => {
        due += more;
        whenAll = resolve;
        if (due <= 0) resolve();
      }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
