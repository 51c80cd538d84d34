/**
 * How many connections all processes have open of each person, address and organization, counted in Redis: a hash for
 * each, with a field for each process that says how many are its own, and until when that holds. A process says it anew
 * every five seconds; of one that was killed it is over after fifteen. Where Redis does not answer, each counts its own.
 */
import type { RedisConnection } from "../redis.ts";

export interface ConnectionsTogether {
  /** Says that this process has `own` now; false, and unsaid, where all processes would then have more than `most`. */
  allow(key: string, own: number, most: number): Promise<boolean>;
  /** Says that this process has `own` now. */
  tell(key: string, own: number): void;
  close(): void;
}

const holdsFor = 15_000; // ms
const tellInterval = 5_000; // ms

/** KEYS: the hash. ARGV: the process, its own count, the most of all (-1: any number), for how long it holds, ms. */
const script = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local own, most, others = tonumber(ARGV[2]), tonumber(ARGV[3]), 0
if most >= 0 then
  local fields = redis.call('HGETALL', KEYS[1])
  for i = 1, #fields, 2 do
    local count, till = string.match(fields[i + 1], '^(%d+):(%d+)$')
    if fields[i] == ARGV[1] then
    elseif count and tonumber(till) > now then others = others + tonumber(count)
    else redis.call('HDEL', KEYS[1], fields[i]) end
  end
  if others + own > most then return 0 end
end
if own == 0 then redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], own .. ':' .. string.format('%.0f', now + ARGV[4]))
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1`;

/** `counts`: what is open here now, by the keys that were asked for. */
export function countTogether(
  redis: RedisConnection,
  processId: string,
  counts: () => Iterable<[key: string, own: number]>,
): ConnectionsTogether {
  const say = (key: string, own: number, most: number): Promise<unknown> =>
    redis.eval(script, 1, `vigil:open:{${key}}`, processId, own, most, holdsFor);
  const unsaid = (): undefined => undefined; // said again within five seconds, once Redis answers
  const tell = (key: string, own: number): void => void say(key, own, -1).catch(unsaid);
  const timer = setInterval(() => {
    for (const [key, own] of counts()) tell(key, own);
  }, tellInterval).unref();
  return {
    allow: (key, own, most) =>
      say(key, own, most).then(
        (answer) => answer !== 0,
        () => true,
      ),
    tell,
    close() {
      clearInterval(timer);
      redis.disconnect();
    },
  };
}
