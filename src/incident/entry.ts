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
    text: `INSERT INTO incident_entries (organization_id, id, incident_id, kind, message, actor, at)
      SELECT $1, id, incident_id, kind, message, actor, $7
      FROM unnest($2::uuid[], $3::uuid[], $4::entry_kind[], $5::text[], $6::text[]) AS e(id, incident_id, kind, message, actor)`,
    values: [
      tx.organizationId,
      entries.map(() => uuidv7()),
      entries.map((entry) => entry.incidentId),
      entries.map((entry) => entry.kind),
      entries.map((entry) => entry.message),
      entries.map((entry) => entry.actor),
      new Date(now),
    ],
  });
}
