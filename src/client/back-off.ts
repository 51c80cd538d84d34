import type { RetryOptions } from "./options.ts";

const longestAsked = 3_600; // an hour, seconds: a timer of a month would end at once

/**
 * How long to wait before the next try, ms. `retryAfter`, seconds: what the server asks for, a quarter of chance on top;
 * where it says at once, as without its word.
 */
export function backOff(
  failures: number,
  { first, longest, random }: Pick<RetryOptions, "first" | "longest" | "random">,
  retryAfter = 0,
): number {
  const chance = random();
  const most = Math.min(longest, first * 2 ** Math.min(failures, 20));
  if (retryAfter > 0) return Math.min(longestAsked, retryAfter) * 1_000 * (1 + chance / 4);
  return most / 2 + (most / 2) * chance;
}

/** Waits, but not past the signal. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
