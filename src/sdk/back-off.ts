const first = 500; // half a second
const longest = 30_000; // 30 seconds

/**
 * How long to wait before the next try, ms: as long as the server asks for; where it says at once, as without its word. Pure:
 * chance is passed in, in [0, 1).
 */
export function backOff(failures: number, chance: number, retryAfter = "", now = 0): number {
  const most = Math.min(longest, first * 2 ** Math.min(failures, 10));
  const told = readRetryAfter(retryAfter, now);
  // Everybody was told the same moment: a quarter of chance keeps them from coming all at once.
  return told > 0 ? told * (1 + chance / 4) : most / 2 + (most / 2) * chance;
}

/** Seconds or an HTTP date, as ms from now; at most an hour. Anything else asks for nothing. */
function readRetryAfter(text: string, now: number): number {
  const seconds = /^\d{1,9}$/.test(text.trim()) ? Number(text) : (Date.parse(text) - now) / 1_000;
  return Number.isFinite(seconds) ? Math.min(3_600_000, seconds * 1_000) : 0;
}
