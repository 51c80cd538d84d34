/** The decisions that a host has: what is in force about a request is found here, and whether the list is whole. */
import { createHash, type Hash } from "node:crypto";
import type { Address, Network } from "./address.ts";
import { networksOverlap } from "./address.ts";
import { type DecisionType, decisionTypes, type ListedDecision, lineOf, networkOf } from "./decision.ts";
import { DecisionRows, readId } from "./decision-rows.ts";
import { hostsTurn } from "./hosts-turn.ts";
import { ManyMap } from "./many-map.ts";
import { NetworkMap } from "./network-map.ts";
import { type Spared, userKey } from "./never-blocked.ts";

/** Whom a request is of. */
export interface Subject {
  address?: Address | undefined;
  users: readonly string[];
  session?: string | undefined;
}

class TypeIndex {
  readonly networks = new NetworkMap();
  readonly users = new ManyMap<string>();
  readonly sessions = new ManyMap<string>();
  size = 0;
}

const chunk = 250; // decisions taken at a time: well under a millisecond of the host's

export class DecisionTable {
  readonly #rows = new DecisionRows();
  readonly #index = new Map<DecisionType, TypeIndex>(decisionTypes.map((type) => [type, new TypeIndex()]));
  /** Rows in the order of their ids. */
  #order: number[] = [];
  readonly #spared: Spared;
  readonly #notFollowed = new Set<number>();
  #nextEnd = Number.POSITIVE_INFINITY;
  #now = 0;
  readonly #inForce = (row: number): boolean => this.#rows.expiresAt(row) > this.#now;

  constructor(spared: Spared) {
    this.#spared = spared;
  }

  get size(): number {
    return this.#order.length;
  }

