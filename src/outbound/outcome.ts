/** What an answer over HTTP means for a message, and when to try again. Pure. */
import type { Answered } from "./guarded-fetch.ts";

/** What came of one try. `detail` is shown to the organization: no secret, and nothing that the receiver answered. */
export type Sent =
  | { outcome: "SENT"; detail: string; providerId?: string | undefined }
  | {
      outcome: "RETRY";
      detail: string;
      /** As the receiver asked; what is later of it and the kind's own schedule. */
      afterMs?: number | undefined;
      /** Whether the whole channel waits, not this message alone. */
      channelWaits?: boolean | undefined;
    }
  | {
      outcome: "PERMANENT";
      detail: string;
      /** The address or number is never to be tried again. */
      badContact?: boolean | undefined;
      /** The receiver wants nothing any more: the channel is stopped. */
      stopChannel?: boolean | undefined;
    };

const longestWait = 86_400_000; // a day: whatever the receiver asks

/** 2xx took it; 410 wants nothing any more; 3xx is followed nowhere; all else is tried again. */
export function outcomeOf(answered: Answered, now: number): Sent {
  const took = `after ${answered.ms} ms`;
  if (!answered.ok) {
    const detail = `${answered.detail} (${took})`;
    return answered.reason === "REFUSED" ? { outcome: "PERMANENT", detail } : { outcome: "RETRY", detail };
  }
  const { status } = answered;
  const detail = `It answered ${status} ${took}.`;
  if (status >= 200 && status < 300) return { outcome: "SENT", detail };
  if (status === 410)
    return { outcome: "PERMANENT", detail: `${detail} It wants no more messages.`, stopChannel: true };
  if (status >= 300 && status < 400) return { outcome: "PERMANENT", detail: `${detail} Redirects are not followed.` };
  const afterMs = retryAfterMs(answered.retryAfter, now);
  return { outcome: "RETRY", detail, ...(afterMs === undefined ? {} : { afterMs }), channelWaits: status === 429 };
}

/** Retry-After of RFC 9110 §10.2.3, seconds or a date, in ms from now; undefined: none that can be read. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 1_000), longestWait) : undefined;
}

/**
 * When the next try is, epoch ms; undefined: there is none. Spread by a fifth, so that what failed together does not come
 * together. A receiver can ask for later, not for sooner: who says "in a second" for a minute would use up all tries.
 */
export function retryAt(
  { tries, afterMs, retries }: { tries: number; afterMs: number | undefined; retries: readonly number[] },
  now: number,
  chance: number,
): number | undefined {
  const scheduled = retries[tries - 1];
  if (scheduled === undefined) return undefined;
  return now + Math.round(Math.max(afterMs ?? 0, scheduled * (0.9 + 0.2 * chance)));
}
