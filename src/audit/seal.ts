/** Signs where each audit chain stands, when it is due, and puts the statement outside the database. */
import type { Database } from "../db.ts";
import type { Log } from "../log.ts";
import { beginningOf } from "./beginning.ts";
import { start, verifyChain } from "./chain.ts";
import { type Checkpoint, type Head, signCheckpoint, timeAfter } from "./checkpoint.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import type { AuditKey } from "./key.ts";
import { sendCheckpoint } from "./webhook.ts";

const everyMs = 300_000; // 5 minutes
const everyEntries = 1_000;

export interface Sealer {
  /** Signs what is due, organization by organization; a chain that does not verify is not signed, and the log says so. */
  sealAll(): Promise<void>;
  /** The same for one organization; `force`: whether or not it is due. Answers the checkpoint, if one was made. */
  seal(organizationId: string, options?: { force?: boolean }): Promise<Checkpoint | undefined>;
}

export function createSealer(options: {
  db: Database;
  key: AuditKey;
  file: CheckpointFile;
  webhook: string | undefined;
  log: Log;
  now: () => number;
}): Sealer {
  const { db, key, file, webhook, log, now } = options;

  async function seal(organizationId: string, { force = false } = {}): Promise<Checkpoint | undefined> {
    const { checkpoint: signed, restored } = await file.last(organizationId);
    const isRestored = restored !== undefined && !(signed && signed.at >= restored.at);
    const last = isRestored ? restored : (signed ?? (await lastStored(db, organizationId)));
    const head = await headOf(db, organizationId);
    const since = last?.seq ?? 0;
    if (head.seq < since) {
      log.error({ organizationId, head: head.seq, checkpoint: since }, "the audit log ends before its last checkpoint");
      return undefined;
    }
    if (head.seq === since) return undefined;
    const due = !last || isRestored || head.seq - since >= everyEntries || now() - Date.parse(last.at) >= everyMs;
    if (!due && !force) return undefined;
    const after = last ?? (await beginningOf(db, key, organizationId, (await file.all(organizationId)).cuts)).after;
    const { fault, head: verified } = await verifyChain(db, organizationId, { after, to: head.seq });
    if (fault) {
      log.error({ organizationId, fault: fault.kind, seq: fault.seq }, "the audit log does not verify: not signed");
      return undefined;
    }
    const checkpoint = signCheckpoint(key, organizationId, verified, timeAfter(restored ? [restored] : [], now()));
    await file.append(checkpoint); // before the database's copy: what only the database has proves nothing
    await db.query(
      organizationId,
      `INSERT INTO audit_checkpoints (organization_id, seq, hash, at, key_id, signature) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT DO NOTHING`,
      [
        organizationId,
        checkpoint.seq,
        Buffer.from(checkpoint.hash, "hex"),
        checkpoint.at,
        checkpoint.key,
        Buffer.from(checkpoint.signature, "base64"),
      ],
    );
    if (webhook) {
      await sendCheckpoint(webhook, key, checkpoint, now()).catch((error: Error) =>
        log.warn({ organizationId, seq: checkpoint.seq, err: error.message }, "the audit webhook was not reached"),
      );
    }
    return checkpoint;
  }

  return {
    seal,
    async sealAll() {
      for (const organizationId of await db.organizationIds()) {
        await seal(organizationId).catch(
          (error: Error) => log.error({ organizationId, err: error.message }, "the audit log was not signed"), // nor are the others' held up
        );
      }
    },
  };
}

async function headOf(db: Database, organizationId: string): Promise<Head> {
  const { rows } = await db.query<{ seq: string; hash: string }>(
    organizationId,
    "SELECT seq, encode(hash, 'hex') AS hash FROM security_audit_log WHERE organization_id = $1 ORDER BY seq DESC LIMIT 1",
    [organizationId],
  );
  return rows[0] ? { seq: Number(rows[0].seq), hash: rows[0].hash } : start;
}

async function lastStored(db: Database, organizationId: string): Promise<(Head & { at: string }) | undefined> {
  const { rows } = await db.query<{ seq: string; hash: string; at: Date }>(
    organizationId,
    `SELECT seq, encode(hash, 'hex') AS hash, at FROM audit_checkpoints WHERE organization_id = $1
     ORDER BY seq DESC LIMIT 1`,
    [organizationId],
  );
  return rows[0] && { seq: Number(rows[0].seq), hash: rows[0].hash, at: rows[0].at.toISOString() };
}
