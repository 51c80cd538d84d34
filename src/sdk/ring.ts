/** The last events, at most so many: when it is full the oldest makes room, and is counted. */
export class Ring {
  readonly #lines: (string | undefined)[];
  /** Places count up for ever; the line of a place stands at its remainder. */
  #first = 0;
  #next = 0;
  #dropped = 0;

  constructor(capacity: number) {
    this.#lines = new Array<string | undefined>(capacity);
  }

  get size(): number {
    return this.#next - this.#first;
  }

  push(line: string): void {
    if (this.size === this.#lines.length) {
      this.#first++;
      this.#dropped++;
    }
    this.#lines[this.#next++ % this.#lines.length] = line;
  }

  /** The oldest lines, which stay until `release`d: at most so many, and so many characters, but one at least. */
  peek(count: number, characters: number): { lines: string[]; until: number } {
    const lines: string[] = [];
    let length = 0;
    for (let place = this.#first; place < this.#next && lines.length < count; place++) {
      const line = this.#lines[place % this.#lines.length] as string;
      length += line.length + 1;
      if (length > characters && lines.length > 0) break;
      lines.push(line);
    }
    return { lines, until: this.#first + lines.length };
  }

  /** Lets go of what stands before the place; some of it may have made room already. */
  release(until: number): void {
    for (; this.#first < until; this.#first++) this.#lines[this.#first % this.#lines.length] = undefined;
  }

  /** How many were dropped since it was last asked. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
