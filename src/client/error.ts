/** Errors as a type: what went wrong by its code, where, and when it is worth trying again. */

/** What the server may say, and what may happen on the way to it: NETWORK, TIMEOUT. */
export type ErrorCode =
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "BAD_USER_INPUT"
  | "NOT_FOUND"
  | "CONFLICT"
  | "TOO_LARGE"
  | "RATE_LIMITED"
  | "COMPLEXITY_LIMIT"
  | "UNAVAILABLE"
  | "INTERNAL"
  | "NETWORK"
  | "TIMEOUT";

/** An error as GraphQL answers carry it. */
export interface GraphQLFault {
  message: string;
  path?: readonly (string | number)[];
  extensions?: Record<string, unknown>;
}

export interface ErrorDetail {
  /** Where in the answer, or in the input. */
  path?: readonly (string | number)[] | undefined;
  /** Seconds after which it is worth trying again, where the server says. */
  retryAfter?: number | undefined;
  /** More for programs, e.g. the present `revision` of a CONFLICT. */
  extensions?: Record<string, unknown> | undefined;
  /** Every error of the answer, where there are more. */
  errors?: readonly GraphQLFault[] | undefined;
  /** What was answered all the same. */
  data?: unknown;
  cause?: unknown;
}

const passing: readonly string[] = ["RATE_LIMITED", "UNAVAILABLE", "INTERNAL", "NETWORK", "TIMEOUT"];

export class VigilError extends Error {
  readonly code: ErrorCode;
  readonly path: readonly (string | number)[] | undefined;
  readonly retryAfter: number | undefined;
  readonly extensions: Record<string, unknown>;
  readonly errors: readonly GraphQLFault[];
  readonly data: unknown;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = "VigilError";
    this.code = code;
    this.path = detail.path;
    this.retryAfter = detail.retryAfter;
    this.extensions = detail.extensions ?? {};
    this.errors = detail.errors ?? [];
    this.data = detail.data;
  }

  /** Whether the same may go well another time. */
  get isPassing(): boolean {
    return passing.includes(this.code);
  }
}

/** The first of an answer's errors, with all of them. */
export function fromGraphQL(errors: readonly GraphQLFault[], more: ErrorDetail = {}): VigilError {
  const [{ message, path, extensions } = { message: "The answer names no error" }] = errors as [GraphQLFault?];
  const code = typeof extensions?.code === "string" ? (extensions.code as ErrorCode) : "INTERNAL";
  const where = Array.isArray(extensions?.path) ? (extensions.path as string[]) : path;
  const retryAfter = more.retryAfter ?? secondsOf(extensions);
  return new VigilError(code, message, { ...more, path: where, retryAfter, extensions, errors });
}

function secondsOf(extensions: Record<string, unknown> = {}): number | undefined {
  const { retryAfterSeconds, http } = extensions as {
    retryAfterSeconds?: unknown;
    http?: { headers?: Record<string, string> };
  };
  return readSeconds(retryAfterSeconds ?? http?.headers?.["retry-after"]);
}

/** `Retry-After` as seconds; a date in it is read against `now`, epoch ms. */
export function readSeconds(value: unknown, now = Date.now()): number | undefined {
  if (value === null || value === undefined) return undefined;
  const seconds = Number.isFinite(Number(value)) ? Number(value) : (Date.parse(String(value)) - now) / 1_000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
