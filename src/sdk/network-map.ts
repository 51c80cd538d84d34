/**
 * Finds what is said about an address: the longest prefix first, one hash look-up for each prefix length that occurs.
 * Lists of addresses have few lengths, so this is quicker than a tree, and one entry more or less is one step.
 */
import { type Address, maskOf, type Network } from "./address.ts";
import { ManyMap } from "./many-map.ts";

interface Level<Key> {
  prefix: number;
  rows: ManyMap<Key>;
}

export class NetworkMap {
  readonly #v4: Level<number>[] = [];
  readonly #v6: Level<string>[] = [];

  add({ address, prefix }: Network, row: number): void {
    if (address.length === 1) levelOf(this.#v4, prefix).rows.add(key4(address, prefix), row);
    else levelOf(this.#v6, prefix).rows.add(key6(address, prefix), row);
  }

  remove({ address, prefix }: Network, row: number): void {
    if (address.length === 1) {
      levelOf(this.#v4, prefix).rows.remove(key4(address, prefix), row);
      dropEmpty(this.#v4);
    } else {
      levelOf(this.#v6, prefix).rows.remove(key6(address, prefix), row);
      dropEmpty(this.#v6);
    }
  }

  /** The row of the longest prefix over the address that passes; -1: none does. */
  find(address: Address, passes: (row: number) => boolean): number {
    if (address.length === 1) {
      for (const { prefix, rows } of this.#v4) {
        const row = rows.find(key4(address, prefix), passes);
        if (row >= 0) return row;
      }
      return -1;
    }
    for (const { prefix, rows } of this.#v6) {
      const row = rows.find(key6(address, prefix), passes);
      if (row >= 0) return row;
    }
    return -1;
  }
}

const key4 = (address: Address, prefix: number): number => (address[0] as number) & maskOf(prefix, 0);

function key6(address: Address, prefix: number): string {
  const [a, b, c, d] = address.map((word, at) => word & maskOf(prefix, at)) as [number, number, number, number];
  // Halves of words as UTF-16 units; a shift by 16 is cut to 16 bits by fromCharCode.
  return String.fromCharCode(a >> 16, a, b >> 16, b, c >> 16, c, d >> 16, d);
}

function levelOf<Key>(levels: Level<Key>[], prefix: number): Level<Key> {
  const there = levels.find((level) => level.prefix === prefix);
  if (there) return there;
  const level = { prefix, rows: new ManyMap<Key>() };
  levels.push(level);
  levels.sort((one, other) => other.prefix - one.prefix);
  return level;
}

function dropEmpty<Key>(levels: Level<Key>[]): void {
  const at = levels.findIndex(({ rows }) => rows.size === 0);
  if (at >= 0) levels.splice(at, 1);
}
