/** Every error a user can meet: its code, what HTTP makes of it. GraphQL answers carry the code in `extensions.code`. */

export const errorTable = {
  UNAUTHENTICATED: { status: 401 },
  FORBIDDEN: { status: 403 },
  BAD_USER_INPUT: { status: 400 },
  NOT_FOUND: { status: 404 },
  CONFLICT: { status: 409 },
  TOO_LARGE: { status: 413 },
  RATE_LIMITED: { status: 429 },
  COMPLEXITY_LIMIT: { status: 400 },
  UNAVAILABLE: { status: 503 },
  INTERNAL: { status: 500 },
} as const satisfies Record<string, { status: number }>;

export type ErrorCode = keyof typeof errorTable;

/** Refuses to act on a stale view. `what` begins a sentence, e.g. "The route". Errors: CONFLICT. */
export function checkRevision(what: string, revision: number, expected: number | undefined): void {
  if (expected === undefined || expected === revision) return;
  const message = `${what} has changed meanwhile: it is at revision ${revision}, not ${expected}.`;
  throw new VigilError("CONFLICT", message, { path: ["input", "expectedRevision"], detail: { revision } });
}

/** An error whose message may be shown to the user; the cause, for the log only, goes into `cause`. */
export class VigilError extends Error {
  readonly code: ErrorCode;
  /** Where in the input, e.g. `["input", "reason"]`. */
  readonly path: readonly string[] | undefined;
  /** More for programs, e.g. the current revision of a CONFLICT. */
  readonly detail: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { path?: readonly string[]; cause?: unknown; detail?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "VigilError";
    this.code = code;
    this.path = options.path;
    this.detail = options.detail;
  }

  /** The HTTP status of this error's code. */
  get status(): number {
    return errorTable[this.code].status;
  }
}

interface OfPostgres {
  code?: unknown;
  message?: string;
  /** Where Prisma has it. */
  meta?: { driverAdapterError?: { cause?: { originalCode?: unknown } } };
}

/**
 * Whether the database refused U+0000 or half a surrogate pair, which its texts and its JSON have not: no row holds them, so
 * they came with what was sent.
 */
export function isUnstorable(error: unknown): boolean {
  const { code, message = "", meta } = (error ?? {}) as OfPostgres;
  const refusal = code === "P2039" ? meta?.driverAdapterError?.cause?.originalCode : code;
  // All JSON that it is given was written by us: nothing else can be wrong with it.
  return refusal === "22021" || refusal === "22P05" || (refusal === "22P02" && /\bjsonb?\b/.test(message));
}
