import type { Log } from "../log.ts";
import { connectRedis, type RedisConnection } from "../redis.ts";

const bound = 500; // ms that a request waits for Redis to count it

/** A connection for counting: it fails at once, rather than let requests queue, where Redis is away. */
export function connectForLimits(url: string, log: Log): RedisConnection {
  const redis = connectRedis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: bound,
    socketTimeout: bound,
    retryStrategy: (times) => Math.min(50 * times, 1_000),
    connectionName: "vigil-limits",
  });
  let told = false;
  redis.on("ready", () => {
    told = false;
  });
  redis.on("error", (error: Error) => {
    if (!told) log.warn({ err: error.message }, "Redis fails: each server counts its own requests until it answers");
    told = true;
  });
  return redis;
}
