/** The Redis of the run: one server, or three nodes of a cluster (`npm run test:cluster`). */
import { once } from "node:events";
import type { Redis } from "ioredis";
import { inject } from "vitest";
import { connectRedis, isCluster, nodesOf, type RedisConnection } from "../../src/redis.ts";

/** Connected; the test closes it. */
export async function givenRedis(): Promise<RedisConnection> {
  const redis = connectRedis(inject("redisUrl"), {});
  if (redis.status !== "ready") await once(redis, "ready");
  return redis;
}

/** The URL of a database that no other test uses; a cluster has but one. */
export function redisDatabase(number: number): string {
  const url = inject("redisUrl");
  return isCluster(url) ? url : new URL(`/${number}`, url).href;
}

/** Of every server that holds keys. */
export const ofEach = async <T>(redis: RedisConnection, ask: (node: Redis) => Promise<T>): Promise<T[]> =>
  Promise.all(nodesOf(redis).map(ask));
