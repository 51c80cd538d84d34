import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../db.ts";

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
  | "REOPENED";

export interface NewEntry {
  incidentId: string;
  kind: EntryKind;
  message: string;
  /** The user's e-mail address, the key's name, or `vigil`. */
  actor: string;
}

/** Adds lines to timelines, in the caller's transaction. */
export async function addEntries(tx: Tx, entries: readonly NewEntry[], now: number): Promise<void> {
  if (entries.length === 0) return;
  await tx.query({
    name: "add_entries",
    text: "SELECT incident_log($1, $2, $3, $4, $5, $6)",
    values: [
      entries.map(() => uuidv7()),
      entries.map((entry) => entry.incidentId),
      entries.map((entry) => entry.kind),
      entries.map((entry) => entry.message),
      entries.map((entry) => entry.actor),
      new Date(now),
    ],
  });
}
