/** What goes wrong inside stays inside: it is counted, and told once for each kind until that kind works again. */
export type FaultKind = "SEND" | "ENFORCE" | "HOOK" | "INTERNAL";

export interface Fault {
  kind: FaultKind;
  message: string;
  cause?: unknown;
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
