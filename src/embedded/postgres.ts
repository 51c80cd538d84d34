/**
 * The zero-setup PostgreSQL: a cluster in the data directory, on a free loopback port, started by whoever comes first
 * and stopped by whoever leaves last (hold.ts). A cluster left running by a killed process is taken over.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { binaries } from "./binaries.ts";
import { freePort } from "./free-port.ts";
import { type Hold, hold } from "./hold.ts";
import { type RunAs, runAs } from "./run-as.ts";
import type { Secrets } from "./secrets.ts";

const startLimit = 60_000; // 60 seconds: crash recovery of a large cluster takes a while
const stopLimit = 8_000; // 8 seconds, then an immediate shutdown (recovered at the next start)

/** What its URLs come from, in words. */
export const embeddedAddress = "The address of the embedded PostgreSQL";

export interface EmbeddedPostgres {
  /** The cluster's superuser, database `vigil`. */
  ownerUrl: string;
  /** The server's role, which owns nothing. */
  serverUrl: string;
  /** Marks this process as the server; false when another one is serving from this data directory. */
  claimServing(): Promise<boolean>;
  /** Stops PostgreSQL, unless another process still uses it. */
  close(): Promise<void>;
}

export async function openEmbeddedPostgres(dataDir: string, secrets: Secrets): Promise<EmbeddedPostgres> {
  const cluster = join(dataDir, "postgres");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const port = (await runningPort(cluster, secrets)) ?? (await start(dataDir, cluster, secrets));
  const url = (user: string, password: string, database: string): string =>
    `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  const held = await hold(url("postgres", secrets.ownerPassword, "postgres"), async () => {
    const found = await postmaster(cluster);
    if (!found || !alive(found.pid)) await start(dataDir, cluster, secrets, port);
  });
  await makeDatabase(held);
  let closing: Promise<void> | undefined;

  return {
    ownerUrl: url("postgres", secrets.ownerPassword, "vigil"),
    serverUrl: url("vigil_server", secrets.serverPassword, "vigil"),
    claimServing: held.claimServing,
    close() {
      closing ??= stopIfLast(held, cluster);
      return closing;
    },
  };
}

async function makeDatabase(session: Hold): Promise<void> {
  const { rowCount } = await session.query("SELECT 1 FROM pg_database WHERE datname = 'vigil'");
  if (rowCount) return;
  await session.query("CREATE DATABASE vigil TEMPLATE template0 ENCODING 'UTF8'").catch((error: { code?: string }) => {
    if (error.code !== "42P04" && error.code !== "23505") throw error; // another process made it meanwhile
  });
}

/** The first line of postmaster.pid is the process, the fourth its port. */
async function postmaster(cluster: string): Promise<{ pid: number; port: number } | undefined> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => undefined);
  const [pid, , , port] = (text ?? "").split("\n");
  return pid && port ? { pid: Number(pid), port: Number(port) } : undefined;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The port of a cluster that is already up (or coming up); undefined when there is none. */
async function runningPort(cluster: string, secrets: Secrets): Promise<number | undefined> {
  const found = await postmaster(cluster);
  if (!found || !alive(found.pid)) {
    await rm(join(cluster, "postmaster.pid"), { force: true });
    return undefined;
  }
  const answer = await ready(found.port, secrets, () => alive(found.pid), 10_000).catch((error: Error) => error);
  if (answer === undefined) return found.port;
  if (answer instanceof NotOurs || !alive(found.pid)) {
    await rm(join(cluster, "postmaster.pid"), { force: true }); // the pid was given to another program after a crash
    return undefined;
  }
  throw answer;
}

class NotOurs extends Error {}

/** Waits until the cluster answers; throws when it ends or does not answer in time. */
async function ready(port: number, secrets: Secrets, living: () => boolean, limit: number): Promise<undefined> {
  for (const deadline = Date.now() + limit; ; ) {
    const client = new pg.Client({
      host: "127.0.0.1",
      port,
      user: "postgres",
      password: secrets.ownerPassword,
      database: "postgres",
      connectionTimeoutMillis: 5_000,
    });
    try {
      await client.connect();
      await client.end();
      return undefined;
    } catch (error) {
      await client.end().catch(() => undefined);
      const code = (error as { code?: string }).code;
      if (code === "28P01" || code === "28000") throw error; // not this installation's password
      if (!living()) throw new NotOurs("PostgreSQL ended while starting", { cause: error });
      if (Date.now() > deadline) {
        throw code === "ECONNREFUSED"
          ? new NotOurs("nothing listens there", { cause: error })
          : new Error(`PostgreSQL on port ${port} does not answer`, { cause: error });
      }
      await wait(50);
    }
  }
}

/** `wanted`: the port, where there is one that others know already. */
async function start(dataDir: string, cluster: string, secrets: Secrets, wanted?: number): Promise<number> {
  const programs = await binaries();
  const as = runAs([programs.postgres, dataDir]);
  if (!existsSync(join(cluster, "PG_VERSION"))) await initialise(programs.initdb, dataDir, cluster, secrets, as);
  const port = wanted ?? (await freePort());
  const log = await open(join(dataDir, "postgres.log"), "a", 0o600);
  const settings = { listen_addresses: "127.0.0.1", unix_socket_directories: "", max_connections: "100" };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const command = [...as.prefix, programs.postgres, "-D", cluster, "-p", String(port), ...flags];
  // In a process group of its own: Ctrl-C must reach the server first, which then stops PostgreSQL in order.
  const child = spawn(command[0] as string, command.slice(1), {
    ...as.ids,
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    env: { PATH: process.env.PATH, TZ: "UTC" },
  });
  let ended = false;
  child.on("exit", () => {
    ended = true;
  });
  child.on("error", () => {
    ended = true;
  });
  child.unref();
  await log.close();
  try {
    await ready(port, secrets, () => !ended, startLimit);
  } catch (error) {
    const winner = await postmaster(cluster); // two processes started at once: the other one's cluster serves both
    if (winner && winner.port !== port && alive(winner.pid)) {
      await ready(winner.port, secrets, () => alive(winner.pid), startLimit);
      return winner.port;
    }
    throw new Error(`The embedded PostgreSQL did not start; see ${join(dataDir, "postgres.log")}`, { cause: error });
  }
  return port;
}

/** Makes the cluster beside its place and moves it there when it is whole, so that a crash leaves nothing half made. */
async function initialise(
  initdb: string,
  dataDir: string,
  cluster: string,
  secrets: Secrets,
  as: RunAs,
): Promise<void> {
  const draft = join(dataDir, `postgres.new-${process.pid}`);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  as.own(draft);
  const passwordFile = `${draft}.password`;
  await writeFile(passwordFile, `${secrets.ownerPassword}\n`, { mode: 0o600 });
  as.own(passwordFile);
  const flags = ["-D", draft, "-U", "postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"];
  flags.push(`--pwfile=${passwordFile}`);
  const command = [...as.prefix, initdb, ...flags];
  const output = await new Promise<string>((resolve, reject) => {
    const child = spawn(command[0] as string, command.slice(1), { ...as.ids, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.stderr.on("data", (chunk) => {
      text += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve("") : resolve(text || `initdb ended with ${code}`)));
  }).finally(() => rm(passwordFile, { force: true }));
  if (output) throw new Error(`The embedded PostgreSQL could not be set up in ${cluster}:\n${output}`);
  await chmod(draft, 0o700);
  await rename(draft, cluster).catch(async (error: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true, force: true });
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error; // another process was first
  });
}

async function stopIfLast(held: Hold, cluster: string): Promise<void> {
  const last = await held.letGo();
  const found = await postmaster(cluster);
  if (!last || !found || !alive(found.pid)) return;
  process.kill(found.pid, "SIGINT"); // fast shutdown: connections end, everything is written
  if (await gone(found.pid, stopLimit)) return;
  process.kill(found.pid, "SIGQUIT"); // immediate shutdown: recovered from the log at the next start
  await gone(found.pid, 1_000);
}

async function gone(pid: number, limit: number): Promise<boolean> {
  for (const deadline = Date.now() + limit; Date.now() < deadline; await wait(20)) if (!alive(pid)) return true;
  return false;
}
