/** Servers of a bench: each a process of its own, on a PostgreSQL of its own or of several of them. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, openEmbeddedPostgres } from "../src/embedded/postgres.ts";
import { loadSecrets } from "../src/embedded/secrets.ts";
import type { Told } from "./stream-server.ts";

export interface Started {
  port: number;
  /** To send events with, and to follow with. */
  token: string;
  organizationId: string;
}

export interface StartedHere extends Started {
  /** In use, once all else is collected. */
  heapMiB(): Promise<number>;
}

/** What is undone at the end, the last first. */
export type Ends = (() => unknown)[];

export async function startPostgres(ends: Ends): Promise<{ directory: string; postgres: EmbeddedPostgres }> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-bench-"));
  ends.push(() => rm(directory, { recursive: true, force: true }));
  const postgres = await openEmbeddedPostgres(directory, await loadSecrets(directory));
  ends.push(() => postgres.close());
  return { directory, postgres };
}

/** With `directory`: Vigil on the PostgreSQL in it. Without: a bare server. */
export async function startServer(ends: Ends, directory?: string, redisUrl = ""): Promise<StartedHere> {
  const args = directory === undefined ? ["bare"] : ["vigil", directory, redisUrl];
  const child = fork(join(import.meta.dirname, "stream-server.ts"), args, { execArgv: ["--import", "tsx"] });
  ends.push(() => ended(child));
  const [started] = (await once(child, "message")) as [Started];
  return {
    ...started,
    async heapMiB() {
      child.send({ heap: true } satisfies Told);
      const [told] = (await once(child, "message")) as [number];
      return told;
    },
  };
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}
