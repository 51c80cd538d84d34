/** What goes wrong inside stays inside: it is counted, and told once for each kind until that kind works again. */
export type FaultKind = "SEND" | "ENFORCE" | "HOOK" | "INTERNAL";

export interface Fault {
  kind: FaultKind;
  message: string;
  cause?: unknown;
}

/**
 * For hosts that gave no `onError`: a line on stderr. Of what the host's own code threw it says the kind only, since its
 * words may name anybody.
 */
export function warn({ kind, message, cause }: Fault): void {
  const isOurs = kind === "SEND" || kind === "ENFORCE";
  const [what] = message.split(": ");
  console.warn(`vigil/sdk: ${isOurs ? message : `${what}${cause instanceof Error ? ` (${cause.name})` : ""}`}`);
}

/** What an answer of Vigil's says is wrong, after its status; nothing of what is not Vigil's. */
export function whyOf(status: number, body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { message?: unknown } };
    if (typeof error?.message === "string") return `${status}: ${error.message.slice(0, 300)}`;
  } catch {
    // a proxy's page: its status says what there is to say
  }
  return String(status);
}

export class Faults {
  #count = 0;
  readonly #told = new Set<string>();
  readonly #onError: (fault: Fault) => void;

  constructor(onError: (fault: Fault) => void) {
    this.#onError = onError;
  }

  get count(): number {
    return this.#count;
  }

  note(kind: FaultKind, message: string, cause?: unknown): void {
    this.#count++;
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    try {
      this.#onError({ kind, message, ...(cause === undefined ? {} : { cause }) });
    } catch {
      // the host's own hook failed: there is nobody left to tell
    }
  }

  /** It works again; the next fault of this kind is news. */
  clear(kind: FaultKind): void {
    this.#told.delete(kind);
  }
}
