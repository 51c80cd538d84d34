/** The id of the request that is under way, in its answer and in every line of the log that comes of it. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { trace } from "@opentelemetry/api";

const current = new AsyncLocalStorage<string>();
const usable = /^[\w.:-]{1,128}$/;

/** The one that a proxy gave it (`X-Request-Id`: letters, digits and `_.:-`, at most 128), else a new one. */
export const requestIdOf = (sent: string | string[] | undefined): string =>
  typeof sent === "string" && usable.test(sent) ? sent : randomUUID();

/** Does the work of a request under its id. */
export const underId = <T>(id: string, work: () => T): T => current.run(id, work);

/** What a line of the log says of where it belongs: the request, and the trace where one is kept. */
export function whereabouts(): { requestId?: string; traceId?: string } {
  const requestId = current.getStore();
  const traceId = trace.getActiveSpan()?.spanContext().traceId;
  return { ...(requestId ? { requestId } : {}), ...(traceId ? { traceId } : {}) };
}
