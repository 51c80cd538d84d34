import type { RedisLink } from "./redis-link.ts";

/** Where detection keeps its windows, as a part of the server's health. */
export async function windowsPart(redis: RedisLink | undefined, rebuilds: number) {
  const built = `rebuilt ${rebuilds === 1 ? "once" : `${rebuilds} times`} from the stored events`;
  if (!redis) return { name: "windows", ok: true, detail: `in memory; ${built}` };
  if (!redis.usable()) {
    return { name: "windows", ok: false, detail: `in memory, because Redis fails: ${redis.fault()}; ${built}` };
  }
  const asked = performance.now();
  const told = await redis.run((client) => client.info("server")).catch(() => "");
  const version = /^redis_version:(\S+)/m.exec(told)?.[1];
  const latencyMs = version === undefined ? undefined : performance.now() - asked;
  return { name: "windows", ok: true, detail: `in Redis; ${built}`, version, latencyMs };
}
