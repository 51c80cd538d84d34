/** Vitest's global set-up: one PostgreSQL for the run with a migrated template database, and one Redis, or with VIGIL_TEST_REDIS=cluster three nodes. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/database/migrate.ts";
import { freePort } from "../../src/embedded/free-port.ts";
import { openEmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { loadSecrets } from "../../src/embedded/secrets.ts";
import { ownCluster } from "./redis.ts";

declare module "vitest" {
  interface ProvidedContext {
    ownerUrl: string;
    serverUrl: string;
    redisUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-test-"));
  const postgres = await openEmbeddedPostgres(directory, await loadSecrets(directory));
  await migrate(postgres.ownerUrl, postgres.serverUrl);
  const owner = new pg.Client({ connectionString: postgres.ownerUrl });
  await owner.connect();
  // Tests are thrown away; the server's own defaults stay.
  for (const setting of ["fsync", "full_page_writes", "synchronous_commit"])
    await owner.query(`ALTER SYSTEM SET ${setting} = off`);
  await owner.query("SELECT pg_reload_conf()");
  await owner.query("SELECT ensure_event_partitions((now() AT TIME ZONE 'UTC')::date - 1, 8)");
  await owner.end();
  const redis = await startRedis(directory);
  project.provide("ownerUrl", postgres.ownerUrl);
  project.provide("serverUrl", postgres.serverUrl);
  project.provide("redisUrl", redis.url);
  return async () => {
    await redis.stop();
    await postgres.close();
    await rm(directory, { recursive: true, force: true });
  };
}

async function startRedis(directory: string): Promise<{ url: string; stop(): Promise<void> }> {
  if (process.env.REDIS_URL) return { url: process.env.REDIS_URL, stop: async () => {} };
  installRedis();
  if (process.env.VIGIL_TEST_REDIS === "cluster") {
    const cluster = await ownCluster();
    return { url: cluster.url, stop: () => cluster.close() };
  }
  const port = await freePort();
  const child = spawn(
    "redis-server",
    ["--port", String(port), "--save", "", "--bind", "127.0.0.1", "--dir", directory],
    {
      stdio: "ignore",
    },
  );
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on("error", () => {
    // not up yet
  });
  await client.ping();
  client.disconnect();
  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      for (let tries = 0; child.exitCode === null && tries < 100; tries++) await wait(20);
    },
  };
}

/** Tests need a real Redis: from the PATH, or from Debian's package where that can be had without asking. */
function installRedis(): void {
  const present = (): boolean => spawnSync("redis-server", ["--version"]).status === 0;
  if (present()) return;
  if (process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    process.stderr.write("The tests need Redis; installing Debian's redis-server …\n");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "redis-server"], { env, stdio: "ignore" });
  }
  if (!present()) {
    throw new Error(
      "The tests need a real Redis. Install redis-server with your system's package manager (e.g. apt-get install redis-server, " +
        "brew install redis), or set REDIS_URL to one that may be emptied.",
    );
  }
}
