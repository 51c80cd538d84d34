import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import type { RedisConnection } from "../redis.ts";

/** Counts in fixed windows: in Redis where there is one, for all servers together; here while it does not answer. */
export function createCounter(
  name: string,
  points: number,
  seconds: number,
  redis?: RedisConnection,
): RateLimiterAbstract {
  const settings = { keyPrefix: `vigil:limit:${name}`, points, duration: seconds };
  const here = new RateLimiterMemory(settings);
  if (!redis) return here;
  return new RateLimiterRedis({
    ...settings,
    storeClient: redis,
    rejectIfRedisNotReady: true,
    insuranceLimiter: here,
  });
}
