/** What a socket may do, and how it is told to go: the limits of src/server/socket.ts that need no GraphQL. */
import type { WebSocket } from "ws";
import type { Viewer } from "../access/viewer.ts";
import { VigilError } from "../errors.ts";
import type { Connections } from "../publish/connections.ts";

/** Close codes beside those of graphql-ws. */
export const closeCodes = {
  /** The server goes away: come back in `retry-after` seconds. */
  goingAway: 1001,
  /** The reader is too slow: resume from the cursor. */
  tooSlow: 1013,
  /** What is needed to let somebody in does not answer just now: come back in `retry-after` seconds. */
  notNow: 1013,
  /** Too many sockets, or too many messages. */
  tooMany: 4429,
} as const;

export const tooSlow = "Too slow: resume from a cursor";
export const backlogLimit = 8_388_608; // 8 MiB unsent: the reader is too slow, and may resume from its cursor

const burst = 400; // messages that may come at once
const perSecond = 50; // and from then on
const grace = 1_000; // 1 second for the other side to close, too
const slowGrace = 10_000; // 10 seconds: the reason stands behind what a slow reader has not read yet

/** Closes with a reason, reads nothing more, and cuts whoever does not close within a second, or ten if it is slow. */
export function dismiss(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.removeAllListeners("message");
  socket.close(code, reason);
  setTimeout(() => socket.terminate(), code === closeCodes.tooSlow ? slowGrace : grace).unref();
}

/** Dismisses a socket that sends faster than anybody needs to. */
export function limitRate(socket: WebSocket, now: () => number): void {
  let left = burst;
  let since = now();
  socket.on("message", () => {
    const at = now();
    left = Math.min(burst, left + (Math.max(0, at - since) / 1_000) * perSecond); // clocks are set back
    since = at;
    if (--left < 0) dismiss(socket, closeCodes.tooMany, "Too many messages: retry-after=5");
  });
}

/** Counts the connection among those of its viewer and organization; a text says why it may not be. */
export async function admit(
  connections: Connections,
  { organizationId, kind, id }: Viewer,
): Promise<(() => void) | string> {
  const entered: (() => void)[] = [];
  const leave = (): void => entered.forEach((one) => void one());
  try {
    entered.push(await connections.enter("viewer", `${organizationId} ${kind} ${id}`));
    entered.push(await connections.enter("organization", organizationId));
    return leave;
  } catch (error) {
    leave();
    if (!(error instanceof VigilError)) throw error;
    return `Too many sockets: ${error.message}; retry-after=10`;
  }
}

/** In how many seconds each of `count` clients should come back, so that they do not all come at once. Pure. */
export function comeBackIn(place: number, count: number): number {
  const spread = Math.min(10, 1 + count / 200);
  return Math.round((place / Math.max(1, count)) * spread * 10) / 10;
}
