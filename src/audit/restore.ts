/** Tells the checkpoint file that an older state of an audit log was restored, so that the log is signed again. */
import type { Database } from "../db.ts";
import { type Fault, start } from "./chain.ts";
import { type Cut, type Head, isGenuine, signRestored } from "./checkpoint.ts";
import type { CheckpointFile } from "./checkpoint-file.ts";
import type { AuditKey } from "./key.ts";
import { type Loss, lossesOf } from "./loss.ts";
import { verifyAudit } from "./verify.ts";

/** What was noted; or a fault that no restore explains, of which nothing is noted. Neither: the file knows no more than the log. */
export interface NotedRestore {
  loss?: Loss;
  fault?: Fault;
}

/**
 * Signs from where the log goes on: its end where all that is lost lies behind it, else the last entry that the file knows.
 * Only what the database's own checkpoints do not know either is a restore: else somebody changed the log.
 */
export async function noteRestore(
  { db, key, file, now }: { db: Database; key: AuditKey; file: CheckpointFile; now: () => number },
  organizationId: string,
): Promise<NotedRestore> {
  const { fault, cut } = await verifyAudit({ db, key, file }, organizationId);
  if (fault?.kind !== "ROLLED_BACK") return fault ? { fault } : {};
  const head = await headAt(db, organizationId, fault.seq - 1, cut);
  const { checkpoints, cuts, restored: before } = await file.all(organizationId);
  const beyond = [...checkpoints, ...cuts, ...before].filter(
    (one) => one.seq > head.seq && isGenuine(key, one) === true,
  );
  // Later than all that it says is lost, and than every restore, though a clock was set back.
  const at = [...beyond, ...before].reduce((latest, one) => Math.max(latest, Date.parse(one.at) + 1), now());
  const restored = signRestored(key, organizationId, head, at);
  await file.append(restored);
  const [loss] = lossesOf([restored], beyond);
  return loss ? { loss } : {};
}

async function headAt(db: Database, organizationId: string, seq: number, cut: Cut | undefined): Promise<Head> {
  const { rows } = await db.query<{ hash: string }>(
    organizationId,
    "SELECT encode(hash, 'hex') AS hash FROM security_audit_log WHERE organization_id = $1 AND seq = $2",
    [organizationId, seq],
  );
  if (rows[0]) return { seq, hash: rows[0].hash };
  return cut ? { seq: cut.seq, hash: cut.hash } : start;
}
