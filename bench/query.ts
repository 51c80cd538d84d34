/**
 * `incidents(first: 50)` with the actions and alerts of each, over HTTP with a token: requests a second and p99, beside one
 * statement written by hand whose answer a bare server passes on, and beside PostGraphile 5 on the same tables, as their
 * owner and as the organization (Row Level Security on, as Vigil has it). VIGIL_BENCH_ROWS: how many incidents there are.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { createLog } from "../src/log.ts";
import { compared } from "./compared.ts";
import { loadRequest } from "./http-load.ts";
import { installPeer } from "./peers.ts";
import { makeIncidents } from "./query-data.ts";
import type { Figure } from "./run.ts";

const incidents = Number(process.env.VIGIL_BENCH_ROWS ?? 200_000);
/** A directory with another version of Vigil and this bench: its server is measured in the same turns. */
const other = process.env.VIGIL_BENCH_BESIDE;
const rounds = 9;
const requests = 400; // a round
const connections = 8;
const postgraphile = "5.1.5";

interface Subject {
  name: string;
  child: ChildProcess;
  port: number;
  request: string;
  rates: number[];
  p99: number[];
}

export async function queryBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const ownerUrl = app.embedded?.ownerUrl as string;
  const owner = new pg.Pool({ connectionString: ownerUrl, max: 1 });
  const subjects: Subject[] = [];
  try {
    const organizationId = await app.organizationBySlug("demo");
    await makeIncidents(owner, organizationId, incidents);
    const script = (root: string): string => join(root, "bench/query-child.ts");
    const here = fileURLToPath(new URL("..", import.meta.url));
    const start = async (name: string, kind: string, root = here): Promise<void> => {
      subjects.push(await startChild(name, script(root), [kind, directory, ownerUrl, organizationId]));
    };
    await start("Vigil", "vigil");
    if (other) await start("Vigil of the other version", "vigil", other);
    await start("one statement by hand", "sql");
    try {
      await installPeer("postgraphile", postgraphile);
      await start(`PostGraphile ${postgraphile} as the owner`, "postgraphile");
      await start(`PostGraphile ${postgraphile} as the organization`, "postgraphile-tenant");
    } catch (error) {
      console.error(`PostGraphile is not there to compare with: ${(error as Error).message.split("\n")[0]}`);
    }
    for (let round = -1; round < rounds; round++) {
      for (const subject of subjects) {
        const began = performance.now();
        const times = (await loadRequest(subject.port, subject.request, requests, connections)).sort((a, b) => a - b);
        if (round < 0) continue; // warms up
        subject.rates.push(requests / ((performance.now() - began) / 1_000));
        subject.p99.push(times[Math.floor(0.99 * (requests - 1))] as number);
      }
    }
    const [vigil, ...peers] = subjects as [Subject, ...Subject[]];
    return peers.flatMap((peer) => [
      compared(
        { bench: "query", subject: vigil.name, baseline: peer.name, unit: "requests/s" },
        vigil.rates,
        peer.rates,
      ),
      compared({ bench: "query", subject: `${vigil.name}, p99`, baseline: peer.name, unit: "ms" }, vigil.p99, peer.p99),
    ]);
  } finally {
    for (const { child } of subjects) child.kill();
    await owner.end();
    await app.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function startChild(name: string, script: string, args: string[]): Promise<Subject> {
  const env = { ...process.env, GRAPHILE_ENV: "production" };
  const child = fork(script, args, {
    env,
    stdio: ["ignore", "ignore", name.startsWith("PostGraphile") ? "ignore" : "inherit", "ipc"],
  });
  const told = await new Promise<{ port: number; query?: string; token?: string }>((resolve, reject) => {
    child.once("message", resolve as never);
    child.once("exit", (code) => reject(new Error(`${name} ended with ${code} before it listened`)));
  });
  const body = JSON.stringify({ query: told.query ?? "{ nothing }" });
  const headers = [
    "host: vigil.example",
    "content-type: application/json",
    "accept: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    ...(told.token ? [`authorization: Bearer ${told.token}`] : []),
  ];
  const request = `POST /graphql HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`;
  await sameAnswer(name, told.port, body, told.token).catch((error: unknown) => {
    child.kill(); // else it would keep the bench waiting
    throw error;
  });
  return { name, child, port: told.port, request, rates: [], p99: [] };
}

/** An answer that is an error, or empty, is fast. */
async function sameAnswer(name: string, port: number, body: string, token: string | undefined): Promise<void> {
  const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(`http://127.0.0.1:${port}/graphql`, { method: "POST", headers, body });
  const text = await answer.text();
  const [rows, alerts] = [text.split('"number"').length - 1, text.split('"recipient"').length - 1];
  if (rows !== 50 || alerts !== 150 || text.split('"target"').length !== 101) {
    throw new Error(`${name} answers something else: ${answer.status} ${text.slice(0, 500)}`);
  }
}
