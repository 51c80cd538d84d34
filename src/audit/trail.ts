/** Everything about an organization's audit log but writing to it: sealing, verifying, exporting. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Database } from "../db.ts";
import type { Log } from "../log.ts";
import { openCheckpointFile } from "./checkpoint-file.ts";
import { cutAudit } from "./cut.ts";
import { exportAudit } from "./export.ts";
import { loadAuditKey } from "./key.ts";
import { type NotedRestore, noteRestore } from "./restore.ts";
import { createSealer, type Sealer } from "./seal.ts";
import { type ExportTicket, issueTicket, readTicket } from "./ticket.ts";
import { type AuditRange, type AuditVerdict, verifyAudit } from "./verify.ts";

export interface AuditTrail extends Sealer {
  /** The public half of the signing key, as PEM. */
  publicKey: string;
  /** Public keys that signed before it, as PEM. */
  earlierKeys: readonly string[];
  /** Signs a text of another kind than checkpoints are; base64, and the public half as PEM. */
  sign(text: string): { signature: string; publicKey: string };
  verify(organizationId: string, range?: AuditRange): Promise<AuditVerdict>;
  /** Removes entries before `cutoff` once, up to a checkpoint; answers how many. */
  cut(organizationId: string, cutoff: Date, actor: string): Promise<number>;
  /** After a restore: signs from where the log goes on, where the checkpoint file knows more than the database. */
  noteRestore(organizationId: string): Promise<NotedRestore>;
  /** The lines of an export, each with its line feed. */
  export(organizationId: string, range?: AuditRange): AsyncGenerator<string>;
  /** Leave to download an export, for 5 minutes. */
  issueTicket(ticket: Omit<ExportTicket, "expiresAt">): { ticket: string; expiresAt: number };
  /** Errors: UNAUTHENTICATED. */
  readTicket(text: string): ExportTicket;
}

export async function openAuditTrail(
  config: Pick<Config, "dataDir" | "auditSigningKey" | "auditEarlierKeys" | "auditCheckpoints" | "auditWebhook">,
  { db, log, now }: { db: Database; log: Log; now: () => number },
): Promise<AuditTrail> {
  const key = await loadAuditKey(config.auditSigningKey, config.dataDir, config.auditEarlierKeys);
  const file = openCheckpointFile(config.auditCheckpoints ?? join(config.dataDir, "audit-checkpoints.ndjson"), key);
  const parts = { db, key, file, now };
  return {
    ...createSealer({ ...parts, webhook: config.auditWebhook, log }),
    publicKey: key.publicPem,
    earlierKeys: key.earlierPems,
    sign: (text) => ({ signature: key.sign(text).toString("base64"), publicKey: key.publicPem }),
    verify: (organizationId, range) => verifyAudit(parts, organizationId, range),
    cut: (organizationId, cutoff, actor) => cutAudit({ ...parts, log }, organizationId, cutoff, actor),
    noteRestore: (organizationId) => noteRestore(parts, organizationId),
    export: (organizationId, range) => exportAudit(parts, organizationId, range),
    issueTicket: (ticket) => issueTicket(key, ticket, now()),
    readTicket: (text) => readTicket(key, text, now()),
  };
}
