/**
 * Statements end with what they are for. Work that runs under a deadline has its statements cancelled in PostgreSQL when
 * the time is over, whichever pool they run on and however deep they were sent.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type pg from "pg";

const current = new AsyncLocalStorage<AbortSignal | undefined>();

/** Does the work within `ms`; where it takes longer, its statements are cancelled and `late` answers instead. */
export async function withDeadline<T>(ms: number, work: () => Promise<T>, late: () => T): Promise<T> {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<T>((resolve) => {
    timer = setTimeout(() => {
      ending.abort();
      resolve(late());
    }, ms);
  });
  const done = current.run(ending.signal, async () => await work()); // awaited within: Prisma begins when it is
  done.catch(() => undefined); // too late to matter, where it is
  try {
    return await Promise.race([done, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** Is aborted when the time of the work at hand is over; undefined where it has no deadline. */
export const currentDeadline = (): AbortSignal | undefined => current.getStore();

/**
 * A signal that is aborted after `ms`, or with another one; `end` lets go of both. AbortSignal.any with AbortSignal.timeout is
 * not that: a time-out that nothing else holds may be collected before it is due, and nobody is told (nodejs/node#57736).
 */
export function abortAfter(ms: number, other?: AbortSignal): { signal: AbortSignal; end(): void } {
  const ending = new AbortController();
  const abort = (): void => ending.abort();
  const timer = setTimeout(abort, ms);
  timer.unref();
  if (other?.aborted) abort();
  else other?.addEventListener("abort", abort, { once: true });
  return {
    signal: ending.signal,
    end() {
      clearTimeout(timer);
      other?.removeEventListener("abort", abort);
    },
  };
}

/** Work that others wait for too: it does not end with whoever happened to begin it. */
export function withoutDeadline<T>(work: () => T): T {
  return current.run(undefined, work);
}

export const timeIsOver = (): Error => new Error("its time is over");

/** Runs a statement, or several, on a connection that nobody else uses meanwhile; `cancel` ends what runs on it. */
export async function cancellable<T>(
  client: pg.ClientBase,
  cancel: (processId: number) => Promise<unknown>,
  run: () => Promise<T>,
): Promise<T> {
  const signal = currentDeadline();
  if (!signal) return run();
  if (signal.aborted) throw timeIsOver();
  let cancelling: Promise<unknown> | undefined;
  const end = (): void => {
    cancelling = cancel((client as unknown as { processID: number }).processID).catch(() => undefined);
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    return await run();
  } finally {
    signal.removeEventListener("abort", end);
    await cancelling; // or it would hit whoever has the connection next
  }
}
