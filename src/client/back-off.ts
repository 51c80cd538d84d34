import type { RetryOptions } from "./options.ts";

/** How long to wait before the next try, ms. `retryAfter`, seconds: what the server asks for, a quarter of chance on top. */
export function backOff(
  failures: number,
  { first, longest, random }: Pick<RetryOptions, "first" | "longest" | "random">,
  retryAfter?: number,
): number {
  if (retryAfter !== undefined) return retryAfter * 1_000 * (1 + random() / 4);
  const most = Math.min(longest, first * 2 ** Math.min(failures, 20));
  return most / 2 + (most / 2) * random();
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
