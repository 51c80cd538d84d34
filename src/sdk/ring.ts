const leastSize = 65_536;
const keptSize = 1_048_576; // an empty buffer that has grown beyond is given back

/**
 * The last events as lines of UTF-8, at most so many and so many bytes: when it is full the oldest makes room, and is
 * counted. Bytes outside of the host's heap, for lines that wait as strings are copied by each of its collections: that
 * costs more than writing them.
 */
export class Ring {
  readonly #capacity: number;
  readonly #mostBytes: number;
  /** Bytes of each line with its line break; the line of a place stands at its remainder. Places count up for ever. */
  readonly #lengths: Uint32Array;
  #first = 0;
  #next = 0;
  /** The lines stand in a row, from `#start` to `#end`. */
  #bytes = Buffer.allocUnsafeSlow(leastSize);
  #start = 0;
  #end = 0;
  #dropped = 0;

  constructor(capacity: number, mostBytes: number) {
    this.#capacity = capacity;
    this.#mostBytes = mostBytes;
    this.#lengths = new Uint32Array(capacity);
  }

  get size(): number {
    return this.#next - this.#first;
  }

  push(line: string): void {
    if (this.size === this.#capacity) this.#drop();
    const most = line.length * 3 + 1; // UTF-8 takes three bytes for a UTF-16 unit at most
    if (this.#end + most > this.#bytes.length) this.#makeRoom(most);
    const length = this.#bytes.write(line, this.#end) + 1;
    this.#end += length;
    this.#bytes[this.#end - 1] = 10;
    this.#lengths[this.#next++ % this.#capacity] = length;
    while (this.#end - this.#start > this.#mostBytes && this.size > 1) this.#drop();
  }

  /** The oldest lines, which stay until `release`d: at most so many, and so many bytes, but one at least. */
  peek(count: number, bytes: number): { body: Buffer; count: number; until: number } {
    let length = 0;
    let place = this.#first;
    for (; place < this.#next && place - this.#first < count; place++) {
      const more = this.#lengths[place % this.#capacity] as number;
      if (length > 0 && length + more > bytes) break;
      length += more;
    }
    // A copy: what stands here may move or make room while it is sent.
    const body = Buffer.from(this.#bytes.subarray(this.#start, this.#start + Math.max(0, length - 1)));
    return { body, count: place - this.#first, until: place };
  }

  /** Lets go of what stands before the place; some of it may have made room already. */
  release(until: number): void {
    while (this.#first < until) this.#letGo();
    if (this.size > 0) return;
    [this.#start, this.#end] = [0, 0];
    if (this.#bytes.length > keptSize) this.#bytes = Buffer.allocUnsafeSlow(leastSize);
  }

  /** How many were dropped since it was last asked. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #letGo(): void {
    this.#start += this.#lengths[this.#first++ % this.#capacity] as number;
  }

  #drop(): void {
    this.#letGo();
    this.#dropped++;
  }

  /** Moves the lines to the front of a buffer, a larger one unless a quarter is gained: so moving is rare. */
  #makeRoom(most: number): void {
    const held = this.#end - this.#start;
    const isTight = held + most > this.#bytes.length * 0.75;
    const bytes = isTight ? Buffer.allocUnsafeSlow(Math.ceil((held + most) * 2)) : this.#bytes;
    this.#bytes.copy(bytes, 0, this.#start, this.#end);
    this.#bytes = bytes;
    [this.#start, this.#end] = [0, held];
  }
}