  has(type: DecisionType): boolean {
    return (this.#index.get(type) as TypeIndex).size > 0;
  }

  /** When the first of them ends, epoch ms; never later than that. */
  get nextEnd(): number {
    return this.#nextEnd;
  }

  /** What is in force about the subject at `now`, by the server's clock; the narrowest of several networks. */
  find(type: DecisionType, subject: Subject, now: number): ListedDecision | undefined {
    const index = this.#index.get(type) as TypeIndex;
    if (index.size === 0) return undefined;
    const { address, users, session } = subject;
    const { networks, sessions } = index;
    this.#now = now;
    let row = address ? networks.find(address, this.#inForce) : -1;
    for (let at = 0; row < 0 && index.users.size > 0 && at < users.length; at++) {
      row = index.users.find(userKey(users[at] as string), this.#inForce);
    }
    if (row < 0 && session !== undefined && sessions.size > 0) row = sessions.find(session, this.#inForce);
    return row < 0 ? undefined : this.#rows.decision(row);
  }

  /** Adds decisions; those that a host must never follow stay in the list, but are not followed. Answers these. */
  add(decisions: readonly ListedDecision[]): ListedDecision[] {
    const refused: ListedDecision[] = [];
    const added: number[] = [];
    for (const decision of decisions) {
      const row = this.#rows.add(decision);
      added.push(row);
      this.#nextEnd = Math.min(this.#nextEnd, decision.expiresAt);
      if (isSpared(decision, this.#spared)) {
        refused.push(decision);
        this.#notFollowed.add(row);
      } else this.#enter(decision, row, "add");
    }
    this.#order = merged(this.#order, added, this.#rows);
    return refused;
  }

  /** Removes decisions by id; answers the ids that were there. */
  remove(ids: Iterable<string>): string[] {
    const gone = new Set<number>();
    for (const id of ids) {
      const row = this.#rowOf(id);
      if (row >= 0) gone.add(row);
    }
    return this.#removeRows(gone);
  }

  /** How many ended at or before `time`. */
  countEnded(time: number): number {
    if (this.#nextEnd > time) return 0;
    return this.#order.reduce((count, row) => count + (this.#rows.expiresAt(row) <= time ? 1 : 0), 0);
  }

  /** Removes what ended at or before `time`; answers the ids. */
  removeEnded(time: number): string[] {
    if (this.#nextEnd > time) return [];
    const ids = this.#removeRows(new Set(this.#order.filter((row) => this.#rows.expiresAt(row) <= time)));
    this.#nextEnd = this.#order.reduce(
      (least, row) => Math.min(least, this.#rows.expiresAt(row)),
      Number.POSITIVE_INFINITY,
    );
    return ids;
  }

  /** The ids of all whose time ends in (after, until], in pieces; where the table changes meanwhile, of some of them. */
  async endingBetween(after: number, until: number): Promise<string[]> {
    if (this.#nextEnd > until) return [];
    const rows = this.#order.filter((row) => this.#rows.expiresAt(row) > after && this.#rows.expiresAt(row) <= until);
    const order = this.#order;
    const ids: string[] = [];
    for (const row of rows) {
      if (ids.push(this.#rows.id(row)) % chunk !== 0) continue;
      await hostsTurn();
      if (this.#order !== order) break; // some were removed, and their rows may stand for others
    }
    return ids;
  }

  /** The ids of what this table has and the other has not, in pieces, with the host's turn between them. */
  async missingFrom(other: DecisionTable): Promise<string[]> {
    const ids: string[] = [];
    let there = 0;
    for (let at = 0; at < this.#order.length; at++) {
      if (at % chunk === chunk - 1) await hostsTurn();
      const row = this.#order[at] as number;
      const words = this.#rows.wordsOf(row);
      while (there < other.size && other.#rows.compare(other.#order[there] as number, words) < 0) there++;
      const isThere = there < other.size && other.#rows.compare(other.#order[there] as number, words) === 0;
      if (!isThere) ids.push(this.#rows.id(row));
    }
    return ids;
  }

  /** A new table with what is here and not among `without`, in pieces, with the host's turn between them. */
  async copyWithout(without: ReadonlySet<string>, endedBy: number): Promise<DecisionTable> {
    const copy = new DecisionTable(this.#spared);
    for (let from = 0; from < this.#order.length; from += chunk) {
      const rows = this.#order.slice(from, from + chunk).filter((row) => this.#rows.expiresAt(row) > endedBy);
      copy.add(rows.map((row) => this.#rows.decision(row)).filter(({ id }) => !without.has(id)));
      await hostsTurn();
    }
    return copy;
  }

  /** Those that the host does not follow. */
  spared(): ListedDecision[] {
    return [...this.#notFollowed].map((row) => this.#rows.decision(row));
  }

  /** All of them, in the order of their ids. */
  all(): ListedDecision[] {
    return this.#order.map((row) => this.#rows.decision(row));
  }

  /**
   * The hash of the list as it would be without `removed` and with `added`, of what is in force at `issuedAt`. Gives the
   * host its turn between chunks. Where things are only added at the end, which is usual as ids grow with time, the
   * hash goes on from the `former` one.
   */
  async hashWith(
    change: { added: readonly ListedDecision[]; removed: readonly string[] },
    issuedAt: number,
    former?: Hash,
  ): Promise<Hash> {
    const added = change.added.filter(({ expiresAt }) => expiresAt > issuedAt);
    added.sort((one, other) => (one.id < other.id ? -1 : 1));
    const without = new Set([...change.removed, ...change.added.map(({ id }) => id)].map((id) => this.#rowOf(id)));
    without.delete(-1);
    const last = this.#order.at(-1);
    const isAppended =
      last !== undefined &&
      without.size === 0 &&
      this.nextEnd > issuedAt &&
      added.every(({ id }) => this.#rows.compare(last, readId(id)) < 0);
    if (former && isAppended) {
      const hash = former.copy();
      for (const decision of added) hash.update(`\n${lineOf(decision)}`);
      return hash;
    }
    const hash = createHash("sha256");
    let text = "";
    let count = 0;
    const write = (decision: ListedDecision): void => {
      text += `${count++ === 0 ? "" : "\n"}${lineOf(decision)}`;
    };
    let next = 0;
    for (const row of this.#order) {
      if (without.has(row) || this.#rows.expiresAt(row) <= issuedAt) continue;
      for (; next < added.length; next++) {
        const decision = added[next] as ListedDecision;
        if (this.#rows.compare(row, readId(decision.id)) < 0) break;
        write(decision);
      }
      write(this.#rows.decision(row));
      if (count % chunk !== 0) continue;
      hash.update(text);
      text = "";
      await hostsTurn();
    }
    for (; next < added.length; next++) write(added[next] as ListedDecision);
    return hash.update(text);
  }

  #rowOf(id: string): number {
    const words = readId(id);
    let [low, high] = [0, this.#order.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const row = this.#order[middle] as number;
      const side = this.#rows.compare(row, words);
      if (side === 0) return row;
      if (side < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #removeRows(gone: ReadonlySet<number>): string[] {
    if (gone.size === 0) return [];
    const ids: string[] = [];
    for (const row of gone) {
      const decision = this.#rows.decision(row);
      ids.push(decision.id);
      if (!this.#notFollowed.delete(row)) this.#enter(decision, row, "remove");
      this.#rows.remove(row);
    }
    this.#order = this.#order.filter((row) => !gone.has(row));
    return ids;
  }

  #enter(decision: ListedDecision, row: number, what: "add" | "remove"): void {
    const index = this.#index.get(decision.type) as TypeIndex;
    index.size += what === "add" ? 1 : -1;
    if (decision.scope === "USER") return index.users[what](userKey(decision.value), row);
    if (decision.scope === "SESSION") return index.sessions[what](decision.value, row);
    index.networks[what](networkOf(decision) as Network, row);
  }
}

/** Whether the host must not follow it: it hits what is never refused, or names no network although it should. */
function isSpared(decision: ListedDecision, spared: Spared): boolean {
  if (decision.scope === "SESSION") return false;
  if (decision.scope === "USER") return isHarsh(decision) && spared.users.has(userKey(decision.value));
  const network = networkOf(decision);
  return !network || (isHarsh(decision) && spared.networks.some((other) => networksOverlap(network, other)));
}

const isHarsh = ({ type }: ListedDecision): boolean => type !== "INCREASE_MONITORING";

function merged(order: number[], added: number[], rows: DecisionRows): number[] {
  if (added.length === 0) return order;
  added.sort((one, other) => rows.compare(one, rows.wordsOf(other)));
  const last = order.at(-1);
  if (last === undefined || rows.compare(last, rows.wordsOf(added[0] as number)) < 0) {
    for (const row of added) order.push(row);
    return order;
  }
  const all: number[] = [];
  let next = 0;
  for (const row of order) {
    while (next < added.length && rows.compare(added[next] as number, rows.wordsOf(row)) < 0) {
      all.push(added[next++] as number);
    }
    all.push(row);
  }
  return all.concat(added.slice(next));
}
