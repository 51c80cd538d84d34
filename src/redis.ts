/** Connections to Redis: to one server, or, where several URLs are given, to the cluster whose nodes they are. */
import { Cluster, Redis, type RedisOptions } from "ioredis";

export type RedisConnection = Redis | Cluster;

/** The URLs of a setting: `redis://a:6379`, or `redis://a:6379,redis://b:6379` of a cluster. */
export const redisUrls = (setting: string): string[] => setting.split(",").map((url) => url.trim());

/** Whether the setting names a cluster. */
export const isCluster = (setting: string): boolean => setting.includes(",");

/** `options` are those of each connection, whichever node it goes to. The first URL's user, password and TLS hold for all nodes. */
export function connectRedis(setting: string, options: RedisOptions): RedisConnection {
  const urls = redisUrls(setting).map((url) => new URL(url));
  const [first] = urls;
  if (!first || urls.length === 1) return new Redis(setting.trim(), options);
  const { retryStrategy, lazyConnect, enableOfflineQueue, enableReadyCheck, enableAutoPipelining, ...ofNodes } =
    options;
  const secret = {
    ...(first.username ? { username: decodeURIComponent(first.username) } : {}),
    ...(first.password ? { password: decodeURIComponent(first.password) } : {}),
    ...(first.protocol === "rediss:" ? { tls: {} } : {}),
  };
  const nodes = urls.map(({ hostname, port }) => ({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || 6379),
  }));
  return new Cluster(nodes, {
    clusterRetryStrategy: (times) => (retryStrategy ? (retryStrategy(times) ?? null) : Math.min(50 * times, 1_000)),
    lazyConnect: lazyConnect ?? false,
    enableOfflineQueue: enableOfflineQueue ?? true,
    enableReadyCheck: enableReadyCheck ?? true,
    enableAutoPipelining: enableAutoPipelining ?? false,
    shardedSubscribers: true,
    // Certificates name hosts; what a node of a cluster says of the others are addresses, which only its own name may hide.
    ...(secret.tls
      ? { dnsLookup: (address: string, done: (error: null, address: string) => void) => done(null, address) }
      : {}),
    redisOptions: { ...ofNodes, ...secret },
  });
}

/** The servers that hold keys. */
export const nodesOf = (redis: RedisConnection): Redis[] =>
  redis instanceof Cluster ? redis.nodes("master") : [redis];
