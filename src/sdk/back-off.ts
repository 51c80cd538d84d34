/** How long to wait before the next try, ms. Pure: chance is passed in, in [0, 1). */
const first = 500; // half a second
const longest = 30_000; // 30 seconds

export function backOff(failures: number, chance: number, retryAfter?: string, now = 0): number {
  const told = retryAfter === undefined ? undefined : readRetryAfter(retryAfter, now);
  // Everybody was told the same moment: a quarter of chance keeps them from coming all at once.
  if (told !== undefined) return told * (1 + chance / 4);
  const most = Math.min(longest, first * 2 ** Math.min(failures, 10));
  return most / 2 + (most / 2) * chance;
}

/** Seconds or an HTTP date, as ms from now; at most an hour. */
function readRetryAfter(text: string, now: number): number | undefined {
  const seconds = /^\d{1,9}$/.test(text.trim()) ? Number(text) : (Date.parse(text) - now) / 1_000;
  return Number.isFinite(seconds) ? Math.min(3_600_000, Math.max(0, seconds * 1_000)) : undefined;
}
