/**
 * The connection to the Redis that holds windows. Every use is bounded, and a Redis that fails is left alone for a
 * moment, so that batches go on without it. A Redis that may evict keys is not used: what is gone would look like what
 * never was.
 */
import type { Log } from "../../log.ts";
import { connectRedis, nodesOf, type RedisConnection } from "../../redis.ts";

/** Redis did not do what it was asked in time. */
export class RedisFault extends Error {}

export interface RedisLink {
  usable(): boolean;
  /** Why it is not usable. */
  fault(): string | undefined;
  /** Another number whenever keys may have been lost without anybody having removed them. */
  trust(): number;
  /** Throws RedisFault. */
  run<T>(work: (redis: RedisConnection) => Promise<T>): Promise<T>;
  /** Waits until Redis is usable, or the bound is over; throws where its settings must be changed first. */
  open(): Promise<void>;
  close(): Promise<void>;
}

const bound = 2_000; // ms: no batch waits longer for Redis
const rest = 1_000; // ms for which a Redis that failed is left alone
const look = 2_000; // ms between looks at its settings and evictions

export function createRedisLink(url: string, log: Log): RedisLink {
  const redis = connectRedis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: bound,
    commandTimeout: bound,
    socketTimeout: bound,
    retryStrategy: (times) => Math.min(50 * times, rest),
    // A replica that was promoted, or a primary that was demoted: connect again to find the primary.
    reconnectOnError: ({ message }) => /^(READONLY|UNBLOCKED|LOADING)/.test(message),
    connectionName: "vigil-windows",
  });
  let fault: string | undefined = "it was not reached yet";
  let unusableUntil = 0;
  let settings: "unknown" | "good" | "bad" = "unknown";
  let evicted: number | undefined;
  let trust = 0;

  function failed(reason: string): void {
    if (fault === undefined) log.warn({ err: reason }, "Redis fails: windows are kept in memory until it answers");
    fault = reason;
    unusableUntil = performance.now() + rest;
  }

  async function bounded<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${bound / 1_000} s`));
        redis.disconnect(true); // frozen with its socket open: only a new connection tells
      }, bound);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async function inspect(): Promise<void> {
    if (redis.status !== "ready") return;
    try {
      const asked = nodesOf(redis).flatMap((node) => [node.info("memory"), node.info("stats")]);
      const text = (await bounded(Promise.all(asked))).join("\n");
      const read = (name: string): string[] =>
        [...text.matchAll(new RegExp(`^${name}:(.*?)\r?$`, "gm"))].map(([, value]) => value as string);
      const policies = read("maxmemory_policy");
      const policy = policies.find((one) => one !== "noeviction") ?? policies[0]; // of all nodes, the worst
      const count = read("evicted_keys").reduce((sum, value) => sum + Number(value), 0);
      if (evicted !== undefined && count > evicted) trust++;
      evicted = count;
      settings = policy === undefined || policy === "noeviction" ? "good" : "bad";
      if (settings === "bad") failed(`its maxmemory-policy is ${policy}; Vigil needs noeviction`);
      else if (performance.now() >= unusableUntil) fault = undefined;
    } catch (error) {
      failed((error as Error).message);
    }
  }

  redis.on("ready", () => {
    evicted = undefined; // another server, perhaps
    void inspect();
  });
  redis.on("close", () => {
    settings = "unknown";
    failed("the connection is closed");
  });
  redis.on("error", (error: Error) => failed(error.message));
  const timer = setInterval(() => void inspect(), look).unref();

  return {
    usable: () => redis.status === "ready" && settings === "good" && performance.now() >= unusableUntil,
    fault: () => fault,
    trust: () => trust,
    async run(work) {
      try {
        return await bounded(work(redis));
      } catch (error) {
        failed((error as Error).message);
        throw new RedisFault(`Redis fails: ${(error as Error).message}`);
      }
    },
    async open() {
      await redis.connect().catch(() => undefined);
      await inspect();
      if (settings === "bad")
        throw new Error(`Redis cannot be used: ${fault}. Set it with: CONFIG SET maxmemory-policy noeviction`);
    },
    async close() {
      clearInterval(timer);
      redis.disconnect();
    },
  };
}
