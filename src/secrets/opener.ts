import type { Database } from "../db.ts";
import type { Log } from "../log.ts";
import { openEach } from "./open-each.ts";
import { sealedColumns } from "./sealed-columns.ts";
import type { Vault } from "./vault.ts";

/** Opens sealed records of one kind, many at a time; gives their JSON by row id. */
export type Opener = (
  organizationId: string,
  kind: keyof typeof sealedColumns,
  rows: readonly { id: string; sealed: Uint8Array }[],
) => Promise<Map<string, string>>;

/** A record that does not open is told to the log, and left out. */
export function createOpener({ db, vault, log }: { db: Database; vault: Vault; log: Log }): Opener {
  return async (organizationId, kind, rows) => {
    const told = (id: string, { message }: Error): void =>
      log.error({ organizationId, kind, id, fault: message }, "a sealed record does not open");
    return db.inOrganization(organizationId, (tx) => openEach(tx, vault, sealedColumns[kind], rows, told));
  };
}
