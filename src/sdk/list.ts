/** The list of decisions that the host follows, replaced or changed only by what is signed, whole and not older. */
import type { Hash } from "node:crypto";
import { type DecisionType, isUuid, type ListedDecision } from "./decision.ts";
import { DecisionTable, type Subject } from "./decision-table.ts";
import { greatestAge, judgeHead, type Pins, type Refusal, readHead } from "./list-judge.ts";
import type { Spared } from "./never-blocked.ts";

/** Time as the host has it. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** ms since some moment, never set back. */
  elapsed(): number;
}

export interface Accepted {
  refusal?: undefined;
  /** Ids that are new. */
  applied: string[];
  /** Ids that were in the list before and no longer are. */
  lifted: string[];
  /** What the list asks that the host never does. */
  spared: ListedDecision[];
}

const atOnce = 500; // decisions that change in one piece: about a millisecond of the host's

export class DecisionList {
  readonly #spared: Spared;
  readonly #clock: Clock;
  readonly #pins: Pins;
  #table: DecisionTable;
  #hash: string | undefined;
  #hashed: Hash | undefined;
  /** The server's time at the last list, and the host's own count at that moment: blocks end without a wall clock. */
  #anchor = { issuedAt: 0, elapsed: 0 };
  #told = 0;

  constructor(options: { spared: Spared; clock: Clock; publicKey?: string | undefined }) {
    this.#spared = options.spared;
    this.#clock = options.clock;
    this.#pins = { publicKey: options.publicKey };
    this.#table = new DecisionTable(options.spared);
  }

  /** Absent before the first list. */
  get version(): number | undefined {
    return this.#pins.version;
  }

  get size(): number {
    return this.#table.size;
  }

  /** Whether any is followed, or was until lately. */
  has(type: DecisionType): boolean {
    return this.#table.has(type);
  }

  /** Without those that have ended, which are taken out with the next list. */
  get inForce(): number {
    return this.#table.size - this.#table.countEnded(this.time);
  }

  /** The server's time as the host knows it, epoch ms. */
  get time(): number {
    return this.#anchor.issuedAt + this.#clock.elapsed() - this.#anchor.elapsed;
  }

  /** What is in force about the subject. `endless`: what ended since the server was last heard of is in force, too. */
  find(type: DecisionType, subject: Subject, endless = false): ListedDecision | undefined {
    return this.findFirst([type], subject, endless);
  }

  /** What is in force about the subject: of the first of the types of which there is anything. */
  findFirst(types: readonly DecisionType[], subject: Subject, endless = false): ListedDecision | undefined {
    if (this.#table.size === 0) return undefined;
    const time = endless ? this.#anchor.issuedAt : this.time;
    for (const type of types) {
      const found = this.#table.find(type, subject, time);
      if (found) return found;
    }
    return undefined;
  }

  /** An empty table, into which a list is read before it is known whether it is believed. */
  draft(): DecisionTable {
    return new DecisionTable(this.#spared);
  }

  /** Takes a list in, or says why not; then the former one stays. One at a time. */
  async accept(headSent: unknown, draft: DecisionTable): Promise<Accepted | { refusal: Refusal }> {
    const head = readHead(headSent, isUuid);
    if (!head) return { refusal: "MALFORMED" };
    const refusal = judgeHead(head, this.#pins, this.#clock.now());
    if (refusal) return { refusal };
    const { full, removed, issuedAt } = head;
    const added = full ? [] : draft.all();
    const isSame = !full && added.length === 0 && removed.length === 0 && head.hash === this.#hash;
    if (!isSame) {
      const base = full ? draft : this.#table;
      const hash = await base.hashWith(
        { added, removed: full ? [] : removed },
        issuedAt,
        full ? undefined : this.#hashed,
      );
      if (hash.copy().digest("hex") !== head.hash) return { refusal: "WRONG_HASH" };
      this.#hashed = hash;
    }
    const changes = full ? await this.#replace(draft, issuedAt) : await this.#change(added, removed, issuedAt);
    this.#hash = head.hash;
    Object.assign(this.#pins, { publicKey: head.publicKey, organization: head.organization, version: head.version });
    // What is older may be a recording, which must not lengthen a block; but none is believed that is as old as this.
    const wasAhead = this.time - issuedAt > greatestAge;
    if (issuedAt > this.#anchor.issuedAt || wasAhead) this.#anchor = { issuedAt, elapsed: this.#clock.elapsed() };
    return changes;
  }

  /** Look-ups use the former table until the new one is ready: then it takes its place in one step. */
  async #replace(draft: DecisionTable, issuedAt: number): Promise<Accepted> {
    draft.removeEnded(issuedAt);
    const fresh = await draft.missingFrom(this.#table);
    const lifted = await this.#table.missingFrom(draft);
    this.#table = draft;
    const spared = draft.spared();
    const notFollowed = new Set(spared.map(({ id }) => id));
    return { applied: fresh.filter((id) => !notFollowed.has(id)), lifted, spared };
  }

  async #change(added: ListedDecision[], removed: string[], issuedAt: number): Promise<Accepted> {
    if (added.length + removed.length + this.#table.countEnded(issuedAt) > atOnce) {
      const draft = await this.#table.copyWithout(new Set([...removed, ...added.map(({ id }) => id)]), issuedAt);
      for (let from = 0; from < added.length; from += atOnce) draft.add(added.slice(from, from + atOnce));
      return this.#replace(draft, issuedAt);
    }
    const again = new Set(this.#table.remove(added.map(({ id }) => id)));
    const lifted = [...this.#table.remove(removed), ...this.#table.removeEnded(issuedAt)];
    const inForce = added.filter(({ expiresAt }) => expiresAt > issuedAt);
    const spared = this.#table.add(inForce);
    const notFollowed = new Set(spared.map(({ id }) => id));
    const applied = inForce.flatMap(({ id }) => (again.has(id) || notFollowed.has(id) ? [] : [id]));
    return { applied, lifted, spared };
  }

  /** The ids of those whose time ended since it was last asked; what is left out is told as lifted by the next list. */
  newlyEnded(): Promise<string[]> {
    const after = this.#told;
    this.#told = Math.max(after, this.time);
    return this.#table.endingBetween(after, this.#told);
  }
}
