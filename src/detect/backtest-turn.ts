import { VigilError } from "../errors.ts";

const mostAtOnce = 2; // in one process: each keeps one connection and one core of PostgreSQL busy
const running = new Set<string>();

/** Runs the work unless the organization has some under way already, or the process has enough of it: RATE_LIMITED. */
export async function inTurn<T>(organizationId: string, work: () => Promise<T>): Promise<T> {
  if (running.has(organizationId) || running.size >= mostAtOnce) {
    const message = "History is being gone through already; try again when that has ended, within half a minute.";
    throw new VigilError("RATE_LIMITED", message, { detail: { retryAfterSeconds: 10 } });
  }
  running.add(organizationId);
  try {
    return await work();
  } finally {
    running.delete(organizationId);
  }
}
