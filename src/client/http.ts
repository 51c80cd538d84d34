/** Queries and mutations: one POST each. Queries that fail on the way are tried again, mutations are not. */
import { backOff, pause } from "./back-off.ts";
import { fromGraphQL, type GraphQLFault, readSeconds, VigilError } from "./error.ts";
import type { Settings } from "./options.ts";

export interface Operation {
  query: string;
  variables: unknown;
}

export interface CallOptions {
  /** Ends the call; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** More headers, e.g. `x-vigil-purpose`. */
  headers?: Record<string, string> | undefined;
  /** Whether it is tried again after a failure on the way. Queries are; a mutation only where you say so. */
  retry?: boolean | undefined;
}

/** The answer's data. Errors: VigilError; what the signal was aborted with. */
export async function call(settings: Settings, operation: Operation, options: CallOptions): Promise<unknown> {
  const { attempts } = settings.retry;
  for (let failures = 0; ; failures++) {
    try {
      return await post(settings, operation, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      const isLast = !options.retry || failures + 1 >= attempts;
      if (isLast || !(error instanceof VigilError) || !error.isPassing || error.code === "INTERNAL") throw error;
      await pause(backOff(failures, settings.retry, error.retryAfter), options.signal);
      options.signal?.throwIfAborted();
    }
  }
}

async function post(settings: Settings, operation: Operation, { signal, headers }: CallOptions): Promise<unknown> {
  signal?.throwIfAborted();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), settings.retry.timeout);
  const give = (): void => limit.abort();
  signal?.addEventListener("abort", give, { once: true });
  try {
    const token = await within(settings.token(), limit.signal);
    const response = await settings.fetch(settings.endpoint, {
      method: "POST",
      credentials: "same-origin",
      headers: {
        accept: "application/graphql-response+json, application/json",
        "content-type": "application/json",
        "x-vigil-csrf": "1", // what no form of another site can send
        ...settings.headers,
        ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(operation),
      signal: limit.signal,
    });
    return read(response.status, await response.text(), readSeconds(response.headers.get("retry-after")));
  } catch (error) {
    if (error instanceof VigilError) throw error;
    if (limit.signal.aborted) {
      throw new VigilError("TIMEOUT", `No answer within ${settings.retry.timeout} ms`, { cause: error });
    }
    throw new VigilError("NETWORK", `Vigil cannot be reached: ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", give);
  }
}

/** A token may be waited for on a connection that is long dead. */
function within<T>(given: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    given.then(resolve, reject);
  });
}

function read(status: number, text: string, retryAfter: number | undefined): unknown {
  let answer: { data?: unknown; errors?: GraphQLFault[]; error?: { code: string; message: string } } | null = null;
  try {
    answer = JSON.parse(text);
  } catch {
    // a proxy's page: the status says what it is
  }
  if (answer?.errors?.length) throw fromGraphQL(answer.errors, { retryAfter, data: answer.data });
  if (answer && status < 300 && answer.data !== undefined) return answer.data;
  const { code, message } = answer?.error ?? {};
  if (code && message) throw fromGraphQL([{ message, extensions: { code } }], { retryAfter });
  const kind = status === 429 ? "RATE_LIMITED" : status >= 500 ? "UNAVAILABLE" : "NETWORK";
  throw new VigilError(kind, `The answer is not one of Vigil's: HTTP ${status}`, { retryAfter });
}
