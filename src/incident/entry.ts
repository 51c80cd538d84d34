import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";
import { sealWords, type WordsVault } from "../secrets/words.ts";

export type EntryKind =
  | "OPENED"
  | "DETECTED"
  | "SEVERITY_RAISED"
  | "COUNT_REACHED"
  | "ACKNOWLEDGED"
  | "INVESTIGATING"
  | "CONTAINED"
  | "RESOLVED"
  | "CLOSED"
  | "REOPENED"
  | "COMMENTED"
  | "ASSIGNED"
  | "SEVERITY_CHANGED"
  | "MERGED"
  | "UNMERGED"
  | "TASK_ADDED"
  | "TASK_DONE"
  | "EVIDENCE_ADDED"
  | "CLOCK_BREACHED"
  | "ACTION_PLANNED"
  | "ACTION_APPLIED"
  | "ACTION_REFUSED"
  | "ACTION_REVERTED"
  | "ACTION_EXPIRED"
  | "ACTION_FAILED"
  | "USER_ASKED"
  | "USER_ANSWERED";

export interface NewEntry {
  incidentId: string;
  kind: EntryKind;
  message: string;
  /** What a person wrote beside it, which may name patients: kept sealed. */
  words?: string | undefined;
  /** The user's e-mail address, the key's name, or `vigil`. */
  actor: string;
  /** Of SEVERITY_CHANGED: whether it went up. Not stored. */
  rises?: boolean | undefined;
}

/** A line as whoever tells people of it needs it. */
export type WrittenEntry = Pick<NewEntry, "incidentId" | "kind" | "rises"> & { id: string };

const written = new WeakMap<Tx, WrittenEntry[]>();

/** The lines that a transaction has written so far, in their order. */
export function entriesOf(tx: Tx): readonly WrittenEntry[] {
  return written.get(tx) ?? [];
}

/** The id of the line that the transaction wrote last. */
export function lastEntryOf(tx: Tx): string {
  const last = entriesOf(tx).at(-1);
  if (!last) throw new Error("the transaction has written no line");
  return last.id;
}

/** Adds lines to timelines, in the caller's transaction. A line with words needs the vault. */
export async function addEntries(tx: Tx, entries: readonly NewEntry[], now: number, vault?: WordsVault): Promise<void> {
  if (entries.length === 0) return;
  const ids = entries.map(() => uuidv7());
  const words: (Buffer | null)[] = [];
  for (const [index, { words: text }] of entries.entries()) {
    if (text !== undefined && !vault) throw new Error("words are written without a vault to seal them");
    const rowId = ids[index] as string;
    words.push(
      text === undefined ? null : (await sealWords(tx, vault as WordsVault, { kind: "entry", rowId, text })).sealed,
    );
  }
  await tx.query({
    name: "add_entries",
    text: "SELECT incident_log($1, $2, $3, $4, $5, $6, $7)",
    values: [
      ids,
      entries.map((entry) => entry.incidentId),
      entries.map((entry) => entry.kind),
      entries.map((entry) => entry.message),
      entries.map((entry) => entry.actor),
      new Date(now),
      words,
    ],
  });
  const before = written.get(tx) ?? [];
  written.set(tx, before);
  entries.forEach(({ incidentId, kind, rises }, index) => {
    before.push({ id: ids[index] as string, incidentId, kind, rises });
  });
}
