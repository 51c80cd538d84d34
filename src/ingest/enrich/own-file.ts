/** A file of the user's own in place of the packaged data: read at the first address, and again when it has changed. */
import { stat } from "node:fs/promises";
import type { AutonomousSystem } from "./asn-list.ts";
import { type Mmdb, openMmdb } from "./mmdb.ts";

export interface OwnFile {
  /** As it was read last; undefined: it could not be read yet. */
  data: Mmdb | undefined;
  /** Reads it if it is new or has changed; true: there is new data. Throws what is wrong; the data read before stays. */
  refresh(): Promise<boolean>;
}

export function ownFile(path: string): OwnFile {
  let seen = "";
  const file: OwnFile = {
    data: undefined,
    async refresh() {
      const { mtimeMs, size, ino } = await stat(path);
      const state = `${mtimeMs} ${size} ${ino}`;
      if (state === seen) return false;
      seen = state; // a file that is no good is not tried again until it changes
      file.data = await openMmdb(path);
      return true;
    },
  };
  return file;
}

/** The autonomous system in a record of MaxMind's or DB-IP's. */
export function systemOfRecord(record: unknown): AutonomousSystem | undefined {
  const { autonomous_system_number: asn, autonomous_system_organization: name } = (record ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof asn !== "number") return undefined;
  return { asn, name: typeof name === "string" ? name : "" };
}
