/** The list of decisions that the host follows, replaced or changed only by what is signed, whole and not older. */
import type { Hash } from "node:crypto";
import { type DecisionType, isUuid, type ListedDecision } from "./decision.ts";
import { DecisionTable, type Subject } from "./decision-table.ts";
import { judgeHead, type Pins, type Refusal, readHead } from "./list-judge.ts";
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

  /** The server's time as the host knows it, epoch ms. */
  get time(): number {
    return this.#anchor.issuedAt + this.#clock.elapsed() - this.#anchor.elapsed;
  }

  /** What is in force about the subject. `endless`: what ended since the server was last heard of is in force, too. */
  find(type: DecisionType, subject: Subject, endless = false): ListedDecision | undefined {
    return this.#table.size === 0
      ? undefined
      : this.#table.find(type, subject, endless ? this.#anchor.issuedAt : this.time);
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
    const changes = full ? this.#replace(draft, issuedAt) : this.#change(added, removed, issuedAt);
    this.#hash = head.hash;
    Object.assign(this.#pins, { publicKey: head.publicKey, organization: head.organization, version: head.version });
    if (issuedAt > this.#anchor.issuedAt) this.#anchor = { issuedAt, elapsed: this.#clock.elapsed() };
    return changes;
  }

  #replace(draft: DecisionTable, issuedAt: number): Accepted {
    draft.removeEnded(issuedAt);
    const [former, now] = [new Set(this.#table.ids()), new Set(draft.ids())];
    this.#table = draft;
    const spared = draft.spared();
    const notFollowed = new Set(spared.map(({ id }) => id));
    return {
      applied: [...now].filter((id) => !former.has(id) && !notFollowed.has(id)),
      lifted: [...former].filter((id) => !now.has(id)),
      spared,
    };
  }

  #change(added: ListedDecision[], removed: string[], issuedAt: number): Accepted {
    const again = new Set(this.#table.remove(added.map(({ id }) => id)));
    const lifted = [...this.#table.remove(removed), ...this.#table.removeEnded(issuedAt)];
    const inForce = added.filter(({ expiresAt }) => expiresAt > issuedAt);
    const spared = this.#table.add(inForce);
    const applied = inForce.filter((decision) => !again.has(decision.id) && !spared.includes(decision));
    return { applied: applied.map(({ id }) => id), lifted, spared };
  }

  /** The ids of those whose time ended since it was last asked. */
  newlyEnded(): string[] {
    const { time } = this;
    const ended = this.#table.endingBetween(this.#told, time);
    this.#told = Math.max(this.#told, time);
    return ended;
  }
}
