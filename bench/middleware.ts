/**
 * What the SDK costs its host: the same Express and Fastify applications bare, with helmet, with express-rate-limit, and
 * with ours following 100,000 decisions. Each is a process of its own; they are asked in turns, so that what disturbs the
 * machine disturbs all of them; the load comes from this process.
 */
import { type ChildProcess, fork } from "node:child_process";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { build } from "esbuild";
import { blockOf, ListServer } from "../test/sdk/list-server.ts";
import { median } from "./median.ts";
import type { Figure } from "./run.ts";

const rounds = 7;
const requests = 2_000; // a round, by 10 connections
const singles = 500; // a round, one after the other, for latency
const middlewares = ["bare", "helmet", "rate-limit", "vigil"] as const;

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
}
interface Usage {
  cpu: number;
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
  for (let round = -1; round < rounds; round++) {
    // Another one begins each round, so that none is always behind the same neighbour.
    const from = (round + subjects.length) % subjects.length;
    for (const subject of [...subjects.slice(from), ...subjects.slice(0, from)]) {
      const before = await usage(subject.child);
      await load(subject.port, requests, 10);
      const after = await usage(subject.child);
      const times = await load(subject.port, singles, 1);
      if (round < 0) continue; // warms up
      subject.cpu.push((after.cpu - before.cpu) / requests);
      subject.p99.push(times.sort((a, b) => a - b)[Math.floor(singles * 0.99)] as number);
    }
  }
  const [bare, ...others] = subjects as [Subject, ...Subject[]];
  const memory = new Map<Subject, Usage>();
  for (const subject of subjects) memory.set(subject, await usage(subject.child));
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
    const [ours, theirs] = [memory.get(subject), memory.get(bare)] as [Usage, Usage];
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

function usage(child: ChildProcess): Promise<Usage> {
  const reply = answer<Usage>(child);
  child.send("usage");
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

/** So many requests over so many connections; answers their times, ms. */
async function load(port: number, count: number, connections: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  let left = count;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const headers = { "x-forwarded-for": "8.8.4.4", "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101" };
      const sent = request({ port, path: "/patients/p-1", agent, headers }, (response) => {
        response.resume();
        response.on("end", () => {
          times.push(performance.now() - began);
          resolve();
        });
        if (response.statusCode !== 200) reject(new Error(`the application answered ${response.statusCode}`));
      });
      sent.on("error", reject);
      sent.end();
    });
  const lane = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: connections }, lane));
  agent.destroy();
  return times;
}

/** A Vigil that takes every event and has a list of 100,000 blocked addresses. */
async function standIn(): Promise<{ url: string; publicKey: string; close(): void }> {
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
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    publicKey: lists.publicKey,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
