/**
 * What the SDK costs its host: the same Express and Fastify applications bare, with a middleware that does nothing, with
 * helmet, with express-rate-limit, and with ours following 100,000 decisions. Each is a process of its own; they are asked
 * in turns of a quarter of a second, so that what disturbs the machine disturbs all of them, and they are started anew
 * several times, as two processes that run the same differ by how they happen to be laid out and compiled. The load comes
 * from this process. What is added is a turn's CPU time less that of the bare application's turn beside it. Ours sends its
 * events within its turn: that counts. A second bare application says how much of a figure is noise.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import { blockOf, ListServer } from "../test/sdk/list-server.ts";
import { load } from "./http-load.ts";
import { median } from "./median.ts";
import type { Figure } from "./run.ts";

const starts = 5; // of every process …
const rounds = 12; // … and turns of each
const warming = 8_000; // requests: what runs for ever is compiled by then
const requests = 1_000; // a round, by 8 connections
const singles = 100; // a round, one after the other, for latency
const path = "/patients/p-1";
const middlewares = ["bare", "nothing", "empty", "helmet", "rate-limit", "vigil"] as const;

interface Subject {
  name: string;
  child: ChildProcess;
  port: number;
}
/** What was measured of one, by round. */
interface Measured {
  cpu: number[]; // µs a request
  p99: number[]; // ms
  memory: Memory[]; // by start
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
  const measured = new Map(middlewares.map((name): [string, Measured] => [name, { cpu: [], p99: [], memory: [] }]));
  for (let n = 0; n < starts; n++) await measureOnce(framework, stand, measured);
  const bare = measured.get("bare") as Measured;
  return middlewares.slice(1).flatMap((name) => {
    const theirs = measured.get(name) as Measured;
    const figure = (what: string, unit: string, of: (each: Measured) => number[]): Figure => {
      const added = of(theirs).map((value, at) => value - (of(bare)[at] as number));
      const [more, base] = [median(added), median(of(bare))];
      const ratios = of(theirs).map((value, at) => value / (of(bare)[at] as number));
      return {
        bench: "middleware",
        subject: `${framework} with ${name}: ${what} added`,
        baseline: "bare",
        ratio: (base + more) / base,
        range: [Math.min(...ratios), Math.max(...ratios)],
        subjectValue: more,
        baselineValue: base,
        unit,
        runs: of(bare).length,
      };
    };
    return [
      figure("CPU a request", "µs", ({ cpu }) => cpu),
      figure("p99", "ms", ({ p99 }) => p99),
      figure("memory held", "MiB", ({ memory }) => memory.map(({ heldMiB }) => heldMiB)),
      figure("resident memory", "MiB", ({ memory }) => memory.map(({ rssMiB }) => rssMiB)),
    ];
  });
}

async function measureOnce(framework: string, stand: Stand, measured: ReadonlyMap<string, Measured>): Promise<void> {
  const subjects: Subject[] = [];
  for (const name of middlewares) subjects.push(await start(framework, name, stand));
  const turn = async (subject: Subject, count: number, connections: number): Promise<[number, number[]]> => {
    const before = await ask<{ cpu: number }>(subject.child, "cpu");
    const times = await load(subject.port, path, count, connections);
    if (subject.name === "vigil") await Promise.all([ask(subject.child, "flush"), stand.arrived(count)]);
    const after = await ask<{ cpu: number }>(subject.child, "cpu");
    return [(after.cpu - before.cpu) / count, times];
  };
  for (const subject of subjects) await turn(subject, warming, 8);
  for (let round = 0; round < rounds; round++) {
    // Another one begins each round, so that none is always behind the same neighbour.
    const from = round % subjects.length;
    for (const subject of [...subjects.slice(from), ...subjects.slice(0, from)]) {
      const [cpu] = await turn(subject, requests, 8);
      const [, times] = await turn(subject, singles, 1);
      const { cpu: cpus, p99 } = measured.get(subject.name) as Measured;
      cpus.push(cpu);
      p99.push(times.sort((a, b) => a - b)[Math.floor(singles * 0.99)] as number);
    }
  }
  for (const { name, child } of subjects) {
    measured.get(name)?.memory.push(await ask<Memory>(child, "memory"));
    child.disconnect();
  }
}

async function start(framework: string, name: string, stand: Stand): Promise<Subject> {
  const child = fork(stand.script, [framework, name, stand.url, stand.publicKey], { execArgv: ["--expose-gc"] });
  const { port } = await answer<{ port: number }>(child);
  return { name, child, port };
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
