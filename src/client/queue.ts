/** What was received and not yet taken, in order. Whoever iterates over it ends what fills it by leaving. */
export class Queue<T> implements AsyncIterableIterator<T> {
  readonly #values: T[] = [];
  readonly #onLeave: () => void;
  readonly #most: number;
  #takers: { resolve(result: IteratorResult<T>): void; reject(fault: unknown): void }[] = [];
  #end: { fault?: unknown } | undefined;
  #onDrained: (() => void) | undefined;

  /** Of more than `most` that wait, the oldest make room. */
  constructor(onLeave: () => void, most = Number.POSITIVE_INFINITY) {
    this.#onLeave = onLeave;
    this.#most = most;
  }

  get length(): number {
    return this.#values.length;
  }

  push(value: T): void {
    if (this.#end) return;
    const taker = this.#takers.shift();
    if (taker) taker.resolve({ done: false, value });
    else if (this.#values.push(value) > this.#most) this.#values.shift();
  }

  /** Nothing more comes; with a fault, because of it: it is thrown behind the last value. */
  end(ending: { fault?: unknown } = {}): void {
    if (this.#end) return;
    this.#end = ending;
    const takers = this.#takers;
    this.#takers = [];
    for (const taker of takers) this.#finish(taker);
  }

  /** Resolves when all of it was taken. */
  drained(signal: AbortSignal): Promise<void> {
    if (this.#values.length === 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        signal.removeEventListener("abort", end);
        resolve();
      };
      this.#onDrained = end;
      signal.addEventListener("abort", end, { once: true });
    });
  }

  next(): Promise<IteratorResult<T>> {
    return new Promise((resolve, reject) => {
      if (this.#values.length > 0) {
        resolve({ done: false, value: this.#values.shift() as T });
        if (this.#values.length === 0) this.#onDrained?.();
      } else if (this.#end) this.#finish({ resolve, reject });
      else this.#takers.push({ resolve, reject });
    });
  }

  async return(): Promise<IteratorResult<T>> {
    this.#values.length = 0;
    this.end();
    this.#end = {};
    this.#onLeave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A fault is thrown once. */
  #finish({ resolve, reject }: { resolve(result: IteratorResult<T>): void; reject(fault: unknown): void }): void {
    const { fault } = this.#end ?? {};
    this.#end = {};
    if (fault === undefined) resolve({ done: true, value: undefined });
    else reject(fault);
  }
}
