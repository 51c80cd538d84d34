/** Redis, where there is one: whether it answers, and whether it may throw away what is kept in it. */
import { connectRedis, isCluster, nodesOf } from "../redis.ts";
import { bad, care, type Finding, good } from "./finding.ts";

const part = "redis";

export async function checkRedis(url: string | undefined): Promise<Finding[]> {
  if (url === undefined) return [good(part, "none: one server by itself, or several over PostgreSQL")];
  const redis = connectRedis(url, {
    lazyConnect: true,
    connectTimeout: 5_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let fault: Error | undefined;
  redis.on("error", (error: Error) => {
    fault = error;
  });
  try {
    await redis.connect();
    const began = Date.now();
    await redis.ping();
    const ms = Date.now() - began;
    const [info = {}, ...others] = await Promise.all(nodesOf(redis).map(async (node) => fieldsOf(await node.info())));
    const version = info.valkey_version ? `Valkey ${info.valkey_version}` : `Redis ${info.redis_version}`;
    const major = Number((info.valkey_version ?? info.redis_version ?? "0").split(".")[0]);
    return [
      major >= (isCluster(url) ? 7 : 6)
        ? good(part, `${version} answers in ${ms} ms${others.length > 0 ? `, ${others.length + 1} nodes` : ""}`)
        : bad(part, `${version} is too old`, `Use Redis ${isCluster(url) ? "7" : "6.2"} or newer.`),
      policyOf([info, ...others].find(mayEvict) ?? info),
    ];
  } catch (error) {
    const says = `does not answer: ${fault?.message || (error as Error).message}`;
    return [
      bad(
        part,
        says,
        "Check REDIS_URL. Until it answers each server counts by itself, alerts come late, and other jobs do not run.",
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

const mayEvict = ({ maxmemory = "0", maxmemory_policy: policy = "noeviction" }: Record<string, string>): boolean =>
  maxmemory !== "0" && policy !== "noeviction";

function policyOf(info: Record<string, string>): Finding {
  const { maxmemory = "0", maxmemory_policy: policy } = info;
  return !mayEvict(info)
    ? good("redis memory", maxmemory === "0" ? "no limit" : `${maxmemory} bytes, noeviction`)
    : care("redis memory", `${policy} lets Redis drop jobs and windows`, "Set maxmemory-policy to noeviction.");
}

function fieldsOf(info: string): Record<string, string> {
  return Object.fromEntries(
    info.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf(":");
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );
}
