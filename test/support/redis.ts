/** A Redis of a test's own, that may be emptied, frozen, killed and started anew. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Cluster, Redis } from "ioredis";
import { freePort } from "../../src/embedded/free-port.ts";

export interface OwnRedis {
  url: string;
  client: Redis;
  /** Its socket stays open, it does not answer. */
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** After a kill: on the same port, with what was saved before, which is nothing unless a test asks for it. */
  start(...flags: string[]): Promise<void>;
  close(): Promise<void>;
}

export async function ownRedis(): Promise<OwnRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const directory = await mkdtemp(join(tmpdir(), "vigil-redis-"));
  let child: ChildProcess | undefined;
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on("error", () => undefined); // it is down when the test wants it down
  async function start(...more: string[]): Promise<void> {
    const flags = ["--port", String(port), "--save", "", "--bind", "127.0.0.1", "--dir", directory, ...more];
    child = spawn("redis-server", flags, { stdio: "ignore" });
    await client.ping(); // once it has loaded what was saved
  }
  await start();
  return {
    url,
    client,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    kill: () => kill(child),
    start,
    async close() {
      client.disconnect();
      await kill(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

export interface OwnCluster {
  /** As REDIS_URL takes it. */
  url: string;
  client: Cluster;
  /** Of the masters together. */
  keys(): Promise<string[]>;
  /** Kills one node: nobody has its slots then, and the cluster answers nothing. */
  killOne(): Promise<void>;
  close(): Promise<void>;
}

interface Node {
  port: number;
  bus: number;
  child: ChildProcess;
  client: Redis;
}

/** With a third of the slots. A port that was free may be somebody else's a moment later: then with others. */
async function startNode(n: number, directory: string): Promise<Node> {
  for (;;) {
    // Two ports that are free: left to itself, the bus takes the other one plus 10,000.
    const [port, bus, config] = [await freePort(), await freePort(), `nodes-${n}-${Date.now()}.conf`];
    const flags = ["--port", port, "--save", "", "--bind", "127.0.0.1", "--dir", directory];
    flags.push("--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-config-file", config);
    const child = spawn("redis-server", flags.map(String), { stdio: "ignore" });
    const client = new Redis(port, "127.0.0.1", { maxRetriesPerRequest: null, retryStrategy: () => 20 });
    client.on("error", () => undefined); // until it is there
    const slots = [Math.ceil((n * 16_384) / 3), Math.ceil(((n + 1) * 16_384) / 3) - 1];
    const ready = client.call("CLUSTER", "ADDSLOTSRANGE", ...slots).then(
      () => true,
      () => false,
    );
    if (await Promise.race([ready, once(child, "exit").then(() => false)])) return { port, bus, child, client };
    client.disconnect();
    await kill(child);
  }
}

/** A Redis Cluster of a test's own: three nodes, each with a third of the slots. */
export async function ownCluster(): Promise<OwnCluster> {
  const directory = await mkdtemp(join(tmpdir(), "vigil-redis-"));
  const nodes: Node[] = [];
  for (const n of [0, 1, 2]) nodes.push(await startNode(n, directory)); // one by one: each finds its ports taken or free
  const [first, ...others] = nodes;
  for (const { port, bus } of others) await first?.client.call("CLUSTER", "MEET", "127.0.0.1", port, bus);
  for (const { client } of nodes) {
    while (!String(await client.call("CLUSTER", "INFO")).includes("cluster_state:ok")) await wait(50);
  }
  const client = new Cluster(nodes.map(({ port }) => ({ host: "127.0.0.1", port })));
  return {
    url: nodes.map(({ port }) => `redis://127.0.0.1:${port}`).join(","),
    client,
    keys: async () => (await Promise.all(nodes.map((node) => node.client.keys("*")))).flat(),
    killOne: () => kill(first?.child),
    async close() {
      client.disconnect();
      for (const node of nodes) {
        node.client.disconnect();
        await kill(node.child);
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}
