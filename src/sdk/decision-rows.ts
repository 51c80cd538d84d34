/**
 * Decisions in columns: about 50 bytes each instead of the 200 of an object with its strings, so that a list of 100,000
 * is no burden for its host. A row keeps its number for as long as it is in use.
 */
import { type Address, formatAddress, type Network } from "./address.ts";
import { decisionScopes, decisionTypes, formatNetwork, type ListedDecision, networkOf } from "./decision.ts";

/** A UUID as four words. */
export type IdWords = readonly [number, number, number, number];

export function readId(id: string): IdWords {
  const hex = id.replaceAll("-", "");
  const word = (at: number): number => Number.parseInt(hex.slice(at * 8, at * 8 + 8), 16) | 0;
  return [word(0), word(1), word(2), word(3)];
}

export class DecisionRows {
  #capacity = 64;
  #ids = new Int32Array(64 * 4);
  #addresses = new Int32Array(64 * 4);
  /** type, scope, prefix, and whether the address is IPv6: one byte each. */
  #kinds = new Uint8Array(64 * 4);
  #versions = new Float64Array(64);
  #expires = new Float64Array(64);
  /** Values that are no address, or one in a spelling of its own. */
  readonly #texts = new Map<number, string>();
  readonly #free: number[] = [];
  #used = 0;

  add(decision: ListedDecision): number {
    const row = this.#free.pop() ?? this.#used++;
    if (row >= this.#capacity) this.#grow();
    const network = networkOf(decision);
    this.#ids.set(readId(decision.id), row * 4);
    if (network) this.#addresses.set(network.address, row * 4);
    if (!network || formatNetwork(network) !== decision.value) this.#texts.set(row, decision.value);
    const isV6 = network?.address.length === 4;
    const kind = [decisionTypes.indexOf(decision.type), decisionScopes.indexOf(decision.scope)];
    this.#kinds.set([...kind, network?.prefix ?? 255, isV6 ? 1 : 0], row * 4);
    this.#versions[row] = decision.version;
    this.#expires[row] = decision.expiresAt;
    return row;
  }

  remove(row: number): void {
    this.#texts.delete(row);
    this.#free.push(row);
  }

  /** Epoch ms, by the server's clock. */
  expiresAt(row: number): number {
    return this.#expires[row] as number;
  }

  id(row: number): string {
    let hex = "";
    for (let at = row * 4; at < row * 4 + 4; at++) hex += hexOf(this.#ids[at] as number);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** Below, at or above zero: as the text of the row's id sorts beside the other id. */
  compare(row: number, words: IdWords): number {
    for (let at = 0; at < 4; at++) {
      const difference = ((this.#ids[row * 4 + at] as number) >>> 0) - ((words[at] as number) >>> 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  wordsOf(row: number): IdWords {
    const ids = this.#ids;
    const at = row * 4;
    return [ids[at] as number, ids[at + 1] as number, ids[at + 2] as number, ids[at + 3] as number];
  }

  decision(row: number): ListedDecision {
    return {
      id: this.id(row),
      type: decisionTypes[this.#kinds[row * 4] as number] as ListedDecision["type"],
      scope: decisionScopes[this.#kinds[row * 4 + 1] as number] as ListedDecision["scope"],
      value: this.#texts.get(row) ?? this.#valueOf(row),
      version: this.#versions[row] as number,
      expiresAt: this.#expires[row] as number,
    };
  }

  #valueOf(row: number): string {
    const network = this.#network(row);
    return network.prefix === network.address.length * 32 ? formatAddress(network.address) : formatNetwork(network);
  }

  #network(row: number): Network {
    const isV6 = this.#kinds[row * 4 + 3] === 1;
    const address: Address = [...this.#addresses.subarray(row * 4, row * 4 + (isV6 ? 4 : 1))];
    return { address, prefix: this.#kinds[row * 4 + 2] as number };
  }

  #grow(): void {
    this.#capacity = Math.ceil(this.#capacity * 1.5);
    this.#ids = grown(new Int32Array(this.#capacity * 4), this.#ids);
    this.#addresses = grown(new Int32Array(this.#capacity * 4), this.#addresses);
    this.#kinds = grown(new Uint8Array(this.#capacity * 4), this.#kinds);
    this.#versions = grown(new Float64Array(this.#capacity), this.#versions);
    this.#expires = grown(new Float64Array(this.#capacity), this.#expires);
  }
}

const hexOf = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");

function grown<Column extends Int32Array | Uint8Array | Float64Array>(larger: Column, former: Column): Column {
  larger.set(former as never);
  return larger;
}
