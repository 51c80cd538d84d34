import { expect, test, vi } from "vitest";
import { createTtlCache } from "../../src/access/ttl-cache.ts";

function cacheAt(start: number, maximum = 10) {
  const clock = { now: start };
  return { clock, cache: createTtlCache<number>({ ttl: 5_000, maximum, now: () => clock.now }) };
}

test("an answer is kept for less than its time, counted from the start of the load", async () => {
  const { clock, cache } = cacheAt(0);
  const load = vi.fn(async () => clock.now);
  expect(await cache.get("a", load)).toBe(0);
  clock.now = 4_999;
  expect(await cache.get("a", load)).toBe(0);
  clock.now = 5_000;
  expect(await cache.get("a", load)).toBe(5_000);
  expect(load).toHaveBeenCalledTimes(2);
});

test("calls at once share one load; a failure is not kept", async () => {
  const { cache } = cacheAt(0);
  const fail = vi.fn(() => Promise.reject(new Error("down")));
  const both = await Promise.allSettled([cache.get("a", fail), cache.get("a", fail)]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(fail).toHaveBeenCalledTimes(1);
  expect(cache.size).toBe(0);
  expect(await cache.get("a", async () => 1)).toBe(1);
});

test("it never holds more than its maximum, and drops the oldest", async () => {
  const { cache } = cacheAt(0, 3);
  for (let key = 0; key < 100; key++) await cache.get(String(key), async () => key);
  expect(cache.size).toBe(3);
  const load = vi.fn(async () => -1);
  expect(await cache.get("99", load)).toBe(99);
  expect(await cache.get("96", load)).toBe(-1);
});

test("an answer of the future is not trusted", async () => {
  const { clock, cache } = cacheAt(1_000_000);
  await cache.get("a", async () => 1);
  clock.now = 0;
  expect(await cache.get("a", async () => 2)).toBe(2);
});
