/**
 * What goes wrong inside stays inside: it is counted, and told. SEND and ENFORCE are told once until they work again.
 * Of HOOK and INTERNAL nobody hears that they do: they are told by their words, again after a minute.
 */
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

const silence = 60_000; // a minute

export class Faults {
  #count = 0;
  /** What was told, by words of ours, of which there are few; and when, ms on a clock that is never set. */
  readonly #told = new Map<string, number>();
  readonly #onError: (fault: Fault) => void;
  readonly #elapsed: () => number;

  constructor(onError: (fault: Fault) => void, elapsed: () => number = () => performance.now()) {
    this.#onError = onError;
    this.#elapsed = elapsed;
  }

  get count(): number {
    return this.#count;
  }

  note(kind: FaultKind, message: string, cause?: unknown): void {
    this.#count++;
    if (!this.#isNews(kind, message)) return;
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

  #isNews(kind: FaultKind, message: string): boolean {
    const lasts = kind === "SEND" || kind === "ENFORCE";
    // Behind the colon are the host's words, which may be others for each request: none of them is kept.
    const what = lasts ? kind : `${kind} ${message.split(": ", 1)[0]}`;
    const [now, told] = [this.#elapsed(), this.#told.get(what)];
    if (told !== undefined && (lasts || now - told < silence)) return false;
    this.#told.set(what, now);
    return true;
  }
}
