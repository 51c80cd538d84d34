/** A map from keys to one row or several; nearly all have one, which is then kept as a bare number. */
export class ManyMap<Key> {
  readonly #rows = new Map<Key, number | number[]>();

  get size(): number {
    return this.#rows.size;
  }

  add(key: Key, row: number): void {
    const there = this.#rows.get(key);
    if (there === undefined) this.#rows.set(key, row);
    else if (typeof there === "number") this.#rows.set(key, [there, row]);
    else there.push(row);
  }

  remove(key: Key, row: number): void {
    const there = this.#rows.get(key);
    if (there === row) this.#rows.delete(key);
    if (typeof there !== "object") return;
    const left = there.filter((other) => other !== row);
    if (left.length === 0) this.#rows.delete(key);
    else this.#rows.set(key, left);
  }

  /** The first row of the key that passes; -1: none does. */
  find(key: Key, passes: (row: number) => boolean): number {
    const there = this.#rows.get(key);
    if (there === undefined) return -1;
    if (typeof there === "number") return passes(there) ? there : -1;
    return there.find(passes) ?? -1;
  }
}
