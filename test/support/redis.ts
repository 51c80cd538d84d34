/** A Redis of a test's own, that may be emptied, frozen, killed and started anew. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { Redis } from "ioredis";
import { freePort } from "../../src/embedded/free-port.ts";

export interface OwnRedis {
  url: string;
  client: Redis;
  /** Its socket stays open, it does not answer. */
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** After a kill: on the same port, empty. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function ownRedis(): Promise<OwnRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on("error", () => undefined); // it is down when the test wants it down
  async function start(): Promise<void> {
    const flags = ["--port", String(port), "--save", "", "--bind", "127.0.0.1", "--dir", tmpdir()];
    child = spawn("redis-server", flags, { stdio: "ignore" });
    await client.ping();
  }
  async function kill(): Promise<void> {
    const gone = child && once(child, "exit");
    child?.kill("SIGKILL");
    await gone;
  }
  await start();
  return {
    url,
    client,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    kill,
    start,
    async close() {
      client.disconnect();
      await kill();
    },
  };
}
