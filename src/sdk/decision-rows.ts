/**
 * Decisions in columns: about 50 bytes each instead of the 200 of an object with its strings, so that a list of 100,000
 * is no burden for its host. A row keeps its number for as long as it is in use.
 */
import type { Address, Network } from "./address.ts";
import { decisionScopes, decisionTypes, formatNetwork, type ListedDecision, networkOf } from "./decision.ts";

/** A UUID as four words. */
export type IdWords = readonly [number, number, number, number];

export function readId(id: string): IdWords {
  const hex = id.replaceAll("-", "");
  const word = (at: number): number => Number.parseInt(hex.slice(at * 8, at * 8 + 8), 16) | 0;
  return [word(0), word(1), word(2), word(3)];
}

const blockBits = 12;
const blockRows = 1 << blockBits; // 4,096 rows, 208 KiB: what grows is never copied, and little is held in reserve

class Block {
  readonly ids = new Int32Array(blockRows * 4);
  readonly addresses = new Int32Array(blockRows * 4);
  /** type, scope, prefix, and whether the address is IPv6: one byte each. */
  readonly kinds = new Uint8Array(blockRows * 4);
  readonly versions = new Float64Array(blockRows);
  readonly expires = new Float64Array(blockRows);
}

export class DecisionRows {
  readonly #blocks: Block[] = [];
  /** Values that are no address, or one in a spelling of its own. */
  readonly #texts = new Map<number, string>();
  readonly #free: number[] = [];
  #used = 0;

  add(decision: ListedDecision): number {
    const row = this.#free.pop() ?? this.#used++;
    if (row >> blockBits === this.#blocks.length) this.#blocks.push(new Block());
    const { ids, addresses, kinds, versions, expires } = this.#block(row);
    const at = row & (blockRows - 1);
    const network = networkOf(decision);
    ids.set(readId(decision.id), at * 4);
    if (network) addresses.set(network.address, at * 4);
    if (!network || formatNetwork(network) !== decision.value) this.#texts.set(row, decision.value);
    const isV6 = network?.address.length === 4;
    const kind = [decisionTypes.indexOf(decision.type), decisionScopes.indexOf(decision.scope)];
    kinds.set([...kind, network?.prefix ?? 255, isV6 ? 1 : 0], at * 4);
    versions[at] = decision.version;
    expires[at] = decision.expiresAt;
    return row;
  }

  remove(row: number): void {
    this.#texts.delete(row);
    this.#free.push(row);
  }

  /** Epoch ms, by the server's clock. */
  expiresAt(row: number): number {
    return this.#block(row).expires[row & (blockRows - 1)] as number;
  }

  id(row: number): string {
    const hex = this.wordsOf(row).map(hexOf).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** Below, at or above zero: as the text of the row's id sorts beside the other id. */
  compare(row: number, words: IdWords): number {
    const { ids } = this.#block(row);
    const from = (row & (blockRows - 1)) * 4;
    for (let at = 0; at < 4; at++) {
      const difference = ((ids[from + at] as number) >>> 0) - ((words[at] as number) >>> 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  wordsOf(row: number): IdWords {
    const { ids } = this.#block(row);
    const at = (row & (blockRows - 1)) * 4;
    return [ids[at] as number, ids[at + 1] as number, ids[at + 2] as number, ids[at + 3] as number];
  }

  decision(row: number): ListedDecision {
    const { kinds, versions } = this.#block(row);
    const at = row & (blockRows - 1);
    return {
      id: this.id(row),
      type: decisionTypes[kinds[at * 4] as number] as ListedDecision["type"],
      scope: decisionScopes[kinds[at * 4 + 1] as number] as ListedDecision["scope"],
      value: this.#texts.get(row) ?? formatNetwork(this.#network(row)),
      version: versions[at] as number,
      expiresAt: this.expiresAt(row),
    };
  }

  #network(row: number): Network {
    const { kinds, addresses } = this.#block(row);
    const from = (row & (blockRows - 1)) * 4;
    const address: Address = [...addresses.subarray(from, from + (kinds[from + 3] === 1 ? 4 : 1))];
    return { address, prefix: kinds[from + 2] as number };
  }

  #block(row: number): Block {
    return this.#blocks[row >> blockBits] as Block;
  }
}

const hexOf = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");
