/**
 * `vigil start` on a database that is there, until it says that it is ready, beside PostgreSQL of the same directory alone;
 * and what the process holds then, and while 1,000 events a second come in, beside a bare HTTP server. Target: 3 s.
 * And what is installed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createApiKey } from "../src/access/api-keys.ts";
import { openApp } from "../src/app.ts";
import { parseConfig } from "../src/config.ts";
import { freePort } from "../src/embedded/free-port.ts";
import { openEmbeddedPostgres } from "../src/embedded/postgres.ts";
import { loadSecrets } from "../src/embedded/secrets.ts";
import { createLog } from "../src/log.ts";
import type { ClinicEvent } from "./clinic/event.ts";
import { compared } from "./compared.ts";
import { installedSize } from "./installed.ts";
import { postEvents } from "./post-events.ts";
import type { Figure } from "./run.ts";

const runs = 5;
const loaded = 30; // s
const rate = 1_000; // events a second
const patience = 120_000; // ms until a start counts as failed
const root = join(import.meta.dirname, "..");

interface Running {
  child: ChildProcess;
  url: string;
  /** From its start until it was ready, ms. */
  took: number;
}

export async function startBench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  try {
    const key = await prepared(directory);
    const ours: number[] = [];
    const alone: number[] = [];
    const idle: number[] = [];
    const busy: number[] = [];
    const bare: number[] = [];
    for (let run = 0; run < runs; run++) {
      alone.push(await postgresAlone(directory));
      const vigil = await started(directory);
      ours.push(vigil.took);
      await wait(5_000); // what is left to do after a start is done
      idle.push(await resident(vigil.child));
      await load(vigil.url, key);
      busy.push(await resident(vigil.child));
      await stopped(vigil.child);
      bare.push(await bareResident());
    }
    const about = { bench: "start", baseline: "a bare HTTP server", unit: "MiB" };
    return [
      compared({ bench: "start", subject: "until it is ready", baseline: "PostgreSQL alone", unit: "ms" }, ours, alone),
      compared({ ...about, subject: "resident memory, idle" }, idle, bare),
      compared({ ...about, subject: `resident memory after ${loaded} s of ${rate} events/s` }, busy, bare),
      await installedSize(),
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Makes the database; answers a key to send events with. */
async function prepared(directory: string): Promise<string> {
  const app = await openApp(parseConfig({ VIGIL_DATA_DIR: directory }), { log: createLog("silent") });
  const organizationId = await app.organizationBySlug("demo");
  const input = { name: "bench", role: "INGEST" as const, actor: "bench", now: Date.now() };
  const { secret } = await app.db.inOrganization(organizationId, (tx) => createApiKey(tx, input));
  await app.close();
  return secret;
}

async function started(directory: string): Promise<Running> {
  const port = await freePort();
  const env = { ...process.env, VIGIL_DATA_DIR: directory, PORT: String(port), LOG_LEVEL: "error" };
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, "src/vigil.js"), "start"], { env, stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  while (performance.now() - began < patience && child.exitCode === null) {
    const isReady = await fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return { child, url, took: performance.now() - began };
    await wait(10);
  }
  throw new Error("vigil start did not become ready");
}

async function stopped(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

async function postgresAlone(directory: string): Promise<number> {
  const secrets = await loadSecrets(directory);
  const began = performance.now();
  const postgres = await openEmbeddedPostgres(directory, secrets);
  const took = performance.now() - began;
  await postgres.close();
  return took;
}

/** MiB, with what it shares with others. */
async function resident({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
}

async function load(url: string, key: string): Promise<void> {
  const began = performance.now();
  const startedAt = Date.now(); // makes ids new in each run
  for (let slice = 0; slice < loaded * 10; slice++) {
    await postEvents(url, key, events(`${startedAt} ${slice}`));
    await wait(Math.max(0, began + slice * 100 - performance.now()));
  }
}

/** Of a tenth of a second. */
function events(prefix: string): ClinicEvent[] {
  return Array.from({ length: rate / 10 }, (_, n) => ({
    id: `${prefix} ${n}`,
    time: Date.now(),
    logsource: { product: "clinic", service: "app" },
    action: n % 10 === 0 ? "login" : "record.read",
    category: n % 10 === 0 ? "authentication" : "data",
    outcome: n % 50 === 0 ? "failure" : "success",
    actor: { id: `u${(n * 7) % 500}`, name: `user${(n * 7) % 500}` },
    source: { ip: `198.51.100.${n % 250}` },
    target: { type: "record", id: `r${n}` },
  }));
}

async function bareResident(): Promise<number> {
  const code = 'require("http").createServer((q, s) => s.end("{}")).listen(0, () => process.send("ready"))';
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await once(child, "message");
  const held = await resident(child);
  await stopped(child);
  return held;
}
